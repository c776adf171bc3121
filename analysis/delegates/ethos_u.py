"""Arm's Ethos-U55 and Ethos-U65 by the constraints that the compiler Vela documents of itself.

``vela --supported-ops-report`` of Vela 5.2.0, the part on TFLite. What needs the numbers of weights (their sums) is not
looked at, nor what memory a device has; ``--measured`` asks Vela itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from .nodes import Node, View
from .rules import (
    OPEN,
    Claim,
    Condition,
    Delegate,
    Failure,
    Rules,
    claim_by,
    constant,
    failures,
    types,
)

BYTES, _SHORT = ("INT8", "UINT8"), ("INT8", "UINT8", "INT16")
_TYPES = ("INT8", "UINT8", "INT16", "INT32")
PARAMETERS = ("INT32", "INT64")
_SAME, _VALID = 0, 1  # Padding
# Which inputs are data, of U85's operators too; the first where nothing stands here. None: all of them.
DATA: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys(("CONCATENATION", "PACK"), None),
    **dict.fromkeys(
        ("ADD", "BATCH_MATMUL", "DIV", "EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND",
         "LOGICAL_OR", "MAXIMUM", "MINIMUM", "MUL", "NOT_EQUAL", "PRELU", "SQUARED_DIFFERENCE", "SUB"), (0, 1),
    ),
    **dict.fromkeys(("SELECT", "SELECT_V2"), (0, 1, 2)),
    **dict.fromkeys(("ASSIGN_VARIABLE", "SCATTER_ND", "SPLIT"), (1,)),
    "READ_VARIABLE": (),
    "TRANSPOSE_CONV": (2,),
}  # fmt: skip
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_UNQUANTIZED = ("ARG_MAX", "EXPAND_DIMS", "MIRROR_PAD", "PAD", "PADV2", "QUANTIZE", "TRANSPOSE")
ANY_ZERO = ("AVERAGE_POOL_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "UNIDIRECTIONAL_SEQUENCE_LSTM")
_WIDE = ("ADD", "ARG_MAX", "BATCH_MATMUL", "EXPAND_DIMS", "FULLY_CONNECTED", "MIRROR_PAD", "MUL", "NEG", "RESHAPE",
         "SQUEEZE", "SUB", "SUM", "TRANSPOSE")  # fmt: skip
_MOST_STRIDE, _MOST_KERNEL, _MOST_AREA, _MOST_SAME_KERNEL = 3, 256, 256 * 256, 8


def operands(node: Node) -> Iterator[tuple[str, int]]:
    """What it computes with: names and tensors of data and results."""
    places = DATA.get(node.op, (0,))
    for place in range(len(node.inputs)) if places is None else places:
        if node.input(place) >= 0:
            yield f"input {place}", node.input(place)
    for place, tensor in enumerate(node.outputs):
        if tensor >= 0:
            yield f"output {place}", tensor


def with_weights(node: Node) -> Iterator[tuple[str, int]]:
    """What it computes with, weights too."""
    yield from operands(node)
    if node.op in WEIGHTED:
        yield "input 1 (weights)", node.input(1)


def _type(node: Node) -> Failure | None:
    for name, tensor in operands(node):
        found = node.type(tensor)
        if found == "INT64" and node.op == "ARG_MAX":
            continue
        allowed = _TYPES if node.op in _WIDE else _SHORT
        if node.op == "QUANTIZE" and name == "input 0":
            allowed = _SHORT
        if found not in allowed:
            hint = "quantize the model to 8 bits" if found.startswith("FLOAT") else ""
            return Failure(name, found, " or ".join(allowed), hint)
    return None


def known_shape(node: Node) -> Failure | None:
    """Shapes of which only the batch may vary."""
    signature = node.view.signature
    for name, tensor in operands(node):
        if -1 in signature[tensor][1:]:
            return Failure(name, OPEN, "a shape of which only the batch may vary")
        if not node.view.shape[tensor] and not node.is_static(tensor):
            return Failure(name, "without dimensions", "a shape")
    return None


def _quantized(node: Node) -> Failure | None:
    """Parameters there, one scale but for weights, and zero points that the hardware can take."""
    for name, tensor in with_weights(node):
        scales, kind = node.view.scales[tensor], node.type(tensor)
        if node.op not in _UNQUANTIZED and kind != "INT32" and (scales == 0 or node.view.scale(tensor) <= 0):
            return Failure(name, "without a scale", "quantization parameters", "quantize the model to 8 bits")
        if scales > 1 and node.op not in WEIGHTED:
            return Failure(name, "quantized per channel", "one scale")
        zero = node.view.zero_point(tensor)
        if node.op not in ANY_ZERO and kind == "INT32" and zero:
            return Failure(name, f"INT32 with zero point {zero}", "zero point 0")
    return None


def biased(place: int) -> tuple[Condition, ...]:
    """A constant bias of whole numbers."""
    return constant(place, "bias"), types(place, "INT32", "INT64")


def _strides(node: Node) -> Failure | None:
    high, wide = node.option("stride_h"), node.option("stride_w")
    if min(high, wide) >= 1 and max(high, wide) <= _MOST_STRIDE:
        return None
    return Failure("option stride", f"{high:g}x{wide:g}", "1 to 3")


def _long_strides(node: Node) -> Failure | None:
    """Strides of more than 3 only without dilation and with valid padding."""
    plain = node.option("padding") == _VALID and all(
        node.option(f"dilation_{side}_factor") in (0, 1) for side in ("h", "w")
    )
    return None if plain else _strides(node)


def averaged(node: Node) -> Failure | None:
    """How far an average goes."""
    high, wide = node.option("filter_height"), node.option("filter_width")
    if node.option("padding") == _SAME and max(high, wide) > _MOST_SAME_KERNEL:
        return Failure("option filter", f"{high:g}x{wide:g}", "at most 8x8 with padding SAME")
    return window(node)


def window(node: Node) -> Failure | None:
    """How far a window goes."""
    high, wide = node.option("filter_height"), node.option("filter_width")
    if high <= _MOST_KERNEL and high * wide <= _MOST_AREA:
        return None
    return Failure("option filter", f"{high:g}x{wide:g}", "at most 256 high and 65,536 in all")


def _dynamic_matrix(node: Node) -> Failure | None:
    if node.op == "FULLY_CONNECTED" and node.is_static(node.input(1)):
        return None
    found = node.type(node.input(0))
    return None if found == "INT8" else Failure("input 0", found, "INT8, where both matrices are computed")


def alike(*kinds: str) -> Condition:
    """Input and output have one of the types, and the same one, and the same shape."""

    def condition(node: Node) -> Failure | None:
        given, made = node.input(0), node.output()
        if node.type(given) not in kinds or node.type(made) != node.type(given):
            return Failure("types", f"{node.type(given)} to {node.type(made)}", f"{' or '.join(kinds)}, twice the same")
        if node.view.shape[given] != node.view.shape[made]:
            return Failure("output 0", "of another shape than the input", "the same shape")
        return None

    return condition


def one_quantization(node: Node) -> Failure | None:
    """Inputs that are quantized as the output."""
    view, output = node.view, node.output()
    for place in (0, 1):
        tensor = node.input(place)
        if (view.scale(tensor), view.zero_point(tensor)) != (view.scale(output), view.zero_point(output)):
            return Failure(f"input {place}", "quantized otherwise than the output", "the output's scale and zero point")
    return None


def single_batch(node: Node) -> Failure | None:
    """Reductions take one image at a time."""
    shape = node.view.shape[node.input(0)]
    if len(shape) == 4 and shape[0] != 1:
        return Failure("input 0", f"a batch of {shape[0]}", "a batch of 1", "run it with a batch of 1")
    return None


def small_area(node: Node) -> Failure | None:
    """Rows that can be counted in 16 bits."""
    shape = node.view.shape[node.input(0)]
    area = prod(shape[:-1])
    # The report says less than 65,536; Vela takes as many.
    return None if area <= 1 << 16 else Failure("input 0", f"{area:,} rows", "at most 65,536")


def _scales_up(node: Node) -> Failure | None:
    before, after = node.view.shape[node.input(0)], node.view.shape[node.output()]
    if before == after or before[1:3] == [1, 1] or len(before) != 4 or len(after) != 4:
        return None
    corner = 1 if node.option("align_corners") else 0
    factors = [(after[side] - corner) / max(before[side] - corner, 1) for side in (1, 2)]
    if factors[0] != factors[1]:
        flat = [after[side] == 1 == before[side] for side in (1, 2)]
        if not any(flat):
            return Failure("sizes", f"{factors[0]:g} and {factors[1]:g} times", "the same factor for both sides")
        factors = [factors[flat.index(False)]] if False in flat else [2.0]
    halves = node.op == "RESIZE_BILINEAR" and node.option("half_pixel_centers")
    wanted = (2,) if halves else (2, 4, 8)
    if factors[0] in wanted:
        return None
    return Failure("sizes", f"{factors[0]:g} times", " or ".join(map(str, wanted)) + " times")


def _transposed(node: Node) -> Failure | None:
    high, wide = node.option("stride_h"), node.option("stride_w")
    weights, data = node.view.shape[node.input(1)], node.view.shape[node.input(2)]
    one_row = len(weights) == len(data) == 4 and weights[1] == data[1] == 1
    one_column = len(weights) == len(data) == 4 and weights[2] == data[2] == 1
    known = (high, wide) in ((1, 1), (2, 2)) or ((high, wide) == (1, 2) and one_row)
    if known or ((high, wide) == (2, 1) and one_column):
        return None
    return Failure("option stride", f"{wide:g}x{high:g}", "1x1 or 2x2, or 2 along the only row or column")


def _depth(node: Node) -> Failure | None:
    shape = node.view.shape[node.input(0)]
    return None if shape and shape[-1] <= 127 else Failure("input 0", f"{shape[-1:]} deep", "at most 127 deep")


def plain_lstm(node: Node) -> Failure | None:
    """An LSTM of four gates and nothing else."""
    for places, what in (((9, 10, 11), "peepholes"), ((16, 17), "a projection"), ((20, 21, 22, 23), "normalization")):
        if any(node.input(place) >= 0 for place in places):
            return Failure("operator", f"with {what}", "gates only")
    return None if node.input(1) >= 0 else Failure("input 1", "left out", "all four gates")


def _rules() -> Iterator[tuple[str, tuple[Condition, ...]]]:
    weights = types(1, *BYTES)
    for op in ("ABS", "ADD", "CONCATENATION", "EXP", "EXPAND_DIMS", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "MUL",
               "NEG", "PACK", "PRELU", "QUANTIZE", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6", "RELU_0_TO_1",
               "RELU_N1_TO_1", "RESHAPE", "REVERSE_V2", "SPLIT", "SPLIT_V", "SQUARED_DIFFERENCE",
               "SQUEEZE", "SUB", "SUM", "TANH", "TILE", "UNPACK"):  # fmt: skip
        yield op, ()
    yield "ARG_MAX", (_depth,)
    yield "AVERAGE_POOL_2D", (averaged, _long_strides)
    yield "MAX_POOL_2D", (window, _long_strides)
    yield "BATCH_MATMUL", (_dynamic_matrix,)
    yield "CONV_2D", (weights, *biased(2), _long_strides)
    yield "DEPTHWISE_CONV_2D", (weights, *biased(2), _strides)
    yield "FULLY_CONNECTED", (weights, *biased(2), _dynamic_matrix)
    yield "TRANSPOSE_CONV", (weights, *biased(3), _transposed)
    yield "ELU", (alike("INT8"),)
    yield "GELU", (alike("INT8", "UINT8"),)
    yield "LOG", (alike("INT8", "INT16"),)
    yield "RSQRT", (types(0, "INT8", "INT16"),)
    for op in ("MAXIMUM", "MINIMUM"):
        yield op, (one_quantization,)
    yield "MEAN", (constant(1, "axes"), single_batch)
    for op in ("PAD", "PADV2", "MIRROR_PAD"):
        yield op, (constant(1, "paddings"), types(1, *PARAMETERS))
    for op in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        yield op, (_scales_up,)
    yield "SLICE", (constant(1, "begin"), constant(2, "size"))
    yield "STRIDED_SLICE", (constant(1, "begin"), constant(2, "end"), constant(3, "strides"))
    yield "SOFTMAX", (small_area,)
    yield "TRANSPOSE", (constant(1, "permutation"),)
    yield "UNIDIRECTIONAL_SEQUENCE_LSTM", (plain_lstm,)


RULES: Rules = {
    **{op: (_type, known_shape, _quantized, *conditions) for op, conditions in _rules()},
    "ethos-u": (),  # what Vela has compiled before
}


def _failures(node: Node) -> list[Failure]:
    return left_out(node) or failures(node, RULES)


def claim(view: View, subgraph: int) -> Claim:
    """What Vela would put on the NPU."""
    return claim_by(view, subgraph, _failures)


def left_out(node: Node) -> list[Failure]:
    """What an operator of a damaged model lacks to be looked at."""
    data = DATA.get(node.op, (0,))
    places = [*((0,) if data is None else data), *([1] if node.op in WEIGHTED else [])]
    missing = [f"input {place}" for place in places if node.input(place) < 0]
    missing += [] if node.output() >= 0 or node.op == "ASSIGN_VARIABLE" else ["output 0"]
    return [Failure(name, "left out", "there") for name in missing]


ETHOS_U = Delegate(
    "ethos-u", "Ethos-U55 and U65", "rules", "supported operators of Vela 5.2.0", claim, partitioner="data"
)
