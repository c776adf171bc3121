"""What the TFLite delegate for NNAPI looks at in single operators; which looks at what is a table in ``nnapi.py``.

Read in NNAPIDelegateKernel::Validate of tflite/delegates/nnapi/nnapi_delegate.cc of LiteRT f674577.
"""

from __future__ import annotations

from ..values import stored
from .nodes import Node
from .rules import Condition, Failure, constant, inputs_between, option, types

LEVEL = "feature_level"
BYTES = ("UINT8", "INT8")
FLOAT, INTEGER = "FLOAT32", "INT32"
USUAL = (FLOAT, *BYTES)
_SMALLEST_PATCH = 256


def version(most: int) -> Condition:
    """The operator is of this version or an older one."""

    def condition(node: Node) -> Failure | None:
        found = node.version
        return None if found <= most else Failure("operator version", str(found), f"at most {most}")

    return condition


def since(level: int, needed: int) -> Condition:
    """Fails: the operator came with a later feature level."""
    return lambda _: Failure(LEVEL, str(level), f"at least {needed}")


def rank(place: int, least: int, most: int = 4, *, output: bool = False) -> Condition:
    """An operand has so many dimensions."""

    def condition(node: Node) -> Failure | None:
        tensor = node.output(place) if output else node.input(place)
        rank = len(node.view.shape[tensor]) if tensor >= 0 else least
        hint = "reshape to at most 4 dimensions around it" if rank > most else ""
        needed = f"{least} to {most} dimensions" if least else f"at most {most} dimensions"
        named = f"{'output' if output else 'input'} {place}"
        return None if least <= rank <= most else Failure(named, f"{rank}-dimensional", needed, hint)

    return condition


ANY = 1 << 30
SCALAR_RESULT = rank(0, 1, ANY, output=True)
NO_ACTIVATION = option("fused_activation_function", 0, needed="none")


def no_activation_of_integers(node: Node) -> Failure | None:
    """Nothing is fused with what computes in INT32."""
    return NO_ACTIVATION(node) if node.type(node.input(0)) == INTEGER else None


def not_hybrid(weights: int) -> Condition:
    """Weights of 8 bits are not read with floats (dynamic range)."""

    def condition(node: Node) -> Failure | None:
        if node.type(node.input(0)) != FLOAT or node.type(node.input(weights)) not in BYTES:
            return None
        hint = "quantize the whole model, or keep its weights in floats"
        return Failure(f"input {weights} (weights)", "of 8 bits with inputs in floats", "both alike", hint)

    return condition


def restricted_scales(node: Node) -> Failure | None:
    """Before level 3 the product of the scales of input and weights is less than that of the output."""
    view = node.view
    if node.type(node.input(0)) != "UINT8" or node.input(1) < 0 or node.output() < 0:
        return None
    left = view.scale(node.input(0)) * view.scale(node.input(1))
    right = view.scale(node.output())
    if left < right:
        return None
    return Failure("the scales", f"{left:g} (input times weights)", f"less than {right:g} (output) before level 3")


def one_scale(node: Node) -> Failure | None:
    """Weights have one scale."""
    if node.view.scales[node.input(1)] <= 1:
        return None
    return Failure("input 1 (weights)", "quantized per channel", "one scale before level 3")


def ungrouped(node: Node) -> Failure | None:
    """Weights have as many channels as the image."""
    image, weights = (node.view.shape[node.input(place)] for place in (0, 1))
    if len(image) == len(weights) == 4 and image[3] == weights[3]:
        return None
    return Failure("input 1 (weights)", "grouped", "as many channels as input 0 before level 3")


def patch(node: Node) -> Failure | None:
    """A window over 8-bit values has at most 256 of them."""
    size = node.option("filter_height") * node.option("filter_width")
    if node.type(node.input(0)) not in BYTES or size <= _SMALLEST_PATCH:
        return None
    return Failure("option filter_height times filter_width", f"{size:g}", "at most 256 with 8 bits before level 3")


def square(node: Node) -> Failure | None:
    """The output is as wide as high."""
    shape = node.view.shape[node.output()]
    same = len(shape) == 4 and shape[1] == shape[2]
    return None if same else Failure("output 0", "wider or higher", "as wide as high before level 3")


def softmax_rank(node: Node) -> Failure | None:
    """The input has 2 or 4 dimensions."""
    rank = len(node.view.shape[node.input(0)])
    return None if rank in (2, 4) else Failure("input 0", f"{rank}-dimensional", "2 or 4 dimensions before level 3")


def shape_of_one_input(node: Node) -> Failure | None:
    """A RESHAPE without an operand for the shape does not make a scalar."""
    rank = len(node.view.shape[node.output()])
    return None if len(node.inputs) > 1 or rank > 0 else Failure("output 0", "a scalar", "at least 1 dimension")


def same_quantization(node: Node) -> Failure | None:
    """Inputs of 8 bits have one scale and zero point."""
    view = node.view
    if node.type(node.input(0)) != "UINT8":
        return None
    if len({(view.scale(tensor), view.zero_point(tensor)) for tensor in node.inputs if tensor >= 0}) == 1:
        return None
    return Failure("the inputs", "of different scales", "one scale and zero point before level 3")


def _symmetric(node: Node) -> Failure | None:
    """The zero point of a signed input is 0."""
    zero = node.view.zero_point(node.input(0)) if node.type(node.input(0)) == "INT8" else 0
    if zero == 0:
        return None
    return Failure("the zero point of input 0", str(zero), "0 with INT8 at level 3")


