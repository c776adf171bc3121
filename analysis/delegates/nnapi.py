"""Android's NNAPI by the TFLite delegate, by NNAPI feature level.

Read in NNAPIDelegateKernel::Validate and StatefulNnApiDelegate::DoPrepare of tflite/delegates/nnapi/nnapi_delegate.cc
of LiteRT f674577. Feature levels 1 to 5 are API levels 27 to 31; which of 6 to 8 a device has is told by its driver,
not by Android's version. A driver takes of these operators what it likes: nothing here was compared with a device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from . import nnapi_conditions as when
from .halves import claimed
from .nnapi_conditions import BYTES, FLOAT, INTEGER, LEVEL, USUAL
from .rules import (
    MOST,
    Claimer,
    Condition,
    Delegate,
    Rules,
    constant,
    failures,
    inputs_between,
    option,
    types,
    whole,
)  # fmt: skip

_DEFAULT_LEVEL, _MOST_LEVEL = 5, 8
_ALL = (*USUAL, INTEGER)


def _claimer(values: Mapping[str, str]) -> Claimer:
    level = whole(values, LEVEL)
    if not 1 <= level <= _MOST_LEVEL:
        raise ValueError(f"{LEVEL}={level}: must be 1 to {_MOST_LEVEL}; API levels 27 to 31 are 1 to 5")
    return partial(claimed, failures=partial(failures, rules=rules(level)))


def rules(level: int) -> Rules:
    """The conditions at a feature level: those of the operator, its version, and the level that it came with."""
    return {
        op: (when.version(newest), *([] if level >= since else [when.since(level, since)]), *conditions)
        for op, (since, newest, conditions) in _table(level).items()
    }


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


_TWO_RANKS = (when.rank(0, 0), when.rank(1, 0))


def _arithmetic(level: int) -> _Rows:
    wide = (types(0, *_ALL), when.no_activation_of_integers) if level >= 4 else (types(0, *USUAL),)
    sub = (FLOAT, *(BYTES if level >= 3 else ()), *((INTEGER,) if level >= 4 else ()))
    yield "ADD", _row(1, 2, *wide, *_TWO_RANKS)
    yield "MUL", _row(1, 3 if level >= 3 else 2, *wide, *_TWO_RANKS)
    yield "SUB", _row(2, 3, types(0, *sub), when.no_activation_of_integers, *_TWO_RANKS)
    yield "DIV", _row(2, 1, types(0, FLOAT), *_TWO_RANKS)
    yield "MAXIMUM MINIMUM", _row(3, 3, types(0, *_ALL), when.constant_scalar(0), when.constant_scalar(1))
    squared = _ALL if level >= 4 else (FLOAT, "UINT8") if level >= 3 else (FLOAT,)
    yield "SQUARED_DIFFERENCE", _row(2, 2, types(0, *squared), *_TWO_RANKS)
    yield "ABS EXP LOG POW SQRT COS SIN", _row(3, 1, types(0, FLOAT))
    yield "RSQRT", _row(3, 2, types(0, *(USUAL if level >= 7 else (FLOAT,))))
    yield "NEG", _row(3, 2, types(0, FLOAT, INTEGER))
    yield "FLOOR", _row(1, 1)
    yield "RELU RELU_N1_TO_1 RELU6 LOGISTIC", _row(1, 2, types(0, *USUAL))
    yield "TANH", _row(1, 2, types(0, *(USUAL if level >= 3 else (FLOAT,))))
    yield "HARD_SWISH", _row(1, when.ANY, types(0, *USUAL))
    yield "LEAKY_RELU PRELU", _row(3, 1, types(0, *USUAL))
    yield "ELU", _row(4, 1, types(0, FLOAT))
    yield "LOG_SOFTMAX", _row(3, 1, types(0, FLOAT))
    yield "LOGICAL_OR LOGICAL_AND LOGICAL_NOT", _row(3, 1, types(0, "BOOL"))
    yield "LESS LESS_EQUAL GREATER GREATER_EQUAL EQUAL NOT_EQUAL", _row(3, 2, types(0, *_ALL, "BOOL"))
    old = (when.softmax_rank,) if level < 3 else ()
    yield "SOFTMAX", _row(1, 2, types(0, *USUAL), types(0, *USUAL, output=True), when.rank(0, 0), *old)


def _layers(level: int) -> _Rows:
    old = level < 3
    floats = (types(0, FLOAT, "UINT8"), when.restricted_scales)
    undilated = (option("dilation_w_factor", 1), option("dilation_h_factor", 1))
    yield "AVERAGE_POOL_2D", _row(1, 2, types(0, *USUAL), *((when.patch,) if old else ()))
    yield "MAX_POOL_2D", _row(1, 2, types(0, *USUAL))
    yield "L2_POOL_2D", _row(1, 1, types(0, FLOAT), *((when.NO_ACTIVATION,) if old else ()))
    yield "CONV_2D", _row(
        1, 5, inputs_between(3, 3),
        *((when.not_hybrid(1), *floats, when.one_scale, *undilated, when.ungrouped) if old else ()),
    )  # fmt: skip
    yield "DEPTHWISE_CONV_2D", _row(1, 3, *((*floats, *undilated) if old else ()))
    yield "FULLY_CONNECTED", _row(
        1, 5, when.not_int16_output, *((when.not_hybrid(1), *floats) if old else ()),
        *((option("keep_num_dims", 0, needed="false before level 4"),) if level < 4 else ()),
    )  # fmt: skip
    yield "TRANSPOSE_CONV", _row(3, 4, constant(0, "shape"), constant(1, "weights"))
    batched = (types(0, FLOAT, INTEGER, "INT8"), when.alike, when.rank(0, 2), when.no_broadcast)
    yield "BATCH_MATMUL", _row(6, 2, *batched)
    yield "L2_NORMALIZATION", _row(1, 2, when.NO_ACTIVATION, *((types(0, FLOAT), when.rank(0, 4)) if old else ()))
    yield "LOCAL_RESPONSE_NORMALIZATION", _row(1, 1)


def _movement(level: int) -> _Rows:
    half = (FLOAT, "FLOAT16", INTEGER, *BYTES)
    resize = tuple(option(name, 0, needed="false before level 4") for name in ("align_corners", "half_pixel_centers"))
    flags = resize if level <= 3 else ()
    old = level < 3
    reshape = types(0, *(_ALL if level >= 6 else USUAL))
    ranks = (when.rank(0, 0), when.rank(0, 0, output=True))
    yield "RESHAPE", _row(1, 1, reshape, *ranks, constant(1, "shape"), when.shape_of_one_input)
    size = (types(0, *USUAL), inputs_between(2, when.ANY), constant(1, "size"))
    yield "RESIZE_BILINEAR", _row(
        1, 3, *size, when.rank(0, 4), *flags, *((when.square, types(0, FLOAT)) if old else ())
    )  # fmt: skip
    yield "RESIZE_NEAREST_NEIGHBOR", _row(3, 3, *size, *flags)
    yield "SQUEEZE", _row(2, 1)
    yield "CONCATENATION", _row(
        1, 2, when.NO_ACTIVATION, when.rank(0, 0), types(0, FLOAT, "FLOAT16", *BYTES),
        *((when.same_quantization,) if old else ()),
    )  # fmt: skip
    yield "DEQUANTIZE", _row(1, when.ANY, when.dequantize(level))
    yield "DENSIFY", _row(4, when.ANY, constant(0, "values"))
    made = BYTES if level >= 4 else ("UINT8",)
    yield "QUANTIZE", _row(3, 2, types(0, *USUAL), types(0, *made, output=True), when.has_scales)
    pads = (types(0, *USUAL), when.no_elements, inputs_between(2, when.ANY))
    yield "PAD PADV2", _row(2, 2, *pads, *((inputs_between(2, 2), types(0, FLOAT)) if old else ()))
    yield "MIRROR_PAD", _row(7, 2, types(0, *_ALL), when.no_elements, inputs_between(2, 2))
    yield "REVERSE_V2", _row(7, 3, types(0, *_ALL), inputs_between(2, 2))
    yield "SPACE_TO_BATCH_ND", _row(2, 2)
    yield "BATCH_TO_SPACE_ND", _row(2, 2, when.zero_crops)
    yield "STRIDED_SLICE", _row(2, 2, types(0, *USUAL))
    yield "TRANSPOSE", _row(2, 2, inputs_between(2, when.ANY), constant(1, "permutation"))
    yield "SLICE", _row(3, 2, types(0, *_ALL), types(1, INTEGER), types(2, INTEGER))
    yield "SPACE_TO_DEPTH", _row(1, 2, types(0, *USUAL))
    yield "DEPTH_TO_SPACE", _row(1, when.ANY, types(0, *USUAL))
    casts = (FLOAT, INTEGER, *(BYTES if level >= 4 else ("UINT8",)))
    yield "CAST", _row(3, 1, types(0, *casts), types(0, *casts, output=True))
    yield "TILE", _row(3, 1, types(0, *_ALL), types(1, INTEGER))
    yield "SELECT", _row(3, 2, types(1, *_ALL), when.same_shape)
    yield "GATHER", _row(3, 2, types(0, *half), types(1, INTEGER), when.rank(1, 1, when.ANY))
    yield "EXPAND_DIMS", _row(3, 1, types(0, *half), types(1, INTEGER), constant(1, "axis"))
    parts = _ALL if level >= 4 else (FLOAT, "UINT8", INTEGER)
    yield "SPLIT", _row(3, 3, types(1, *parts), types(0, INTEGER), constant(0, "axis"))
    yield "SPLIT_V", _row(
        4, 2, types(0, *_ALL), types(1, INTEGER), when.rank(1, 1, 1), when.splits, types(2, INTEGER),
        constant(2, "axis"),
    )  # fmt: skip
    yield "FILL", _row(
        4, 1, constant(0, "shape"), types(0, INTEGER, "INT64"), types(1, FLOAT, INTEGER, "INT64"), when.SCALAR_RESULT
    )  # fmt: skip
    packed = (types(0, *_ALL),) if level >= 6 else (types(0, FLOAT, "INT8"), when.not_last(0))
    yield "PACK", _row(4, 2, *packed)
    yield "UNPACK", _row(4, 2, types(0, *USUAL), when.rank(0, 2), when.not_last(-1))
    yield "EMBEDDING_LOOKUP", _row(1, 1, types(1, FLOAT))
    yield "HASHTABLE_LOOKUP", _row(1, 1, types(0, FLOAT, output=True))
    yield "LSH_PROJECTION", _row(1, 1, when.sparse_projection(level))


def _reductions(level: int) -> _Rows:
    mean = types(0, *(USUAL if level >= 3 else (FLOAT,)))
    yield "MEAN", _row(2, 2, mean, when.SCALAR_RESULT, when.rank(0, 0))
    yield "REDUCE_ANY", _row(3, 2, when.SCALAR_RESULT)
    yield "REDUCE_MIN REDUCE_MAX", _row(3, 2, types(0, *USUAL), when.rank(0, 1, when.ANY))
    yield "REDUCE_PROD SUM", _row(3, 1, types(0, FLOAT), when.SCALAR_RESULT)
    yield "ARG_MAX ARG_MIN", _row(
        3, 2, types(0, "FLOAT16", *_ALL), types(1, INTEGER, "INT64"), when.wide_axis,
        types(0, INTEGER, output=True),
    )  # fmt: skip
    yield "TOPK_V2", _row(3, 2, types(0, *_ALL), types(1, INTEGER), constant(1, "k"))


def _recurrent(level: int) -> _Rows:
    yield "LSTM", _row(2, 3, when.lstm(level))
    yield "UNIDIRECTIONAL_SEQUENCE_LSTM", _row(3, 2, when.not_hybrid(2), when.inputs_of_lstm)
    yield "BIDIRECTIONAL_SEQUENCE_LSTM", _row(3, 1, when.not_hybrid(2))
    yield "UNIDIRECTIONAL_SEQUENCE_RNN", _row(3, 1, when.not_hybrid(1))
    yield "RNN", _row(1, 1, inputs_between(5, 5), types(1, FLOAT))
    yield "SVDF", _row(2, 1, inputs_between(5, 5), types(1, FLOAT))


_OPTIONS = {MOST: "3", LEVEL: str(_DEFAULT_LEVEL)}
NNAPI = Delegate(
    "nnapi", "NNAPI", "rules", "tflite/delegates/nnapi/nnapi_delegate.cc of LiteRT f674577", _claimer(_OPTIONS),
    most_partitions=3, options=_OPTIONS, with_options=_claimer,
    choices={LEVEL: tuple(map(str, range(1, _MOST_LEVEL + 1)))},
)  # fmt: skip
