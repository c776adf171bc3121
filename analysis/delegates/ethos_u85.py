"""Arm's Ethos-U85 by the constraints that the compiler Vela documents of itself: more types than its elders.

``vela --supported-ops-report`` of Vela 5.2.0, the part on TFLite; that a VAR_HANDLE goes along with what reads or
assigns it was seen. What needs the numbers of weights and of indices (their sums, whether they repeat) is not looked
at, nor what memory a device has; ``--measured`` asks Vela itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from .ethos_u import (
    ANY_ZERO,
    BYTES,
    PARAMETERS,
    WEIGHTED,
    alike,
    averaged,
    biased,
    known_shape,
    left_out,
    one_quantization,
    operands,
    plain_lstm,
    single_batch,
    small_area,
    window,
    with_weights,
)
from .nodes import Node, View
from .rules import Claim, Condition, Delegate, Failure, Rules, claim_by, constant, failures, types

_TYPES = ("BOOL", "INT16", "INT32", "INT64", "INT8", "UINT8")
_PLAIN = ("BOOL", "INT32", "INT64")  # need no scale
_VARIABLES = ("ASSIGN_VARIABLE", "READ_VARIABLE")
_UNQUANTIZED = ("ARG_MAX", "EXPAND_DIMS", "GATHER", "MIRROR_PAD", "PAD", "PADV2", "QUANTIZE", "REDUCE_ALL",
                "REDUCE_ANY", "SCATTER_ND", "SELECT", "SELECT_V2", "TRANSPOSE", *_VARIABLES)  # fmt: skip
_MOST_SCALE, _MOST_DIMENSIONS = 1024, 8


def _type(node: Node) -> Failure | None:
    for name, tensor in operands(node):
        if node.type(tensor) not in _TYPES:
            hint = "quantize the model to 8 bits" if node.type(tensor).startswith("FLOAT") else ""
            return Failure(name, node.type(tensor), " or ".join(_TYPES), hint)
    return None


def _quantized(node: Node) -> Failure | None:
    """Parameters there, and one scale but for weights."""
    for name, tensor in with_weights(node):
        scales, plain = node.view.scales[tensor], node.op in _UNQUANTIZED or node.type(tensor) in _PLAIN
        if not plain and (scales == 0 or node.view.scale(tensor) <= 0):
            return Failure(name, "without a scale", "quantization parameters", "quantize the model to 8 bits")
        if scales > 1 and node.op not in WEIGHTED:
            return Failure(name, "quantized per channel", "one scale")
    return None


def _zero_points(node: Node) -> Failure | None:
    """Only 8 bits have a zero point that is not 0."""
    if node.op in (*ANY_ZERO, "DIV"):
        return None
    for name, tensor in operands(node):
        zero = node.view.zero_point(tensor)
        if zero and node.type(tensor) not in BYTES:
            return Failure(name, f"{node.type(tensor)} with zero point {zero}", "zero point 0")
    return None


def _scales_up(node: Node) -> Failure | None:
    before, after = node.view.shape[node.input(0)], node.view.shape[node.output()]
    corners, halves = bool(node.option("align_corners")), bool(node.option("half_pixel_centers"))
    if corners and halves:
        return Failure("options", "align_corners and half_pixel_centers", "one of them")
    if before == after or before[1:3] == [1, 1] or len(before) != 4 or len(after) != 4:
        return None
    most = _MOST_SCALE << corners
    for side in (1, 2):
        factor = (after[side] - corners) / max(before[side] - corners, 1)
        if factor > most:
            return Failure("sizes", f"{factor:g} times", f"at most {most} times")
        if node.op == "RESIZE_BILINEAR" and (factor < 1 or not _is_power_of_two(factor)):
            return Failure("sizes", f"{factor:g} times", "a power of two")
    return None


def _is_power_of_two(factor: float) -> bool:
    return factor.is_integer() and int(factor) & (int(factor) - 1) == 0


def _transposed(node: Node) -> Failure | None:
    """The output is as large as stride and padding make it."""
    image, made = node.view.shape[node.input(2)], node.view.shape[node.output()]
    kernel = node.view.shape[node.input(1)]
    if not len(image) == len(made) == len(kernel) == 4:
        return Failure("shapes", f"{image} to {made}", "4 dimensions")
    same = node.option("padding") == 0
    for side, stride in ((1, node.option("stride_h")), (2, node.option("stride_w"))):
        wanted = image[side] * stride + (0 if same else max(kernel[side] - stride, 0))
        if made[side] != wanted:
            return Failure("output 0", f"{made[side]} high or wide", f"{wanted:g}, by stride and padding")
    return None


def _gathers(node: Node) -> Failure | None:
    axis, batch = node.option("axis"), node.option("batch_dims")
    return None if axis == batch else Failure("option axis", f"{axis:g}", f"{batch:g}, as batch_dims")


def _single_channel(node: Node) -> Failure | None:
    shape = node.view.shape[node.input(0)]
    return None if shape and shape[-1] == 1 else Failure("input 0 (indices)", f"of shape {shape}", "one channel")


def _few_dimensions(node: Node) -> Failure | None:
    rank = len(node.view.shape[node.input(0)])
    return None if rank <= _MOST_DIMENSIONS else Failure("input 0", f"{rank}-dimensional", "at most 8 dimensions")


def _rules() -> Iterator[tuple[str, tuple[Condition, ...]]]:
    weights = types(1, *BYTES)
    for op in (
        "ABS", "ADD", "ARG_MAX", "ASSIGN_VARIABLE", "BATCH_MATMUL", "CAST", "CONCATENATION", "DIV", "EQUAL", "EXP",
        "EXPAND_DIMS", "GREATER", "GREATER_EQUAL", "HARD_SWISH", "LEAKY_RELU", "LESS", "LESS_EQUAL", "LOGICAL_AND",
        "LOGICAL_NOT", "LOGICAL_OR", "LOGISTIC", "MUL", "NEG", "NOT_EQUAL", "PACK", "PRELU", "QUANTIZE",
        "READ_VARIABLE", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6", "RELU_0_TO_1",
        "RELU_N1_TO_1", "RESHAPE", "REVERSE_V2", "SELECT", "SELECT_V2", "SPLIT", "SPLIT_V", "SQUARED_DIFFERENCE",
        "SQUEEZE", "SUB", "SUM", "TANH", "TILE", "UNPACK",
    ):  # fmt: skip
        yield op, ()
    yield "AVERAGE_POOL_2D", (averaged,)
    yield "MAX_POOL_2D", (window,)
    for op in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        yield op, (weights, *biased(2))
    yield "TRANSPOSE_CONV", (weights, *biased(3), _transposed)
    yield "ELU", (alike("INT8"),)
    yield "GELU", (alike("INT8", "UINT8"),)
    yield "LOG", (alike("INT8", "INT16"),)
    yield "RSQRT", (types(0, "INT8", "INT16"),)
    for op in ("MAXIMUM", "MINIMUM"):
        yield op, (one_quantization,)
    yield "MEAN", (types(0, *BYTES, "INT16"), constant(1, "axes"), single_batch)
    for op in ("PAD", "PADV2", "MIRROR_PAD"):
        yield op, (constant(1, "paddings"), types(1, *PARAMETERS))
    for op in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        yield op, (_scales_up,)
    yield "SLICE", (constant(1, "begin"), constant(2, "size"))
    yield "STRIDED_SLICE", (constant(1, "begin"), constant(2, "end"), constant(3, "strides"))
    yield "SOFTMAX", (small_area,)
    yield "TRANSPOSE", (constant(1, "permutation"), _few_dimensions)
    yield "GATHER", (_gathers,)
    yield "SCATTER_ND", (constant(0, "indices"), constant(2, "shape"), _single_channel)
    yield "UNIDIRECTIONAL_SEQUENCE_LSTM", (plain_lstm,)


RULES: Rules = {
    **{op: (_type, known_shape, _quantized, _zero_points, *conditions) for op, conditions in _rules()},
    "ethos-u": (),  # what Vela has compiled before
}


def _failures(node: Node) -> list[Failure]:
    return left_out(node) or failures(node, RULES)


def claim(view: View, subgraph: int) -> Claim:
    """What Vela would put on the NPU."""
    found = claim_by(view, subgraph, _failures)
    nodes = [node for node in view.nodes(subgraph) if node.op in (*_VARIABLES, "VAR_HANDLE")]
    used = {node.input(0) for node in nodes if node.op != "VAR_HANDLE" and node.operator in found.operators}
    text = "read and assigned by nothing that is taken"
    for node in nodes:
        if node.op != "VAR_HANDLE":
            continue
        if node.output() in used:
            found.operators.add(node.operator)
            del found.failures[node.operator]
        else:
            found.failures[node.operator] = [Failure("output 0", text, "read or assigned by what is taken")]
    return found


ETHOS_U85 = Delegate("ethos-u85", "Ethos-U85", "rules", "supported operators of Vela 5.2.0", claim, partitioner="data")