def dequantize(level: int) -> Condition:
    """What DEQUANTIZE reads, by level; computed FLOAT16 it takes as it is."""
    allowed = ("UINT8",) if level < 3 else BYTES

    def condition(node: Node) -> Failure | None:
        if level >= 4 and node.type(node.input(0)) == "FLOAT16" and not node.is_static(node.input(0)):
            return None
        failed = version(2)(node) or types(0, *allowed)(node)
        return failed if failed or level != 3 else _symmetric(node)

    return condition


def no_elements(node: Node) -> Failure | None:
    """The input is not empty."""
    return Failure("input 0", "empty", "at least one element") if 0 in node.view.shape[node.input(0)] else None


def zero_crops(node: Node) -> Failure | None:
    """BATCH_TO_SPACE_ND cuts nothing off."""
    crops = stored(node.view.model, node.input(2)) if node.is_static(node.input(2)) else None
    if crops is not None and crops.count == 4 and not crops.read(0, 4).any():
        return None
    return Failure("input 2 (crops)", "computed, or not all 0", "four zeros")


def splits(node: Node) -> Failure | None:
    """No part of SPLIT_V is empty; one may be -1: what is left over."""
    sizes = stored(node.view.model, node.input(1)) if node.is_static(node.input(1)) else None
    if sizes is not None and sizes.read(0, sizes.count).all():
        return None
    return Failure("input 1 (sizes)", "computed, or with a 0", "constants other than 0")


def has_scales(node: Node) -> Failure | None:
    """What has 8 bits has a scale."""
    for name, tensor in (("input 0", node.input(0)), ("output 0", node.output())):
        if tensor >= 0 and node.type(tensor) in BYTES and node.view.scale(tensor) <= 0:
            return Failure(name, "without a scale", "a scale above 0")
    return None


def wide_axis(node: Node) -> Failure | None:
    """An axis of INT64 is a constant."""
    return constant(1, "axis")(node) if node.type(node.input(1)) == "INT64" else None


def sparse_projection(level: int) -> Condition:
    """A sparse LSH_PROJECTION is of level 3, and without weights."""

    def condition(node: Node) -> Failure | None:
        if node.option("type") != 1:
            return None
        return since(level, 3)(node) if level < 3 else inputs_between(2, 2)(node)

    return condition


def constant_scalar(place: int) -> Condition:
    """A scalar is a constant."""

    def condition(node: Node) -> Failure | None:
        tensor = node.input(place)
        if tensor < 0 or node.view.shape[tensor] or node.is_static(tensor):
            return None
        return Failure(f"input {place}", "a computed scalar", "a constant, or at least 1 dimension")

    return condition


def same_shape(node: Node) -> Failure | None:
    """The condition has the shape of what is chosen."""
    view = node.view
    if view.shape[node.input(0)] == view.shape[node.input(1)]:
        return None
    return Failure("input 0 (condition)", "of another shape", "the shape of input 1")


def no_broadcast(node: Node) -> Failure | None:
    """Batch dimensions are alike."""
    left, right = (node.view.shape[node.input(place)] for place in (0, 1))
    if len(left) == len(right) and left[:-2] == right[:-2]:
        return None
    return Failure("input 1", "broadcast", "the batch dimensions of input 0")


def alike(node: Node) -> Failure | None:
    """Both inputs have one type."""
    left, right = (node.type(node.input(place)) for place in (0, 1))
    return None if left == right else Failure("input 1", right, f"{left} like input 0")


def not_last(place_past_end: int) -> Condition:
    """The axis is not -1, and not the last."""

    def condition(node: Node) -> Failure | None:
        axis = node.option("axis")
        if axis not in (-1, len(node.view.shape[node.input(0)]) + place_past_end):
            return None
        return Failure("option axis", f"{axis:g}", "not the last dimension")

    return condition


def lstm(level: int) -> Condition:
    """Five inputs are the basic kernel, 20 or 24 the full one."""
    weights = USUAL if level >= 4 else (FLOAT, "UINT8")

    def condition(node: Node) -> Failure | None:
        count = len(node.inputs)
        if count == 5:
            return _basic_lstm(node)
        if count == 24 and level < 3:
            return Failure("inputs", "24", f"20 at {LEVEL} {level}")
        hybrid = not_hybrid(2)(node) if level < 3 and count in (20, 24) else None
        return hybrid or types(4, *weights)(node)

    return condition


def _basic_lstm(node: Node) -> Failure | None:
    """The basic kernel: constants and scales as its implementation has them."""
    view = node.view
    for place in (2, 3):
        if not node.is_static(node.input(place)):
            return Failure(f"input {place}", "computed", "a constant")
    if node.type(node.input(2)) != "UINT8":
        return Failure("input 2 (weights)", node.type(node.input(2)), "UINT8")
    for name, tensor in (("input 0", node.input(0)), ("output 0", node.output())):
        if tensor >= 0 and (view.scale(tensor), view.zero_point(tensor)) != (1 / 128, 128):
            return Failure(f"the scale of {name}", f"{view.scale(tensor):g}", "1/128, zero point 128")
    state = node.output(1)
    if state >= 0 and view.scale(state) != 16 / 32768 and view.zero_point(state) != 0:
        return Failure("the scale of output 1", f"{view.scale(state):g}", "16/32768, or zero point 0")
    return None


def not_int16_output(node: Node) -> Failure | None:
    """The output has not 16 bits."""
    return Failure("output 0", "INT16", "another type") if node.type(node.output()) == "INT16" else None


def inputs_of_lstm(node: Node) -> Failure | None:
    """The full kernel has 20 or 24 inputs."""
    count = len(node.inputs)
    return None if count in (20, 24) else Failure("inputs", str(count), "20 or 24")
