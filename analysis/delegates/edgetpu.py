"""Google's Edge TPU: the table that its makers publish, with the limits that the table tells of.

"Supported operations" and "Model requirements" of https://coral.ai/docs/edgetpu/models-intro, for runtime 14. The
compiler is closed, and takes less than the table says ("not mapped due to some unspecified limitation"). It makes one
subgraph unless told otherwise; which one where there are several is not published: the largest here.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..values import stored
from .nodes import Node, View
from .rules import LATE, MOST, Claim, Condition, Delegate, Failure, Rules, claim_by, constant, failures, option

_BYTES = ("INT8", "UINT8")
_LARGEST_SOFTMAX = 16000


def _bytes_only(node: Node) -> Failure | None:
    """What is computed has 8 bits; constants may be INT32 too: biases, shapes, axes."""
    for side, tensors in (("input", node.inputs), ("output", node.outputs)):
        for place, tensor in enumerate(tensors):
            allowed = (*_BYTES, "INT32") if node.is_static(tensor) else _BYTES
            if tensor >= 0 and node.type(tensor) not in allowed:
                hint = "quantize the whole model to 8 bits"
                return Failure(f"{side} {place}", node.type(tensor), "INT8 or UINT8", hint)
    return None


def _sized_before(node: Node) -> Failure | None:
    if not node.is_late:
        return None
    return Failure("output 0", LATE, "a shape that is known before")


def _three_dimensions(node: Node) -> Failure | None:
    """All but the three innermost dimensions are 1."""
    for side, tensors in (("input", node.inputs), ("output", node.outputs)):
        for place, tensor in enumerate(tensors):
            if tensor >= 0 and not node.is_static(tensor) and any(size > 1 for size in node.view.shape[tensor][:-3]):
                shape = node.view.shape[tensor]
                return Failure(f"{side} {place}", f"of shape {shape}", "1 in all but the last 3 dimensions")
    return None


def _even_dilation(node: Node) -> Failure | None:
    high, wide = node.option("dilation_h_factor"), node.option("dilation_w_factor")
    return None if high == wide else Failure("option dilation", f"{high:g} by {wide:g}", "the same in both directions")


def _padding_of_zeros(node: Node) -> Failure | None:
    """A constant among the inputs is one of two, and all zeros."""
    constants = [tensor for tensor in node.inputs if node.is_static(tensor)]
    if not constants:
        return None
    numbers = stored(node.view.model, constants[0])
    if len(node.inputs) == 2 and numbers is not None:
        zero = node.view.zero_point(constants[0])
        if all((block == zero).all() for _, block in numbers.blocks()):
            return None
    return Failure("the inputs", "with a constant", "computed, or one of two inputs, and zeros")


def _small_softmax(node: Node) -> Failure | None:
    shape = node.view.shape[node.input(0)]
    if all(size == 1 for size in shape[:-1]) and (not shape or shape[-1] <= _LARGEST_SOFTMAX):
        return None
    return Failure("input 0", f"of shape {shape}", f"one row of at most {_LARGEST_SOFTMAX} elements")


def _row_output(node: Node) -> Failure | None:
    shape = node.view.shape[node.output()]
    if all(size == 1 for size in shape[:-1]):
        return None
    return Failure("output 0", f"of shape {shape}", "1 in all but the last dimension")


def _flat_alpha(node: Node) -> Failure | None:
    shape = node.view.shape[node.input(1)]
    if all(size == 1 for size in shape[:-1]):
        return None
    return Failure("input 1 (alpha)", f"of shape {shape}", "1 in all but the last dimension")


def _not_batch(place: int) -> Condition:
    """Axes of a reduction are known, and leave the batch alone."""

    def condition(node: Node) -> Failure | None:
        axes = stored(node.view.model, node.input(place)) if node.is_static(node.input(place)) else None
        if axes is None:
            return Failure(f"input {place} (axes)", "computed", "a constant", "make the axes a constant")
        rank = len(node.view.shape[node.input(0)])
        if rank < 4 or 0 not in axes.read(0, axes.count) % rank:
            return None
        return Failure(f"input {place} (axes)", "with the batch dimension", "without")

    return condition


def _unpadded_batch(node: Node) -> Failure | None:
    numbers = stored(node.view.model, node.input(1)) if node.is_static(node.input(1)) else None
    if numbers is None:
        return Failure("input 1 (paddings)", "computed", "a constant", "make the paddings a constant")
    if numbers.count < 8 or not numbers.read(0, 2).any():
        return None
    return Failure("input 1 (paddings)", "of the batch", "of other dimensions")


def _unit_strides(node: Node) -> Failure | None:
    numbers = stored(node.view.model, node.input(3)) if node.is_static(node.input(3)) else None
    if numbers is not None and (numbers.read(0, numbers.count) == 1).all():
        return None
    return Failure("input 3 (strides)", "computed, or not all 1", "ones")


def _rows() -> Iterator[tuple[str, tuple[Condition, ...]]]:
    unfused = option("fused_activation_function", 0, needed="none")
    for op in (
        "ADD", "EXPAND_DIMS", "L2_NORMALIZATION", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "QUANTIZE", "RELU", "RELU6",
        "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SLICE", "SPACE_TO_DEPTH",
        "SPLIT", "SQUARED_DIFFERENCE", "SQUEEZE", "SUB", "TANH", "TRANSPOSE", "TRANSPOSE_CONV",
        "UNIDIRECTIONAL_SEQUENCE_LSTM", "PACK",
    ):  # fmt: skip
        yield op, ()
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        yield op, (unfused,)
    yield "CONCATENATION", (unfused, _padding_of_zeros)
    for op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        yield op, (_even_dilation, constant(1, "weights"), constant(2, "bias"))
    yield "FULLY_CONNECTED", (
        option("weights_format", 0, needed="default"), constant(1, "weights"), constant(2, "bias"), _row_output
    )  # fmt: skip
    for op in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"):
        yield op, (_not_batch(1),)
    yield "PAD", (_unpadded_batch,)
    yield "PRELU", (_flat_alpha,)
    yield "SOFTMAX", (_small_softmax,)
    masks = tuple(option(f"{name}_mask", 0, needed="0") for name in ("ellipsis", "new_axis"))
    yield "STRIDED_SLICE", (_unit_strides, *masks)


RULES: Rules = {op: (_bytes_only, _sized_before, _three_dimensions, *conditions) for op, conditions in _rows()}


def _failures(node: Node) -> list[Failure]:
    return failures(node, RULES)


def claim(view: View, subgraph: int) -> Claim:
    """What the table has of a subgraph."""
    return claim_by(view, subgraph, _failures)


EDGE_TPU = Delegate(
    "edgetpu", "Edge TPU", "list", "coral.ai/docs/edgetpu/models-intro, runtime 14", claim, most_partitions=1,
    options={MOST: "1"},
)  # fmt: skip
