"""What is known of each builtin operator besides its options: its family, and the names of its operands.

Operand names follow the input lists in the kernels and MLIR definitions of LiteRT f674577 (tflite/kernels,
tflite/converter/ir/tfl_ops.td). ``name*`` stands for any number of further operands.
"""

from __future__ import annotations

import functools

# family: operators, one line each: NAME inputs -> outputs
_TABLE = {
    "convolution": """
        CONV_2D input filter bias -> output
        DEPTHWISE_CONV_2D input filter bias -> output
        CONV_3D input filter bias -> output
        TRANSPOSE_CONV output_shape filter input bias -> output
        CONV_3D_TRANSPOSE output_shape filter input bias -> output
        STABLEHLO_CONVOLUTION lhs rhs -> output
    """,
    "matmul": """
        FULLY_CONNECTED input filter bias -> output shuffled_input
        BATCH_MATMUL lhs rhs -> output
        STABLEHLO_DOT_GENERAL lhs rhs -> output
        EMBEDDING_LOOKUP ids table -> output
        EMBEDDING_LOOKUP_SPARSE ids indices dense_shape weights table -> output
        CONCAT_EMBEDDINGS ids* -> output
    """,
    "elementwise": """
        ADD lhs rhs -> output
        SUB lhs rhs -> output
        MUL lhs rhs -> output
        DIV lhs rhs -> output
        ADD_N inputs* -> sum
        MAXIMUM lhs rhs -> output
        MINIMUM lhs rhs -> output
        FLOOR_DIV lhs rhs -> output
        FLOOR_MOD lhs rhs -> output
        SQUARED_DIFFERENCE lhs rhs -> output
        POW lhs rhs -> output
        ATAN2 y x -> output
        ABS input -> output
        NEG input -> output
        SQRT input -> output
        RSQRT input -> output
        SQUARE input -> output
        EXP input -> output
        LOG input -> output
        SIN input -> output
        COS input -> output
        SIGN input -> output
        CEIL input -> output
        FLOOR input -> output
        ROUND input -> output
        REAL input -> output
        IMAG input -> output
        COMPLEX_ABS input -> output
        EQUAL lhs rhs -> output
        NOT_EQUAL lhs rhs -> output
        LESS lhs rhs -> output
        LESS_EQUAL lhs rhs -> output
        GREATER lhs rhs -> output
        GREATER_EQUAL lhs rhs -> output
        LOGICAL_AND lhs rhs -> output
        LOGICAL_OR lhs rhs -> output
        LOGICAL_NOT input -> output
        BITWISE_XOR lhs rhs -> output
        RIGHT_SHIFT lhs rhs -> output
        SELECT condition x y -> output
        SELECT_V2 condition x y -> output
        CUMSUM input axis -> output
        BUCKETIZE input -> output
        STABLEHLO_ADD lhs rhs -> output
        STABLEHLO_SUBTRACT lhs rhs -> output
        STABLEHLO_MULTIPLY lhs rhs -> output
        STABLEHLO_DIVIDE lhs rhs -> output
        STABLEHLO_MAXIMUM lhs rhs -> output
        STABLEHLO_MINIMUM lhs rhs -> output
        STABLEHLO_POWER lhs rhs -> output
        STABLEHLO_REMAINDER lhs rhs -> output
        STABLEHLO_AND lhs rhs -> output
        STABLEHLO_OR lhs rhs -> output
        STABLEHLO_SHIFT_LEFT lhs rhs -> output
        STABLEHLO_COMPARE lhs rhs -> output
        STABLEHLO_CLAMP min operand max -> output
        STABLEHLO_SELECT condition on_true on_false -> output
        STABLEHLO_ABS operand -> output
        STABLEHLO_NEGATE operand -> output
        STABLEHLO_COSINE operand -> output
        STABLEHLO_EXPONENTIAL operand -> output
        STABLEHLO_FLOOR operand -> output
        STABLEHLO_LOG operand -> output
        STABLEHLO_RSQRT operand -> output
        STABLEHLO_CBRT operand -> output
    """,
    "activation": """
        RELU input -> output
        RELU6 input -> output
        RELU_N1_TO_1 input -> output
        RELU_0_TO_1 input -> output
        PRELU input alpha -> output
        LEAKY_RELU input -> output
        ELU input -> output
        GELU input -> output
        HARD_SWISH input -> output
        LOGISTIC input -> output
        TANH input -> output
        SOFTMAX input -> output
        LOG_SOFTMAX input -> output
        STABLEHLO_LOGISTIC operand -> output
        STABLEHLO_TANH operand -> output
    """,
    "normalization": """
        L2_NORMALIZATION input -> output
        LOCAL_RESPONSE_NORMALIZATION input -> output
    """,
    "pooling": """
        AVERAGE_POOL_2D input -> output
        MAX_POOL_2D input -> output
        L2_POOL_2D input -> output
        MEAN input axis -> output
        SUM input axis -> output
        REDUCE_PROD input axis -> output
        REDUCE_MAX input axis -> output
        REDUCE_MIN input axis -> output
        REDUCE_ANY input axis -> output
        REDUCE_ALL input axis -> output
        ARG_MAX input axis -> output
        ARG_MIN input axis -> output
        TOPK_V2 input k -> values indices
        SEGMENT_SUM data segment_ids -> output
        UNSORTED_SEGMENT_SUM data segment_ids num_segments -> output
        UNSORTED_SEGMENT_PROD data segment_ids num_segments -> output
        UNSORTED_SEGMENT_MAX data segment_ids num_segments -> output
        UNSORTED_SEGMENT_MIN data segment_ids num_segments -> output
        REDUCE_WINDOW input init_value window_shape window_strides window_dilations -> output
        STABLEHLO_REDUCE inputs* -> outputs*
        STABLEHLO_REDUCE_WINDOW inputs* -> outputs*
    """,
    "data": """
        RESHAPE input shape -> output
        SQUEEZE input -> output
        EXPAND_DIMS input axis -> output
        TRANSPOSE input perm -> output
        CONCATENATION values* -> output
        PACK values* -> output
        UNPACK input -> outputs*
        SPLIT axis input -> outputs*
        SPLIT_V input size_splits axis -> outputs*
        SLICE input begin size -> output
        STRIDED_SLICE input begin end strides -> output
        GATHER params indices -> output
        GATHER_ND params indices -> output
        SCATTER_ND indices updates shape -> output
        PAD input padding -> output
        PADV2 input padding constant_value -> output
        MIRROR_PAD input padding -> output
        TILE input multiples -> output
        BROADCAST_TO input shape -> output
        BROADCAST_ARGS shape_1 shape_2 -> output
        REVERSE_V2 input axis -> output
        REVERSE_SEQUENCE input seq_lengths -> output
        SPACE_TO_DEPTH input -> output
        DEPTH_TO_SPACE input -> output
        SPACE_TO_BATCH_ND input block_shape paddings -> output
        BATCH_TO_SPACE_ND input block_shape crops -> output
        RESIZE_BILINEAR input size -> output
        RESIZE_NEAREST_NEIGHBOR input size -> output
        SHAPE input -> output
        RANK input -> output
        FILL dims value -> output
        RANGE start limit delta -> output
        ZEROS_LIKE input -> output
        ONE_HOT indices depth on_value off_value -> output
        WHERE condition -> output
        UNIQUE input -> output indices
        CAST input -> output
        BITCAST input -> output
        DYNAMIC_UPDATE_SLICE operand update start_indices -> output
        MATRIX_DIAG diagonal -> output
        MATRIX_SET_DIAG input diagonal -> output
        SPARSE_TO_DENSE indices output_shape values default_value -> output
        DENSIFY input -> output
        DILATE input dilations padding_value -> output
        NON_MAX_SUPPRESSION_V4 boxes scores max_output_size iou_threshold score_threshold \
            -> selected_indices valid_outputs
        NON_MAX_SUPPRESSION_V5 boxes scores max_output_size iou_threshold score_threshold soft_nms_sigma \
            -> selected_indices selected_scores valid_outputs
        RFFT2D input fft_length -> output
        RANDOM_UNIFORM shape -> output
        RANDOM_STANDARD_NORMAL shape -> output
        MULTINOMIAL logits num_samples -> output
        SKIP_GRAM input -> output
        LSH_PROJECTION hash input weight -> output
        STABLEHLO_RESHAPE operand -> output
        STABLEHLO_TRANSPOSE operand -> output
        STABLEHLO_CONCATENATE values* -> output
        STABLEHLO_SLICE operand -> output
        STABLEHLO_DYNAMIC_SLICE operand start_index* -> output
        STABLEHLO_DYNAMIC_UPDATE_SLICE operand update start_index* -> output
        STABLEHLO_BROADCAST_IN_DIM operand -> output
        STABLEHLO_PAD operand padding_value -> output
        STABLEHLO_GATHER operand start_indices -> output
        STABLEHLO_SCATTER operand scatter_indices updates -> output
        STABLEHLO_CONVERT operand -> output
        STABLEHLO_IOTA -> output
        STABLEHLO_SORT inputs* -> outputs*
        STABLEHLO_RNG_BIT_GENERATOR initial_state -> output_state output
    """,
    "quantize": """
        QUANTIZE input -> output
        DEQUANTIZE input -> output
        FAKE_QUANT input -> output
    """,
    "control": """
        IF condition inputs* -> outputs*
        WHILE inputs* -> outputs*
        CALL inputs* -> outputs*
        CALL_ONCE ->
        STABLEHLO_WHILE inputs* -> outputs*
        STABLEHLO_CASE index inputs* -> outputs*
        STABLEHLO_COMPOSITE inputs* -> outputs*
        STABLEHLO_CUSTOM_CALL inputs* -> outputs*
        DELEGATE inputs* -> outputs*
    """,
    "recurrent": """
        LSTM input input_to_input_weights input_to_forget_weights input_to_cell_weights input_to_output_weights \
            recurrent_to_input_weights recurrent_to_forget_weights recurrent_to_cell_weights \
            recurrent_to_output_weights cell_to_input_weights cell_to_forget_weights cell_to_output_weights \
            input_gate_bias forget_gate_bias cell_gate_bias output_gate_bias projection_weights projection_bias \
            output_state cell_state \
            input_layer_norm forget_layer_norm cell_layer_norm output_layer_norm -> output
        UNIDIRECTIONAL_SEQUENCE_LSTM \
            input input_to_input_weights input_to_forget_weights input_to_cell_weights input_to_output_weights \
            recurrent_to_input_weights recurrent_to_forget_weights recurrent_to_cell_weights \
            recurrent_to_output_weights cell_to_input_weights cell_to_forget_weights cell_to_output_weights \
            input_gate_bias forget_gate_bias cell_gate_bias output_gate_bias projection_weights projection_bias \
            output_state cell_state \
            input_layer_norm forget_layer_norm cell_layer_norm output_layer_norm -> output
        BIDIRECTIONAL_SEQUENCE_LSTM input \
            fw_input_to_input_weights fw_input_to_forget_weights fw_input_to_cell_weights fw_input_to_output_weights \
            fw_recurrent_to_input_weights fw_recurrent_to_forget_weights fw_recurrent_to_cell_weights \
            fw_recurrent_to_output_weights \
            fw_cell_to_input_weights fw_cell_to_forget_weights fw_cell_to_output_weights \
            fw_input_gate_bias fw_forget_gate_bias fw_cell_gate_bias fw_output_gate_bias \
            fw_projection_weights fw_projection_bias \
            bw_input_to_input_weights bw_input_to_forget_weights bw_input_to_cell_weights bw_input_to_output_weights \
            bw_recurrent_to_input_weights bw_recurrent_to_forget_weights bw_recurrent_to_cell_weights \
            bw_recurrent_to_output_weights \
            bw_cell_to_input_weights bw_cell_to_forget_weights bw_cell_to_output_weights \
            bw_input_gate_bias bw_forget_gate_bias bw_cell_gate_bias bw_output_gate_bias \
            bw_projection_weights bw_projection_bias \
            fw_output_state fw_cell_state bw_output_state bw_cell_state \
            aux_input fw_aux_input_to_input_weights fw_aux_input_to_forget_weights fw_aux_input_to_cell_weights \
            fw_aux_input_to_output_weights bw_aux_input_to_input_weights bw_aux_input_to_forget_weights \
            bw_aux_input_to_cell_weights bw_aux_input_to_output_weights -> fw_output bw_output
        LSTM/BASIC input prev_activation weights bias prev_state \
            -> activation state concat_temp activation_temp
        RNN input weights recurrent_weights bias hidden_state -> output
        UNIDIRECTIONAL_SEQUENCE_RNN input weights recurrent_weights bias hidden_state -> output
        BIDIRECTIONAL_SEQUENCE_RNN input fw_weights fw_recurrent_weights fw_bias fw_hidden_state \
            bw_weights bw_recurrent_weights bw_bias bw_hidden_state \
            aux_input fw_aux_weights bw_aux_weights -> fw_output bw_output
        SVDF input weights_feature weights_time bias activation_state -> output
    """,
    "state": """
        VAR_HANDLE -> resource
        READ_VARIABLE resource -> output
        ASSIGN_VARIABLE resource value ->
        HASHTABLE -> resource
        HASHTABLE_FIND resource keys default_value -> output
        HASHTABLE_IMPORT resource keys values ->
        HASHTABLE_SIZE resource -> output
        HASHTABLE_LOOKUP lookup keys values -> output hits
    """,
    "custom": """
        Convolution2DTransposeBias input filter bias -> output
        TFLite_Detection_PostProcess box_encodings class_predictions anchors -> boxes classes scores count
    """,
}

