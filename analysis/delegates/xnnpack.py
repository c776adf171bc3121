"""XNNPACK: which operators it takes, with its options as the Python package has them.

Read in tflite/delegates/xnnpack/xnnpack_delegate.cc of LiteRT f674577 (the functions called Visit…Node, and
PrepareOpsToDelegate for constants that it unpacks itself); tests/runtime/test_delegates.py compares it with the
delegate of ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from .nodes import Node, View
from .rules import (
    Claim,
    Condition,
    Delegate,
    Failure,
    Rules,
    constant,
    failures,
    inputs_between,
    option,
    outputs_between,
    types,
)

_FLOATS = ("FLOAT32", "FLOAT16")
_BYTES = ("INT8", "UINT8")
_WEIGHTS = (*_FLOATS, *_BYTES, "INT4", "INT2")
_CUSTOM = ("Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D")
_SPARSE_VERSION = 8  # of FULLY_CONNECTED
_ONE_SCALE = "one scale for the whole tensor"


def _float(*places: int) -> tuple[Condition, ...]:
    """Inputs of 32 or 16 bits of float, and the output."""
    return (*(types(place, *_FLOATS) for place in places), types(0, *_FLOATS, output=True))


def _number(place: int, *, output: bool = False, kinds: tuple[str, ...] = _BYTES) -> Condition:
    """A float, or 8 bits with one scale."""

    def condition(node: Node) -> Failure | None:
        tensor = node.output(place) if output else node.input(place)
        found = node.type(tensor)
        if tensor < 0 or found in _FLOATS:
            return None
        operand = f"{'output' if output else 'input'} {place}"
        if found not in kinds:
            return Failure(operand, found, f"float, or {' or '.join(kinds)}")
        if not node.is_per_tensor(tensor):
            return Failure(operand, "quantized per channel or not at all", _ONE_SCALE)
        return None

    return condition


def _numbers(*places: int) -> tuple[Condition, ...]:
    return (*(_number(place) for place in places), _number(0, output=True))


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


def _bias(place: int) -> Condition:
    """The bias of integer arithmetic is INT32."""

    def condition(node: Node) -> Failure | None:
        data = node.input(2 if node.op == "TRANSPOSE_CONV" else 0)
        bias = node.input(place)
        if bias < 0 or node.type(data) not in _BYTES or node.type(bias) == "INT32":
            return None
        return Failure(f"input {place} (bias)", node.type(bias), "INT32")

    return condition


def _dense_weights(node: Node) -> Failure | None:
    version = node.version
    if version != _SPARSE_VERSION:
        return None
    return Failure("operator version", str(version), "any other: this one says that weights are sparse")


def _matrix(node: Node) -> Failure | None:
    """The types of FULLY_CONNECTED go together; few bits are packed in whole bytes."""
    data, weights = node.type(node.input(0)), node.type(node.input(1))
    if node.type(node.output()) != data:
        return Failure("output 0", node.type(node.output()), f"{data} like the input")
    converts = data in (*_FLOATS, "INT8") and weights in ("INT8", "INT4", "INT2")
    if data != weights and not converts:
        return Failure("input 1 (weights)", weights, f"{data}, or INT8, INT4 or INT2 for float and INT8")
    per_byte = {"INT4": 2, "INT2": 4}.get(weights, 1)
    shape = node.view.shape[node.input(1)]
    if shape and shape[-1] % per_byte:
        return Failure("input channels", str(shape[-1]), f"a multiple of {per_byte} for {weights}")
    return None


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


def _custom(node: Node) -> Failure | None:
    return None if node.op in _CUSTOM else Failure("custom operator", node.op, " or ".join(_CUSTOM))


_VARIABLES = ("READ_VARIABLE", "ASSIGN_VARIABLE")
_UNARY = ("ABS", "CEIL", "COS", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LOG", "NEG", "RELU", "RELU6", "RELU_N1_TO_1",
          "ROUND", "RSQRT", "SIN", "SQRT", "SQUARE")  # fmt: skip
_SHAPED = ("MEAN", "PAD", "REDUCE_MAX", "REDUCE_MIN", "RESHAPE", "SUM", "TRANSPOSE")


def _rules() -> Iterator[tuple[str, tuple[Condition, ...]]]:
    for op in _UNARY:
        yield op, _float(0)
    for op in ("LEAKY_RELU", "LOGISTIC", "TANH"):
        yield op, _numbers(0)
    yield "ELU", (_number(0, kinds=("INT8",)), _number(0, output=True, kinds=("INT8",)))
    yield "SOFTMAX", (*_float(0), option("beta", 1.0))
    yield "DEQUANTIZE", (types(0, *_BYTES), _number(0), types(0, *_FLOATS, output=True))
    yield "QUANTIZE", (*_numbers(0), _requantizes)
    for op in ("ADD", "SUB"):
        yield op, (*_numbers(0, 1), _same_type, _scales(1 / 1024, 256))
    yield "MUL", (*_numbers(0, 1), _same_type, _scales(1 / 65536, 256, product=True))
    for op in ("DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"):
        yield op, _float(0, 1)
    yield "PRELU", (*_float(0, 1), constant(1, "slope"))
    yield "CONCATENATION", (inputs_between(2, 5), _joins, *_numbers(0, 1, 2, 3, 4))
    for op in _SHAPED:
        yield op, (*_numbers(0), constant(1, "shape" if op == "RESHAPE" else "axes"))
    yield "RESIZE_BILINEAR", (*_numbers(0), types(0, "FLOAT32", *_BYTES), constant(1, "size"))
    yield "SLICE", (*_numbers(0), constant(1, "begin"), constant(2, "size"))
    masks = tuple(option(f"{name}_mask", 0, needed="0") for name in ("ellipsis", "new_axis", "shrink_axis"))
    yield "STRIDED_SLICE", (*_numbers(0), constant(1, "begin"), constant(2, "end"), constant(3, "strides"), *masks)
    yield "SPLIT", (_number(1), constant(0, "axis"), outputs_between(2, 4))
    yield "EXPAND_DIMS", (_never,)
    weights = (types(1, *_WEIGHTS), constant(1, "weights"))
    for op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        yield op, (*_numbers(0), *weights, constant(2, "bias"), _bias(2))
    yield "FULLY_CONNECTED", (
        *_numbers(0), *weights, constant(2, "bias"), _bias(2), _matrix, _symmetric(1, unless_float=True), _dense_weights
    )  # fmt: skip
    yield "TRANSPOSE_CONV", (*_numbers(2), *weights, constant(3, "bias"), _bias(3))
    yield "AVERAGE_POOL_2D", (*_float(0), _window)
    yield "MAX_POOL_2D", (*_numbers(0), types(0, "FLOAT32", *_BYTES), _window)
    for op in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"):
        yield op, (_number(0),)
    yield "BATCH_MATMUL", (
        _number(0), types(1, *_FLOATS, "INT8"), _number(0, output=True), _product, _symmetric(1, unless_float=True)
    )  # fmt: skip
    yield "READ_VARIABLE", (_number(0, output=True),)
    yield "ASSIGN_VARIABLE", (_number(1),)
    for op in _CUSTOM:
        yield op, ()


RULES: Rules = dict(_rules())


def claim(view: View, subgraph: int) -> Claim:
    """What XNNPACK wants of a subgraph.

    Constants that are stored in 16 bits, 8 bits or sparse it unpacks itself: it takes their DEQUANTIZE and DENSIFY,
    unless an operator that it does not take reads the result. A VAR_HANDLE goes with what reads or assigns it.
    """
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
        found = failures(node, RULES)
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


XNNPACK = Delegate(
    "xnnpack", "XNNPACK", "exact", "tflite/delegates/xnnpack/xnnpack_delegate.cc of LiteRT f674577", claim
)
