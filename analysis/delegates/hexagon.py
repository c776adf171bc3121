"""Qualcomm's Hexagon DSP by the TFLite delegate: 8 bits, at most four dimensions, old operator versions.

Read in tflite/delegates/hexagon/utils.cc (CheckOpVersion, IsNodeSupportedByHexagon) of LiteRT f674577. The delegate
runs on devices only: nothing here was compared with one.
"""

from __future__ import annotations

from collections.abc import Iterator

from .nodes import Node, View
from .rules import LEAST, MOST, Claim, Condition, Delegate, Failure, Rules, claim_by, constant, failures, option, types

_BYTES = ("UINT8", "INT8")
_NONE, _RELUS = 0, (0, 1, 2, 3)  # ActivationFunctionType: none; none, RELU, RELU_N1_TO_1, RELU6
_VERSIONS = {
    **dict.fromkeys(
        ("ADD", "ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "CONCATENATION", "L2_NORMALIZATION", "LOGISTIC", "MAXIMUM",
         "MAX_POOL_2D", "MEAN", "MINIMUM", "MIRROR_PAD", "MUL", "PACK", "PAD", "QUANTIZE", "RELU6", "SLICE", "SOFTMAX",
         "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "SPLIT", "STRIDED_SLICE", "SUB", "TANH", "TRANSPOSE"), (1, 2)),
    **dict.fromkeys(("SQUARED_DIFFERENCE", "RELU", "RSQRT"), (2, 2)),
    **dict.fromkeys(
        ("CONV_2D", "DEPTHWISE_CONV_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE_CONV"), (1, 3)),
    "FULLY_CONNECTED": (1, 4),
}  # fmt: skip
_MOST_DIMENSIONS, _MOST_STRIDE = 4, 3


def _version(node: Node) -> Failure | None:
    least, most = _VERSIONS.get(node.op, (1, 1))
    found = node.version
    needed = str(least) if least == most else f"{least} to {most}"
    return None if least <= found <= most else Failure("operator version", str(found), needed)


def _dimensions(node: Node) -> Failure | None:
    for side, tensors in (("input", node.inputs), ("output", node.outputs)):
        for place, tensor in enumerate(tensors):
            if tensor >= 0 and len(node.view.shape[tensor]) > _MOST_DIMENSIONS:
                rank = len(node.view.shape[tensor])
                return Failure(f"{side} {place}", f"{rank}-dimensional", "at most 4 dimensions")
    return None


def _never(node: Node) -> Failure | None:
    return Failure("operator", node.op, "MEAN: the delegate's SUM is switched off")


def _all_bytes(node: Node) -> Failure | None:
    for place, tensor in enumerate(node.inputs):
        if tensor >= 0 and node.type(tensor) not in _BYTES:
            return Failure(f"input {place}", node.type(tensor), "UINT8 or INT8")
    return None


def _one_scale(node: Node) -> Failure | None:
    tensor = node.input(1)
    if tensor < 0 or node.view.scales[tensor] <= 1:
        return None
    return Failure("input 1 (weights)", "quantized per channel", "one scale", "quantize these weights per tensor")


def _at_most(name: str, most: int) -> Condition:
    def condition(node: Node) -> Failure | None:
        found = node.option(name)
        return None if found <= most else Failure(f"option {name}", f"{found:g}", f"at most {most}")

    return condition


def _depthwise(node: Node) -> Failure | None:
    dilated = node.option("dilation_h_factor") != 1 or node.option("dilation_w_factor") != 1
    if dilated and (node.option("stride_h") != 1 or node.option("stride_w") != 1):
        return Failure("option dilation", "with a stride", "a stride of 1")
    shape = node.view.shape[node.input(0)]
    if node.option("depth_multiplier") != 1 and (dilated or len(shape) != 4 or shape[3] != 1):
        return Failure(
            "option depth_multiplier", f"{node.option('depth_multiplier'):g}", "1, or an input of one channel"
        )
    weights = node.view.shape[node.input(1)]
    if len(weights) >= 2 and weights[1] < 2:
        return Failure("input 1 (weights)", f"{weights[1]} high", "at least 2 high")
    return None


def _rules() -> Iterator[tuple[str, tuple[Condition, ...]]]:
    one, two = (types(0, *_BYTES),), (types(0, *_BYTES), types(1, *_BYTES))
    relus = option("fused_activation_function", *_RELUS, needed="none or a RELU")
    none = option("fused_activation_function", _NONE, needed="none")
    strides = (_at_most("stride_h", _MOST_STRIDE), _at_most("stride_w", _MOST_STRIDE))
    bias = types(2, "INT32")
    for op in ("ADD", "MUL", "SUB"):
        yield op, (*two, relus)
    for op in ("MINIMUM", "MAXIMUM"):
        yield op, two
    yield "SUM", (_never,)
    for op in ("MEAN", "MIRROR_PAD", "PAD", "RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR"):
        yield op, (*one, types(1, "INT32"), constant(1, "axes"))
    yield "FULLY_CONNECTED", (
        *two, bias, _one_scale, constant(2, "bias"), relus, option("keep_num_dims", 0, needed="false"),
        option("weights_format", 0, needed="default"),
    )  # fmt: skip
    yield "CONCATENATION", (_all_bytes,)
    yield "PACK", (_all_bytes,)
    yield "MAX_POOL_2D", (*one, none)
    yield "AVERAGE_POOL_2D", (*one, none)
    yield "TRANSPOSE_CONV", (types(0, "INT32"), types(1, *_BYTES), types(2, *_BYTES), types(3, "INT32"), *strides)
    yield "CONV_2D", (
        *two, bias, relus, *strides, option("dilation_h_factor", 1), option("dilation_w_factor", 1)
    )  # fmt: skip
    yield "DEPTHWISE_CONV_2D", (*two, bias, relus, *strides, _depthwise)
    for op in ("RESHAPE", "SOFTMAX", "HARD_SWISH", "RELU", "RELU6", "TANH", "LOGISTIC", "NEG", "SPACE_TO_DEPTH",
               "DEPTH_TO_SPACE", "QUANTIZE"):  # fmt: skip
        yield op, one
    yield "L2_NORMALIZATION", (*one, none)
    for op in ("ARG_MAX", "ARG_MIN", "TRANSPOSE"):
        yield op, (*one, types(1, "INT32"))
    yield "SPLIT", (types(0, "INT32"), types(1, *_BYTES), constant(0, "axis"))
    yield "SLICE", (*one, constant(1, "begin"), constant(2, "size"))
    masks = tuple(option(f"{name}_mask", 0, needed="0") for name in ("ellipsis", "new_axis"))
    yield "STRIDED_SLICE", (*one, constant(1, "begin"), constant(2, "end"), constant(3, "strides"), *masks)
    yield "SQUARED_DIFFERENCE", (types(0, "INT8"), types(1, "INT8"))
    yield "RSQRT", (types(0, "INT8"),)


RULES: Rules = {op: (_dimensions, _version, *conditions) for op, conditions in _rules()}


def _failures(node: Node) -> list[Failure]:
    return failures(node, RULES)


def claim(view: View, subgraph: int) -> Claim:
    """What the delegate wants of a subgraph."""
    return claim_by(view, subgraph, _failures)


HEXAGON = Delegate(
    "hexagon", "Hexagon", "rules", "tflite/delegates/hexagon/utils.cc of LiteRT f674577", claim, most_partitions=4,
    least_operators=2, options={MOST: "4", LEAST: "2"},
)  # fmt: skip