FAMILIES = tuple(_TABLE)


@functools.cache
def _parsed() -> dict[str, tuple[str, list[str], list[str]]]:
    parsed = {}
    for family, text in _TABLE.items():
        for line in text.replace("\\\n", " ").strip().splitlines():
            name, _, operands = line.strip().partition(" ")
            inputs, _, outputs = operands.rpartition("->")
            parsed[name] = (family, inputs.split(), outputs.split())
    return parsed


def family(op: str) -> str:
    """The family of an operator type; ``custom`` for what is no builtin."""
    known = _parsed().get(op)
    return known[0] if known else "custom"


def operand_names(op: str, inputs: int, outputs: int) -> tuple[list[str], list[str]]:
    """Names of an operator's operands: ``inputs`` and ``outputs`` many, ``input_3`` where none is known."""
    if op == "LSTM" and inputs == 5:  # LSTMOptions.kernel_type BASIC; the full kernel takes 20 or 24
        op = "LSTM/BASIC"
    _, names_in, names_out = _parsed().get(op, ("", [], []))
    return (
        [_name(names_in, "input", place) for place in range(inputs)],
        [_name(names_out, "output", place) for place in range(outputs)],
    )


def _name(names: list[str], direction: str, place: int) -> str:
    if place < len(names) and not names[place].endswith("*"):
        return names[place]
    if names and names[-1].endswith("*") and place >= len(names) - 1:
        return f"{names[-1].rstrip('*').removesuffix('s')}_{place - len(names) + 1}"
    return f"{direction}_{place}"


def tensorflow_op(op: str) -> str | None:
    """The TensorFlow operator behind a Flex operator (custom code ``FlexName``), None for all others."""
    return op[4:] if op.startswith("Flex") and len(op) > 4 else None
