"""Android's NNAPI by the TFLite delegate, by NNAPI feature level.

Read in NNAPIDelegateKernel::Validate and StatefulNnApiDelegate::DoPrepare of tflite/delegates/nnapi/nnapi_delegate.cc
of LiteRT f674577. Feature levels 1 to 5 are API levels 27 to 31; which of 6 to 8 a device has is told by its driver,
not by Android's version. A driver takes of these operators what it likes: nothing here was compared with a device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from ..values import stored
from .halves import claimed
from .nodes import Node
from .rules import (
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
    types,
    whole,
)  # fmt: skip

LEVEL = "feature_level"
_DEFAULT_LEVEL, _MOST_LEVEL = 5, 8
_BYTES = ("UINT8", "INT8")
_FLOAT, _INTEGER = "FLOAT32", "INT32"
_USUAL = (_FLOAT, *_BYTES)
_ALL = (*_USUAL, _INTEGER)
_SMALLEST_PATCH = 256


def _claimer(values: Mapping[str, str]) -> Claimer:
    level = whole(values, LEVEL)
    if not 1 <= level <= _MOST_LEVEL:
        raise ValueError(f"{LEVEL}={level}: must be 1 to {_MOST_LEVEL}; API levels 27 to 31 are 1 to 5")
    return partial(claimed, failures=partial(failures, rules=rules(level)))


def rules(level: int) -> Rules:
    """The conditions at a feature level: those of the operator, its version, and the level that it came with."""
    return {
        op: (_version(newest), *([] if level >= since else [_since(level, since)]), *conditions)
        for op, (since, newest, conditions) in _table(level).items()
    }


def _version(most: int) -> Condition:
    def condition(node: Node) -> Failure | None:
        found = node.version
        return None if found <= most else Failure("operator version", str(found), f"at most {most}")

    return condition


def _since(level: int, needed: int) -> Condition:
    return lambda _: Failure(LEVEL, str(level), f"at least {needed}")


def _rank(place: int, least: int, most: int = 4, *, output: bool = False) -> Condition:
    """An operand has so many dimensions."""

    def condition(node: Node) -> Failure | None:
        tensor = node.output(place) if output else node.input(place)
        rank = len(node.view.shape[tensor]) if tensor >= 0 else least
        hint = "reshape to at most 4 dimensions around it" if rank > most else ""
        needed = f"{least} to {most} dimensions" if least else f"at most {most} dimensions"
        named = f"{'output' if output else 'input'} {place}"
        return None if least <= rank <= most else Failure(named, f"{rank}-dimensional", needed, hint)

    return condition


_ANY = 1 << 30
_SCALAR_RESULT = _rank(0, 1, _ANY, output=True)
_NO_ACTIVATION = option("fused_activation_function", 0, needed="none")


def _no_activation_of_integers(node: Node) -> Failure | None:
    return _NO_ACTIVATION(node) if node.type(node.input(0)) == _INTEGER else None


def _not_hybrid(weights: int) -> Condition:
    """Weights of 8 bits are not read with floats (dynamic range)."""

    def condition(node: Node) -> Failure | None:
        if node.type(node.input(0)) != _FLOAT or node.type(node.input(weights)) not in _BYTES:
            return None
        hint = "quantize the whole model, or keep its weights in floats"
        return Failure(f"input {weights} (weights)", "of 8 bits with inputs in floats", "both alike", hint)

    return condition


def _restricted_scales(node: Node) -> Failure | None:
    """Before level 3 the product of the scales of input and weights is less than that of the output."""
    view = node.view
    if node.type(node.input(0)) != "UINT8" or node.input(1) < 0 or node.output() < 0:
        return None
    left = view.scale(node.input(0)) * view.scale(node.input(1))
    right = view.scale(node.output())
    if left < right:
        return None
    return Failure("the scales", f"{left:g} (input times weights)", f"less than {right:g} (output) before level 3")


def _one_scale(node: Node) -> Failure | None:
    if node.view.scales[node.input(1)] <= 1:
        return None
    return Failure("input 1 (weights)", "quantized per channel", "one scale before level 3")


def _ungrouped(node: Node) -> Failure | None:
    image, weights = (node.view.shape[node.input(place)] for place in (0, 1))
    if len(image) == len(weights) == 4 and image[3] == weights[3]:
        return None
    return Failure("input 1 (weights)", "grouped", "as many channels as input 0 before level 3")


def _patch(node: Node) -> Failure | None:
    size = node.option("filter_height") * node.option("filter_width")
    if node.type(node.input(0)) not in _BYTES or size <= _SMALLEST_PATCH:
        return None
    return Failure("option filter_height times filter_width", f"{size:g}", "at most 256 with 8 bits before level 3")


def _square(node: Node) -> Failure | None:
    shape = node.view.shape[node.output()]
    same = len(shape) == 4 and shape[1] == shape[2]
    return None if same else Failure("output 0", "wider or higher", "as wide as high before level 3")


def _softmax_rank(node: Node) -> Failure | None:
    rank = len(node.view.shape[node.input(0)])
    return None if rank in (2, 4) else Failure("input 0", f"{rank}-dimensional", "2 or 4 dimensions before level 3")


def _shape_of_one_input(node: Node) -> Failure | None:
    """A RESHAPE without an operand for the shape does not make a scalar."""
    rank = len(node.view.shape[node.output()])
    return None if len(node.inputs) > 1 or rank > 0 else Failure("output 0", "a scalar", "at least 1 dimension")


def _same_quantization(node: Node) -> Failure | None:
    view = node.view
    if node.type(node.input(0)) != "UINT8":
        return None
    if len({(view.scale(tensor), view.zero_point(tensor)) for tensor in node.inputs if tensor >= 0}) == 1:
        return None
    return Failure("the inputs", "of different scales", "one scale and zero point before level 3")


def _symmetric(node: Node) -> Failure | None:
    zero = node.view.zero_point(node.input(0)) if node.type(node.input(0)) == "INT8" else 0
    if zero == 0:
        return None
    return Failure("the zero point of input 0", str(zero), "0 with INT8 at level 3")


def _dequantize(level: int) -> Condition:
    allowed = ("UINT8",) if level < 3 else _BYTES

    def condition(node: Node) -> Failure | None:
        if level >= 4 and node.type(node.input(0)) == "FLOAT16" and not node.is_static(node.input(0)):
            return None
        failed = _version(2)(node) or types(0, *allowed)(node)
        return failed if failed or level != 3 else _symmetric(node)

    return condition


def _no_elements(node: Node) -> Failure | None:
    return Failure("input 0", "empty", "at least one element") if 0 in node.view.shape[node.input(0)] else None


def _zero_crops(node: Node) -> Failure | None:
    crops = stored(node.view.model, node.input(2)) if node.is_static(node.input(2)) else None
    if crops is not None and crops.count == 4 and not crops.read(0, 4).any():
        return None
    return Failure("input 2 (crops)", "computed, or not all 0", "four zeros")


def _splits(node: Node) -> Failure | None:
    """No part of SPLIT_V is empty; one may be -1: what is left over."""
    sizes = stored(node.view.model, node.input(1)) if node.is_static(node.input(1)) else None
    if sizes is not None and sizes.read(0, sizes.count).all():
        return None
    return Failure("input 1 (sizes)", "computed, or with a 0", "constants other than 0")


def _has_scales(node: Node) -> Failure | None:
    for name, tensor in (("input 0", node.input(0)), ("output 0", node.output())):
        if tensor >= 0 and node.type(tensor) in _BYTES and node.view.scale(tensor) <= 0:
            return Failure(name, "without a scale", "a scale above 0")
    return None


def _wide_axis(node: Node) -> Failure | None:
    return constant(1, "axis")(node) if node.type(node.input(1)) == "INT64" else None


def _sparse_projection(level: int) -> Condition:
    def condition(node: Node) -> Failure | None:
        if node.option("type") != 1:
            return None
        return _since(level, 3)(node) if level < 3 else inputs_between(2, 2)(node)

    return condition


def _constant_scalar(place: int) -> Condition:
    def condition(node: Node) -> Failure | None:
        tensor = node.input(place)
        if tensor < 0 or node.view.shape[tensor] or node.is_static(tensor):
            return None
        return Failure(f"input {place}", "a computed scalar", "a constant, or at least 1 dimension")

    return condition


def _same_shape(node: Node) -> Failure | None:
    view = node.view
    if view.shape[node.input(0)] == view.shape[node.input(1)]:
        return None
    return Failure("input 0 (condition)", "of another shape", "the shape of input 1")


def _no_broadcast(node: Node) -> Failure | None:
    left, right = (node.view.shape[node.input(place)] for place in (0, 1))
    if len(left) == len(right) and left[:-2] == right[:-2]:
        return None
    return Failure("input 1", "broadcast", "the batch dimensions of input 0")


def _alike(node: Node) -> Failure | None:
    left, right = (node.type(node.input(place)) for place in (0, 1))
    return None if left == right else Failure("input 1", right, f"{left} like input 0")


def _not_last(place_past_end: int) -> Condition:
    """The axis is not -1, and not the last."""

    def condition(node: Node) -> Failure | None:
        axis = node.option("axis")
        if axis not in (-1, len(node.view.shape[node.input(0)]) + place_past_end):
            return None
        return Failure("option axis", f"{axis:g}", "not the last dimension")

    return condition


def _lstm(level: int) -> Condition:
    """Five inputs are the basic kernel, 20 or 24 the full one."""
    weights = _USUAL if level >= 4 else (_FLOAT, "UINT8")

    def condition(node: Node) -> Failure | None:
        count = len(node.inputs)
        if count == 5:
            return _basic_lstm(node)
        if count == 24 and level < 3:
            return Failure("inputs", "24", f"20 at {LEVEL} {level}")
        hybrid = _not_hybrid(2)(node) if level < 3 and count in (20, 24) else None
        return hybrid or types(4, *weights)(node)

    return condition


def _basic_lstm(node: Node) -> Failure | None:
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


# The feature level that an operator came with, its newest version, and conditions.
_Row = tuple[int, int, tuple[Condition, ...]]
_Rows = Iterator[tuple[str, _Row]]


def _row(since: int, newest: int, *conditions: Condition) -> _Row:
    return since, newest, conditions


def _table(level: int) -> Mapping[str, _Row]:
    table: dict[str, _Row] = {}
    for rows in (_arithmetic(level), _layers(level), _movement(level), _reductions(level), _recurrent(level)):
        for names, row in rows:
            table |= dict.fromkeys(names.split(), row)
    return table


_TWO_RANKS = (_rank(0, 0), _rank(1, 0))


def _arithmetic(level: int) -> _Rows:
    wide = (types(0, *_ALL), _no_activation_of_integers) if level >= 4 else (types(0, *_USUAL),)
    sub = (_FLOAT, *(_BYTES if level >= 3 else ()), *((_INTEGER,) if level >= 4 else ()))
    yield "ADD", _row(1, 2, *wide, *_TWO_RANKS)
    yield "MUL", _row(1, 3 if level >= 3 else 2, *wide, *_TWO_RANKS)
    yield "SUB", _row(2, 3, types(0, *sub), _no_activation_of_integers, *_TWO_RANKS)
    yield "DIV", _row(2, 1, types(0, _FLOAT), *_TWO_RANKS)
    yield "MAXIMUM MINIMUM", _row(3, 3, types(0, *_ALL), _constant_scalar(0), _constant_scalar(1))
    squared = _ALL if level >= 4 else (_FLOAT, "UINT8") if level >= 3 else (_FLOAT,)
    yield "SQUARED_DIFFERENCE", _row(2, 2, types(0, *squared), *_TWO_RANKS)
    yield "ABS EXP LOG POW SQRT COS SIN", _row(3, 1, types(0, _FLOAT))
    yield "RSQRT", _row(3, 2, types(0, *(_USUAL if level >= 7 else (_FLOAT,))))
    yield "NEG", _row(3, 2, types(0, _FLOAT, _INTEGER))
    yield "FLOOR", _row(1, 1)
    yield "RELU RELU_N1_TO_1 RELU6 LOGISTIC", _row(1, 2, types(0, *_USUAL))
    yield "TANH", _row(1, 2, types(0, *(_USUAL if level >= 3 else (_FLOAT,))))
    yield "HARD_SWISH", _row(1, _ANY, types(0, *_USUAL))
    yield "LEAKY_RELU PRELU", _row(3, 1, types(0, *_USUAL))
    yield "ELU", _row(4, 1, types(0, _FLOAT))
    yield "LOG_SOFTMAX", _row(3, 1, types(0, _FLOAT))
    yield "LOGICAL_OR LOGICAL_AND LOGICAL_NOT", _row(3, 1, types(0, "BOOL"))
    yield "LESS LESS_EQUAL GREATER GREATER_EQUAL EQUAL NOT_EQUAL", _row(3, 2, types(0, *_ALL, "BOOL"))
    old = (_softmax_rank,) if level < 3 else ()
    yield "SOFTMAX", _row(1, 2, types(0, *_USUAL), types(0, *_USUAL, output=True), _rank(0, 0), *old)


def _layers(level: int) -> _Rows:
    old = level < 3
    floats = (types(0, _FLOAT, "UINT8"), _restricted_scales)
    undilated = (option("dilation_w_factor", 1), option("dilation_h_factor", 1))
    yield "AVERAGE_POOL_2D", _row(1, 2, types(0, *_USUAL), *((_patch,) if old else ()))
    yield "MAX_POOL_2D", _row(1, 2, types(0, *_USUAL))
    yield "L2_POOL_2D", _row(1, 1, types(0, _FLOAT), *((_NO_ACTIVATION,) if old else ()))
    yield "CONV_2D", _row(
        1, 5, inputs_between(3, 3),
        *((_not_hybrid(1), *floats, _one_scale, *undilated, _ungrouped) if old else ()),
    )  # fmt: skip
    yield "DEPTHWISE_CONV_2D", _row(1, 3, *((*floats, *undilated) if old else ()))
    yield "FULLY_CONNECTED", _row(
        1, 5, _not_int16_output, *((_not_hybrid(1), *floats) if old else ()),
        *((option("keep_num_dims", 0, needed="false before level 4"),) if level < 4 else ()),
    )  # fmt: skip
    yield "TRANSPOSE_CONV", _row(3, 4, constant(0, "shape"), constant(1, "weights"))
    batched = (types(0, _FLOAT, _INTEGER, "INT8"), _alike, _rank(0, 2), _no_broadcast)
    yield "BATCH_MATMUL", _row(6, 2, *batched)
    yield "L2_NORMALIZATION", _row(1, 2, _NO_ACTIVATION, *((types(0, _FLOAT), _rank(0, 4)) if old else ()))
    yield "LOCAL_RESPONSE_NORMALIZATION", _row(1, 1)


def _not_int16_output(node: Node) -> Failure | None:
    return Failure("output 0", "INT16", "another type") if node.type(node.output()) == "INT16" else None


def _movement(level: int) -> _Rows:
    half = (_FLOAT, "FLOAT16", _INTEGER, *_BYTES)
    resize = tuple(option(name, 0, needed="false before level 4") for name in ("align_corners", "half_pixel_centers"))
    flags = resize if level <= 3 else ()
    old = level < 3
    reshape = types(0, *(_ALL if level >= 6 else _USUAL))
    ranks = (_rank(0, 0), _rank(0, 0, output=True))
    yield "RESHAPE", _row(1, 1, reshape, *ranks, constant(1, "shape"), _shape_of_one_input)
    size = (types(0, *_USUAL), inputs_between(2, _ANY), constant(1, "size"))
    yield "RESIZE_BILINEAR", _row(1, 3, *size, _rank(0, 4), *flags, *((_square, types(0, _FLOAT)) if old else ()))
    yield "RESIZE_NEAREST_NEIGHBOR", _row(3, 3, *size, *flags)
    yield "SQUEEZE", _row(2, 1)
    yield "CONCATENATION", _row(
        1, 2, _NO_ACTIVATION, _rank(0, 0), types(0, _FLOAT, "FLOAT16", *_BYTES), *((_same_quantization,) if old else ())
    )  # fmt: skip
    yield "DEQUANTIZE", _row(1, _ANY, _dequantize(level))
    yield "DENSIFY", _row(4, _ANY, constant(0, "values"))
    made = _BYTES if level >= 4 else ("UINT8",)
    yield "QUANTIZE", _row(3, 2, types(0, *_USUAL), types(0, *made, output=True), _has_scales)
    pads = (types(0, *_USUAL), _no_elements, inputs_between(2, _ANY))
    yield "PAD PADV2", _row(2, 2, *pads, *((inputs_between(2, 2), types(0, _FLOAT)) if old else ()))
    yield "MIRROR_PAD", _row(7, 2, types(0, *_ALL), _no_elements, inputs_between(2, 2))
    yield "REVERSE_V2", _row(7, 3, types(0, *_ALL), inputs_between(2, 2))
    yield "SPACE_TO_BATCH_ND", _row(2, 2)
    yield "BATCH_TO_SPACE_ND", _row(2, 2, _zero_crops)
    yield "STRIDED_SLICE", _row(2, 2, types(0, *_USUAL))
    yield "TRANSPOSE", _row(2, 2, inputs_between(2, _ANY), constant(1, "permutation"))
    yield "SLICE", _row(3, 2, types(0, *_ALL), types(1, _INTEGER), types(2, _INTEGER))
    yield "SPACE_TO_DEPTH", _row(1, 2, types(0, *_USUAL))
    yield "DEPTH_TO_SPACE", _row(1, _ANY, types(0, *_USUAL))
    casts = (_FLOAT, _INTEGER, *(_BYTES if level >= 4 else ("UINT8",)))
    yield "CAST", _row(3, 1, types(0, *casts), types(0, *casts, output=True))
    yield "TILE", _row(3, 1, types(0, *_ALL), types(1, _INTEGER))
    yield "SELECT", _row(3, 2, types(1, *_ALL), _same_shape)
    yield "GATHER", _row(3, 2, types(0, *half), types(1, _INTEGER), _rank(1, 1, _ANY))
    yield "EXPAND_DIMS", _row(3, 1, types(0, *half), types(1, _INTEGER), constant(1, "axis"))
    parts = _ALL if level >= 4 else (_FLOAT, "UINT8", _INTEGER)
    yield "SPLIT", _row(3, 3, types(1, *parts), types(0, _INTEGER), constant(0, "axis"))
    yield "SPLIT_V", _row(
        4, 2, types(0, *_ALL), types(1, _INTEGER), _rank(1, 1, 1), _splits, types(2, _INTEGER), constant(2, "axis")
    )  # fmt: skip
    yield "FILL", _row(
        4, 1, constant(0, "shape"), types(0, _INTEGER, "INT64"), types(1, _FLOAT, _INTEGER, "INT64"), _SCALAR_RESULT
    )  # fmt: skip
    packed = (types(0, *_ALL),) if level >= 6 else (types(0, _FLOAT, "INT8"), _not_last(0))
    yield "PACK", _row(4, 2, *packed)
    yield "UNPACK", _row(4, 2, types(0, *_USUAL), _rank(0, 2), _not_last(-1))
    yield "EMBEDDING_LOOKUP", _row(1, 1, types(1, _FLOAT))
    yield "HASHTABLE_LOOKUP", _row(1, 1, types(0, _FLOAT, output=True))
    yield "LSH_PROJECTION", _row(1, 1, _sparse_projection(level))


def _reductions(level: int) -> _Rows:
    mean = types(0, *(_USUAL if level >= 3 else (_FLOAT,)))
    yield "MEAN", _row(2, 2, mean, _SCALAR_RESULT, _rank(0, 0))
    yield "REDUCE_ANY", _row(3, 2, _SCALAR_RESULT)
    yield "REDUCE_MIN REDUCE_MAX", _row(3, 2, types(0, *_USUAL), _rank(0, 1, _ANY))
    yield "REDUCE_PROD SUM", _row(3, 1, types(0, _FLOAT), _SCALAR_RESULT)
    yield "ARG_MAX ARG_MIN", _row(
        3, 2, types(0, "FLOAT16", *_ALL), types(1, _INTEGER, "INT64"), _wide_axis,
        types(0, _INTEGER, output=True),
    )  # fmt: skip
    yield "TOPK_V2", _row(3, 2, types(0, *_ALL), types(1, _INTEGER), constant(1, "k"))


def _recurrent(level: int) -> _Rows:
    yield "LSTM", _row(2, 3, _lstm(level))
    yield "UNIDIRECTIONAL_SEQUENCE_LSTM", _row(3, 2, _not_hybrid(2), _inputs_of_lstm)
    yield "BIDIRECTIONAL_SEQUENCE_LSTM", _row(3, 1, _not_hybrid(2))
    yield "UNIDIRECTIONAL_SEQUENCE_RNN", _row(3, 1, _not_hybrid(1))
    yield "RNN", _row(1, 1, inputs_between(5, 5), types(1, _FLOAT))
    yield "SVDF", _row(2, 1, inputs_between(5, 5), types(1, _FLOAT))


def _inputs_of_lstm(node: Node) -> Failure | None:
    count = len(node.inputs)
    return None if count in (20, 24) else Failure("inputs", str(count), "20 or 24")


_OPTIONS = {MOST: "3", LEVEL: str(_DEFAULT_LEVEL)}
NNAPI = Delegate(
    "nnapi", "NNAPI", "rules", "tflite/delegates/nnapi/nnapi_delegate.cc of LiteRT f674577", _claimer(_OPTIONS),
    most_partitions=3, options=_OPTIONS, with_options=_claimer,
    choices={LEVEL: tuple(map(str, range(1, _MOST_LEVEL + 1)))},
)  # fmt: skip
