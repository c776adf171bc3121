"""Apple's Core ML by the TFLite delegate: floats, static shapes, versions 2 and 3.

Read in IsNodeSupportedByDelegate of tflite/delegates/coreml/coreml_delegate.mm and in tflite/delegates/coreml/builders
of LiteRT f674577. The delegate runs on Apple's devices only: nothing here was compared with one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from ..values import stored
from .halves import claimed
from .nodes import Node
from .rules import (
    LEAST,
    MOST,
    Claimer,
    Condition,
    Delegate,
    Failure,
    Rules,
    constant,
    failures,
    inputs_between,
    option,
    whole,
)  # fmt: skip

_VERSION = "coreml_version"
_VERSIONS = {"DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 6}
_MANY, _SIGN_BIT, _REFLECT = 1 << 30, 5, 0  # ActivationFunctionType, MirrorPadMode
_LARGEST_KERNEL = 16384


def _claimer(values: Mapping[str, str]) -> Claimer:
    version = whole(values, _VERSION)
    if version not in (2, 3):
        raise ValueError(f"{_VERSION}={version}: must be 2 or 3")
    return partial(claimed, failures=partial(failures, rules=rules(version)))


def rules(version: int) -> Rules:
    """The conditions at a version of Core ML."""
    return {op: (_version, _float_input, *conditions) for op, conditions in _rows(version)}


def _version(node: Node) -> Failure | None:
    most, found = _VERSIONS.get(node.op, 1), node.version
    return None if found <= most else Failure("operator version", str(found), f"at most {most}")


def _float_input(node: Node) -> Failure | None:
    """Keeps models of whole 8 bits out; the delegate looks at one input only."""
    place = 2 if node.op == "TRANSPOSE_CONV" else 0
    found = node.type(node.input(place))
    return None if found == "FLOAT32" else Failure(f"input {place}", found or "left out", "FLOAT32")


def _float_constants(node: Node) -> Failure | None:
    """Operands of ADD and MUL: FLOAT32, or constants of FLOAT16."""
    for place in (0, 1):
        found = node.type(node.input(place))
        if found != "FLOAT32" and not (found == "FLOAT16" and node.is_static(node.input(place))):
            return Failure(f"input {place}", found or "left out", "FLOAT32, or a constant of FLOAT16")
    return None


def _broadcast(node: Node) -> Failure | None:
    """Batches are alike unless one operand is a constant of one element; height and width, and channels, or 1."""
    shapes = [node.view.shape[node.input(place)] for place in (0, 1)]
    if max(map(len, shapes)) > 4:
        return Failure("the inputs", "of more than 4 dimensions", "at most 4", "reshape to at most 4 dimensions")
    left, right = ([1] * (4 - len(shape)) + shape for shape in shapes)
    single = any(
        node.is_static(node.input(place)) and all(size == 1 for size in shape) for place, shape in enumerate(shapes)
    )
    fits = (
        (left[0] == right[0] or single)
        and (left[1:3] == right[1:3] or [1, 1] in (left[1:3], right[1:3]))
        and (left[3] == right[3] or 1 in (left[3], right[3]))
    )
    if fits:
        return None
    return Failure("the inputs", f"of shapes {shapes[0]} and {shapes[1]}", "shapes that Core ML broadcasts")


def _kernel(node: Node) -> Failure | None:
    shape = node.view.shape[node.input(1)]
    if len(shape) < 3 or max(shape[1:3]) <= _LARGEST_KERNEL:
        return None
    return Failure("input 1 (weights)", f"{max(shape[1:3])} high or wide", f"at most {_LARGEST_KERNEL}")


def _no_sign_bit(node: Node) -> Failure | None:
    activation = node.option("fused_activation_function")
    return Failure("option fused_activation_function", "SIGN_BIT", "another") if activation == _SIGN_BIT else None


def _channels_last(node: Node) -> Failure | None:
    rank, axis = len(node.view.shape[node.input(0)]), node.option("axis")
    if rank in (3, 4) and axis in (-1, rank - 1):
        return None
    return Failure("option axis", f"{axis:g} of {rank} dimensions", "the last of 3 or 4")


def _single_batch(node: Node) -> Failure | None:
    shape = node.view.shape[node.input(0)]
    if shape and all(size == 1 for size in shape[:-1]):
        return None
    return Failure("input 0", f"of shape {shape}", "1 in all dimensions but the last")


def _float_weights(node: Node) -> Failure | None:
    for place, name in ((1, "weights"), (2, "bias")):
        found = node.type(node.input(place))
        if found not in ("", "FLOAT32", "FLOAT16"):
            hint = "keep the weights in FLOAT32 or FLOAT16"
            return Failure(f"input {place} ({name})", found, "FLOAT32 or FLOAT16", hint)
    return None


def _image(node: Node) -> Failure | None:
    rank = len(node.view.shape[node.input(0)])
    return None if rank == 4 else Failure("input 0", f"{rank}-dimensional", "4 dimensions")


def _height_and_width(node: Node) -> Failure | None:
    axes = stored(node.view.model, node.input(1)) if node.is_static(node.input(1)) else None
    if axes is None:
        return Failure("input 1 (axes)", "computed", "a constant", "make the axes a constant")
    found = sorted(axes.read(0, axes.count).tolist())
    return None if all(a % 4 in (1, 2) for a in found) else Failure("input 1 (axes)", str(found), "height and width")


def _padding(node: Node) -> Failure | None:
    tensor = node.input(1)
    paddings = stored(node.view.model, tensor) if node.is_static(tensor) else None
    if paddings is None:
        return Failure("input 1 (paddings)", "computed", "a constant", "make the paddings a constant")
    if node.view.shape[tensor] != [4, 2]:
        return Failure("input 1 (paddings)", f"of shape {node.view.shape[tensor]}", "4 dimensions of input 0")
    found = paddings.read(0, 8)
    outer = [*found[:2], *found[6:]]
    return Failure("input 1 (paddings)", "of batch or channels", "of height and width only") if any(outer) else None


def _never_at_3(_: Node) -> Failure | None:
    return Failure(_VERSION, "3", "2: version 3 takes no RESHAPE")


def _new_shape(node: Node) -> Failure | None:
    tensor = node.input(1)
    rank = node.view.shape[tensor] if tensor >= 0 else [len(node.view.shape[node.output()])]
    if rank in ([3], [4]) and node.type(tensor) in ("", "INT32"):
        return None
    return Failure("output 0", f"of shape {node.view.shape[node.output()]}", "3 or 4 dimensions")


def _rows(version: int) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    unfused = option("fused_activation_function", 0, needed="none")
    weights = (constant(1, "weights"), _kernel)
    for op in ("ADD", "MUL"):
        yield op, (_float_constants, _broadcast)
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        yield op, (unfused,)
    yield "CONCATENATION", (unfused, inputs_between(2, _MANY), _channels_last)
    for op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        yield op, (_no_sign_bit, *weights, constant(2, "bias"))
    yield "TRANSPOSE_CONV", (*weights, constant(0, "shape"))
    yield "FULLY_CONNECTED", (
        option("weights_format", 0, needed="default"), constant(1, "weights"), constant(2, "bias"), _float_weights,
        _single_batch, _no_sign_bit,
    )  # fmt: skip
    for op in ("HARD_SWISH", "LOGISTIC", "RELU", "RELU6", "RELU_N1_TO_1", "TANH"):
        yield op, ()
    yield "MEAN", (option("keep_dims", 1, needed="true"), _image, _height_and_width)
    yield "MIRROR_PAD", (option("mode", _REFLECT, needed="REFLECT"), _padding)
    for op in ("PAD", "PADV2"):
        yield op, (_padding,)
    yield "RESHAPE", (_never_at_3,) if version == 3 else (constant(1, "shape"), _new_shape)
    yield "RESIZE_BILINEAR", (constant(1, "size"),)
    yield "SOFTMAX", (option("beta", 1.0),)


_OPTIONS = {MOST: "0", LEAST: "2", _VERSION: "3"}
CORE_ML = Delegate(
    "coreml", "Core ML", "rules", "tflite/delegates/coreml of LiteRT f674577", _claimer(_OPTIONS), least_operators=2,
    options=_OPTIONS, with_options=_claimer, choices={_VERSION: ("2", "3")},
)  # fmt: skip
