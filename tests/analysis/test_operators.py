"""Families and operand names of the builtin operators."""

from __future__ import annotations

from pathlib import Path

import pytest
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.operators import FAMILIES, _parsed, family, operand_names, tensorflow_op

BUILTINS = sorted(set(schema.enum_values("BuiltinOperator")) - {"CUSTOM", "PLACEHOLDER_FOR_GREATER_OP_CODES"})
WITHOUT_INPUTS = {"CALL_ONCE", "VAR_HANDLE", "HASHTABLE", "STABLEHLO_IOTA"}
WITHOUT_OUTPUTS = {"CALL_ONCE", "ASSIGN_VARIABLE", "HASHTABLE_IMPORT"}
# In the order of tflite/kernels/lstm_shared.h, full::kInputTensor = 0 to full::kOutputLayerNormCoefficientsTensor = 23.
LSTM = [
    "input",
    "input_to_input_weights", "input_to_forget_weights", "input_to_cell_weights", "input_to_output_weights",
    "recurrent_to_input_weights", "recurrent_to_forget_weights", "recurrent_to_cell_weights",
    "recurrent_to_output_weights",
    "cell_to_input_weights", "cell_to_forget_weights", "cell_to_output_weights",
    "input_gate_bias", "forget_gate_bias", "cell_gate_bias", "output_gate_bias",
    "projection_weights", "projection_bias",
    "output_state", "cell_state",
    "input_layer_norm", "forget_layer_norm", "cell_layer_norm", "output_layer_norm",
]  # fmt: skip


@pytest.mark.parametrize("name", BUILTINS)
def test_every_builtin_has_a_family_and_names_for_its_operands(name: str) -> None:
    kind, inputs, outputs = _parsed()[name]
    assert family(name) == kind
    assert kind in set(FAMILIES) - {"custom"}
    assert bool(inputs) == (name not in WITHOUT_INPUTS)
    assert bool(outputs) == (name not in WITHOUT_OUTPUTS)
    for names in (inputs, outputs):
        assert len(set(names)) == len(names)
        assert not any(operand.endswith("*") for operand in names[:-1])


def test_other_names_are_custom() -> None:
    for name in ("MyOp", "FlexErf", "CUSTOM", "BUILTIN_999", "LSTM/BASIC/none", ""):
        assert family(name) == "custom"
    assert operand_names("MyOp", 2, 1) == (["input_0", "input_1"], ["output_0"])


@pytest.mark.parametrize("name", ["LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"])
def test_the_24_operands_of_an_lstm_are_in_order(name: str) -> None:
    assert operand_names(name, 24, 1) == (LSTM, ["output"])
    assert operand_names(name, 20, 1)[0] == LSTM[:20]


def test_the_48_operands_of_a_bidirectional_lstm_are_in_order() -> None:
    inputs, outputs = operand_names("BIDIRECTIONAL_SEQUENCE_LSTM", 48, 2)
    assert inputs[1:18] == [f"fw_{name}" for name in LSTM[1:18]]
    assert inputs[18:35] == [f"bw_{name}" for name in LSTM[1:18]]
    assert inputs[35:40] == ["fw_output_state", "fw_cell_state", "bw_output_state", "bw_cell_state", "aux_input"]
    assert inputs[40:44] == [f"fw_aux_{name}" for name in LSTM[1:5]]
    assert inputs[44:48] == [f"bw_aux_{name}" for name in LSTM[1:5]]
    assert outputs == ["fw_output", "bw_output"]


def test_an_lstm_with_five_inputs_is_the_basic_kernel() -> None:
    assert operand_names("LSTM", 5, 4) == (
        ["input", "prev_activation", "weights", "bias", "prev_state"],
        ["activation", "state", "concat_temp", "activation_temp"],
    )


def test_any_number_of_operands_is_numbered() -> None:
    assert operand_names("CONCATENATION", 3, 1) == (["value_0", "value_1", "value_2"], ["output"])
    assert operand_names("IF", 3, 2) == (["condition", "input_0", "input_1"], ["output_0", "output_1"])
    assert operand_names("SPLIT", 2, 3) == (["axis", "input"], ["output_0", "output_1", "output_2"])
    assert operand_names("STABLEHLO_DYNAMIC_SLICE", 3, 1)[0] == ["operand", "start_index_0", "start_index_1"]


def test_operands_beyond_the_known_ones_are_numbered_by_their_place() -> None:
    assert operand_names("CONV_2D", 4, 2) == (["input", "filter", "bias", "input_3"], ["output", "output_1"])
    assert operand_names("CALL_ONCE", 1, 1) == (["input_0"], ["output_0"])


def test_flex_operators_name_the_tensorflow_operator() -> None:
    assert tensorflow_op("FlexErf") == "Erf"
    assert tensorflow_op("Flex") is None
    assert tensorflow_op("ADD") is None


def test_in_the_models_biases_are_vectors_and_filters_are_not(models: Path) -> None:
    seen = set()
    for path in sorted(models.glob("*.tflite")):
        model = open_model(path)
        for name, inputs in zip(model.operators.ops, model.operators.inputs.tolist(), strict=True):
            for role, tensor in zip(operand_names(name, len(inputs), 0)[0], inputs, strict=True):
                rank = len(model.tensors.shape[tensor]) if tensor >= 0 else None
                if rank is None or role not in ("bias", "filter"):
                    continue
                assert rank == 1 if role == "bias" else rank > 1, (path.name, name, role)
                seen.add((name, role))
    assert {("CONV_2D", "bias"), ("FULLY_CONNECTED", "filter"), ("TRANSPOSE_CONV", "filter")} <= seen
