"""XNNPACK: which operators it takes; by default as the Python package creates it.

Read in tflite/delegates/xnnpack/xnnpack_delegate.cc of LiteRT f674577 (the functions called Visit…Node, and
PrepareOpsToDelegate for constants that it unpacks itself); tests/runtime/test_delegates.py compares it with the
delegate of ai-edge-litert 2.3.0. Options are its flags that change what it takes; TRANSIENT_INDIRECTION_BUFFER,
FORCE_FP16, ENABLE_LATEST_OPERATORS, VARIABLE_OPERATORS and SLOW_CONSISTENT_ARITHMETIC change nothing of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from .halves import without_dynamic
from .nodes import Node, View
from .rules import (
    SWITCH,
    Claim,
    Claimer,
    Condition,
    Delegate,
    Failure,
    Judge,
    Rules,
    claim_by,
    constant,
    failures,
    inputs_between,
    is_true,
    option,
    outputs_between,
    types,
)

_FLOATS = ("FLOAT32", "FLOAT16")
_BYTES = ("INT8", "UINT8")
_CUSTOM = ("Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D")
_SPARSE_VERSION = 8  # of FULLY_CONNECTED
_ONE_SCALE = "one scale for the whole tensor"
_SIGNED, _UNSIGNED, _DYNAMIC, _HYBRID, _RESHAPES = (
    "qs8", "qu8", "dynamic_fully_connected", "dynamically_quantized", "subgraph_reshaping",
)  # fmt: skip


@dataclass(frozen=True)
class _Flags:
    """What of its flags matters to conditions.

    Attributes:
        kinds: types of 8 bits that it computes with.
        dynamic: FULLY_CONNECTED may compute its weights.
        hybrid: inputs in floats are quantized to meet weights that are.
    """

    kinds: tuple[str, ...]
    dynamic: bool
    hybrid: bool

    @property
    def weights(self) -> tuple[str, ...]:
        """Types of the weights of FULLY_CONNECTED."""
        return (*_FLOATS, *self.kinds, *(("INT4", "INT2") if "INT8" in self.kinds else ()))


def _float(*places: int) -> tuple[Condition, ...]:
    """Inputs of 32 or 16 bits of float, and the output."""
    return (*(types(place, *_FLOATS) for place in places), types(0, *_FLOATS, output=True))


def _number(place: int, *, kinds: tuple[str, ...], output: bool = False) -> Condition:
    """A float, or 8 bits with one scale."""

    def condition(node: Node) -> Failure | None:
        tensor = node.output(place) if output else node.input(place)
        found = node.type(tensor)
        if tensor < 0 or found in _FLOATS:
            return None
        operand = f"{'output' if output else 'input'} {place}"
        if found not in kinds:
            return Failure(operand, found, " or ".join(["float", *kinds]))
        if not node.is_per_tensor(tensor):
            return Failure(operand, "quantized per channel or not at all", _ONE_SCALE)
        return None

    return condition


def _numbers(*places: int, kinds: tuple[str, ...]) -> tuple[Condition, ...]:
    return (*(_number(place, kinds=kinds) for place in places), _number(0, kinds=kinds, output=True))


def _same_type(node: Node) -> Failure | None:
    found = {node.type(tensor) for tensor in (*node.inputs, *node.outputs) if tensor >= 0}
    return None if len(found) == 1 else Failure("inputs and output", " and ".join(sorted(found)), "one type")


def _scales(low: float, high: float, *, product: bool = False) -> Condition:
    """The scales of inputs by that of the output lie where fixed-point arithmetic can go."""

    def condition(node: Node) -> Failure | None:
        output = node.output()
        if node.type(output) not in _BYTES:
            return None
        scale = node.view.scale
        over = [scale(tensor) for tensor in node.inputs[:2]]
        by = scale(output) or 1.0
        ratios = [over[0] * over[-1] / by] if product else [value / by for value in over]
        wrong = [ratio for ratio in ratios if not low <= ratio < high]
        if not wrong:
            return None
        what = "the product of the inputs' scales by the output's" if product else "an input's scale by the output's"
        return Failure(what, f"{wrong[0]:g}", f"from {low:g} to below {high:g}", "requantize around it")

    return condition


def _requantizes(node: Node) -> Failure | None:
    """From floats to anything; between integers to the same type, with scales that are not too far apart."""
    source, target = node.input(0), node.output()
    if node.type(source) in _FLOATS:
        return None
    if node.type(source) != node.type(target):
        return Failure("output 0", node.type(target), f"{node.type(source)} like the input")
    ratio = node.view.scale(source) / (node.view.scale(target) or 1.0)
    if 1 / 256 <= ratio <= 128:
        return None
    return Failure("the input's scale by the output's", f"{ratio:g}", "from 1/256 to 128")


def _joins(node: Node) -> Failure | None:
    rank, axis = len(node.view.shape[node.input(0)]), int(node.option("axis"))
    return None if axis < rank else Failure("option axis", str(axis), f"less than {rank}")


def _window(node: Node) -> Failure | None:
    """The window of a pooling moves by no more than its size."""
    height, width = node.option("filter_height"), node.option("filter_width")
    down, right = node.option("stride_h"), node.option("stride_w")
    if down > height or right > width:
        return Failure("option stride", f"{down:g}x{right:g}", f"not more than the window of {height:g}x{width:g}")
    if height == width == 1 and max(down, right) > 1:
        return Failure("option filter", "1x1 with a stride", "a stride of 1, or a larger window")
    return None


def _bias(place: int, flags: _Flags, *, required: bool = False) -> Condition:
    """The bias of integer arithmetic is INT32, which goes by the flag of signed bytes; convolutions have one."""

    def condition(node: Node) -> Failure | None:
        data = node.input(2 if node.op == "TRANSPOSE_CONV" else 0)
        bias = node.input(place)
        found = node.type(bias)
        if bias < 0:
            return Failure(f"input {place} (bias)", "left out", "a bias") if required else None
        if found == "INT32" and "INT8" not in flags.kinds:
            return Failure(f"input {place} (bias)", "INT32", f"float, or {_SIGNED}=true")
        if node.type(data) not in _BYTES or found == "INT32":
            return None
        return Failure(f"input {place} (bias)", found, "INT32")

    return condition


def _convolution(*, hybrid: bool) -> Condition:
    """Input, weights and output are of one type; CONV_2D also quantizes its input to meet weights of INT8."""

    def condition(node: Node) -> Failure | None:
        data, weights = node.type(node.input(0)), node.type(node.input(1))
        if node.type(node.output()) != data:
            return Failure("output 0", node.type(node.output()), f"{data} like the input")
        if weights in ("", data) or (hybrid and (data, weights) == ("FLOAT32", "INT8")):
            return None
        return Failure("input 1 (weights)", weights, f"{data} like the input")

    return condition


def _static_unless_float(place: int, what: str, flags: _Flags) -> Condition:
    """Weights and bias of FULLY_CONNECTED are constants; with the flag for it those of FLOAT32 need not be."""
    static = constant(place, what)

    def condition(node: Node) -> Failure | None:
        return None if flags.dynamic and node.type(node.input(place)) == "FLOAT32" else static(node)

    return condition


def _dense_weights(node: Node) -> Failure | None:
    version = node.version
    if version != _SPARSE_VERSION:
        return None
    return Failure("operator version", str(version), "any other: this one says that weights are sparse")


def _matrix(*, hybrid: bool) -> Condition:
    """The types of FULLY_CONNECTED go together; few bits are packed in whole bytes."""
    met = (*_FLOATS, "INT8") if hybrid else ("INT8",)

    def condition(node: Node) -> Failure | None:
        data, weights = node.type(node.input(0)), node.type(node.input(1))
        if node.type(node.output()) != data:
            return Failure("output 0", node.type(node.output()), f"{data} like the input")
        if data != weights and not (data in met and weights in ("INT8", "INT4", "INT2")):
            return Failure("input 1 (weights)", weights, f"{data}, or INT8, INT4 or INT2 for {' or '.join(met)}")
        per_byte = {"INT4": 2, "INT2": 4}.get(weights, 1)
        shape = node.view.shape[node.input(1)]
        if shape and shape[-1] % per_byte:
            return Failure("input channels", str(shape[-1]), f"a multiple of {per_byte} for {weights}")
        return None

    return condition


def _symmetric(place: int, *, unless_float: bool) -> Condition:
    """The zero point of signed 8-bit operands is 0."""

    def condition(node: Node) -> Failure | None:
        tensor = node.input(place)
        zero = node.view.zero_point(tensor) if tensor >= 0 and node.type(tensor) == "INT8" else 0
        if not zero or (unless_float and node.type(node.input(0)) in _FLOATS):
            return None
        return Failure(f"input {place}", f"quantized with zero point {zero}", "zero point 0")

    return condition


def _product(node: Node) -> Failure | None:
    """BATCH_MATMUL multiplies what is of one type, or floats with signed bytes."""
    left, right = node.type(node.input(0)), node.type(node.input(1))
    if left != right and (left, right) != ("FLOAT32", "INT8"):
        return Failure("input 1", right, f"{left} like input 0")
    for place in (0, 1):
        rank = len(node.view.shape[node.input(place)])
        if rank < 2:
            return Failure(f"input {place}", f"{rank}-dimensional", "at least 2 dimensions")
    return None


def _never(node: Node) -> Failure | None:
    # VisitExpandDimsNode begins with a return of an error, though the type stands in the list.
    return Failure("operator", node.op, "RESHAPE, which does the same", "use RESHAPE")


_VARIABLES = ("READ_VARIABLE", "ASSIGN_VARIABLE")
# What is taken or not with others.
_LINKED = ("DENSIFY", "DEQUANTIZE", "VAR_HANDLE", *_VARIABLES)
_UNARY = ("ABS", "CEIL", "COS", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LOG", "NEG", "RELU", "RELU6", "RELU_N1_TO_1",
          "ROUND", "RSQRT", "SIN", "SQRT", "SQUARE")  # fmt: skip
_SHAPED = ("MEAN", "PAD", "REDUCE_MAX", "REDUCE_MIN", "RESHAPE", "SUM", "TRANSPOSE")


def _rules(flags: _Flags) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    kinds = flags.kinds
    number, numbers, images = partial(_number, kinds=kinds), partial(_numbers, kinds=kinds), ("FLOAT32", *kinds)
    for op in _UNARY:
        yield op, _float(0)
    for op in ("LEAKY_RELU", "LOGISTIC", "TANH"):
        yield op, numbers(0)
    yield "ELU", _numbers(0, kinds=tuple(kind for kind in kinds if kind == "INT8"))
    yield "SOFTMAX", (*_float(0), option("beta", 1.0))
    yield "DEQUANTIZE", (types(0, *kinds), number(0), types(0, *_FLOATS, output=True))
    yield "QUANTIZE", (*numbers(0), _requantizes)
    for op in ("ADD", "SUB"):
        yield op, (*numbers(0, 1), _same_type, _scales(1 / 1024, 256))
    yield "MUL", (*numbers(0, 1), _same_type, _scales(1 / 65536, 256, product=True))
    for op in ("DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"):
        yield op, _float(0, 1)
    yield "PRELU", (*_float(0, 1), constant(1, "slope"))
    yield "CONCATENATION", (inputs_between(2, 5), _joins, *numbers(0, 1, 2, 3, 4))
    for op in _SHAPED:
        yield op, (*numbers(0), constant(1, "shape" if op == "RESHAPE" else "axes"))
    yield "RESIZE_BILINEAR", (*numbers(0), types(0, *images), constant(1, "size"))
    yield "SLICE", (*numbers(0), constant(1, "begin"), constant(2, "size"))
    masks = tuple(option(f"{name}_mask", 0, needed="0") for name in ("ellipsis", "new_axis", "shrink_axis"))
    yield "STRIDED_SLICE", (*numbers(0), constant(1, "begin"), constant(2, "end"), constant(3, "strides"), *masks)
    yield "SPLIT", (number(1), constant(0, "axis"), outputs_between(2, 4))
    yield "EXPAND_DIMS", (_never,)
    yield from _weighted(flags)
    yield "AVERAGE_POOL_2D", (*_float(0), _window)
    yield "MAX_POOL_2D", (*numbers(0), types(0, *images), _window)
    for op in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"):
        yield op, (number(0),)
    right = types(1, *_FLOATS, *kinds)
    yield "BATCH_MATMUL", (number(0), right, number(0, output=True), _product, _symmetric(1, unless_float=True))
    yield "READ_VARIABLE", (number(0, output=True),)
    yield "ASSIGN_VARIABLE", (number(1),)
    for op in _CUSTOM:
        yield op, ()


def _weighted(flags: _Flags) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    numbers = partial(_numbers, kinds=flags.kinds)
    weights = (types(1, *_FLOATS, *flags.kinds), constant(1, "weights"))
    for op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        bias = (constant(2, "bias"), _bias(2, flags, required=True))
        yield op, (*numbers(0), *weights, *bias, _convolution(hybrid=flags.hybrid and op == "CONV_2D"))
    yield "FULLY_CONNECTED", (
        *numbers(0), types(1, *flags.weights), _static_unless_float(1, "weights", flags),
        _static_unless_float(2, "bias", flags), _bias(2, flags), _matrix(hybrid=flags.hybrid),
        _symmetric(1, unless_float=True), _dense_weights,
    )  # fmt: skip
    yield "TRANSPOSE_CONV", (*numbers(2), *weights, constant(3, "bias"), _bias(3, flags))


def rules(values: Mapping[str, str]) -> Rules:
    """The conditions with some options."""
    kinds = tuple(kind for kind, name in (("INT8", _SIGNED), ("UINT8", _UNSIGNED)) if is_true(values, name))
    return dict(_rules(_Flags(kinds, is_true(values, _DYNAMIC), is_true(values, _HYBRID))))


def _claimer(values: Mapping[str, str]) -> Claimer:
    judge, reshapes = partial(failures, rules=rules(values)), is_true(values, _RESHAPES)

    def claim(view: View, subgraph: int) -> Claim:
        found = claimed(view, subgraph, judge)
        return found if reshapes else without_dynamic(view, subgraph, found)

    return claim


def claimed(view: View, subgraph: int, judge: Judge) -> Claim:
    """What XNNPACK wants of a subgraph.

    Constants that are stored in 16 bits, 8 bits or sparse it unpacks itself: it takes their DEQUANTIZE and DENSIFY,
    unless an operator that it does not take reads the result. A VAR_HANDLE goes with what reads or assigns it.
    """
    if not any(node.op in _LINKED for node in view.nodes(subgraph)):
        return claim_by(view, subgraph, judge)
    taken: set[int] = set()
    failed: dict[int, list[Failure]] = {}
    unpacked: dict[int, int] = {}  # tensor to the operator that unpacks it
    handles: dict[int, int] = {}
    used: set[int] = set()
    for node in view.nodes(subgraph):
        if _unpacks(node):
            unpacked[node.output()] = node.operator
            view.made.add(node.output())
            taken.add(node.operator)
            continue
        if node.op == "VAR_HANDLE":
            handles[node.output()] = node.operator
            continue
        found = judge(node)
        if node.op in _VARIABLES and node.input(0) not in handles:
            found = [*found, Failure("input 0", "from nowhere in this graph", "the result of a VAR_HANDLE in it")]
        if not found:
            taken.add(node.operator)
            used |= {handles[tensor] for tensor in node.inputs if tensor in handles}
            continue
        failed[node.operator] = found
        for tensor in node.inputs:
            if tensor in unpacked:
                taken.discard(unpacked[tensor])
                text = f"read by {node.op} {node.operator}, which stays behind"
                failed[unpacked[tensor]] = [Failure("output 0", text, "read by operators that are taken only")]
    for operator in handles.values():
        if operator in used:
            taken.add(operator)
        else:
            failed[operator] = [
                Failure("output 0", "read by nothing that is taken", "read or assigned by what is taken")
            ]
    return Claim(taken, failed)


def _unpacks(node: Node) -> bool:
    source = node.input(0) if node.op in ("DENSIFY", "DEQUANTIZE") else -1
    if source < 0:
        return False
    if node.op == "DENSIFY":
        return node.view.constant[source] and node.view.sparse[source]
    if node.op != "DEQUANTIZE" or node.view.sparse[source] or not node.is_static(source):
        return False
    found = node.type(source)
    is_known = found == "FLOAT16" or (found == "INT8" and node.view.scales[source] > 0)
    return is_known and node.type(node.output()) == "FLOAT32"


_OPTIONS = {_SIGNED: "true", _UNSIGNED: "true", _DYNAMIC: "false", _HYBRID: "true", _RESHAPES: "true"}
XNNPACK = Delegate(
    "xnnpack", "XNNPACK", "exact", "tflite/delegates/xnnpack/xnnpack_delegate.cc of LiteRT f674577",
    _claimer(_OPTIONS), options=_OPTIONS, with_options=_claimer, choices=dict.fromkeys(_OPTIONS, SWITCH),
)  # fmt: skip
