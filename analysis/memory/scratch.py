"""Scratch memory that the reference kernels of tflite-micro 90b983c2 ask for (tensorflow/lite/micro/kernels)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..model import Model
from ..operands import Operands
from ..ragged import Array
from ..schema import enum_values

_TYPES = enum_values("TensorType")
# Pointers on the 64-bit targets that the sizes are compared with.
_POINTER = 8


def scratch(model: Model) -> tuple[Array, Array]:
    """The buffers that operators ask for beside their tensors, in the order in which they do.

    Returns:
        The operator (global id) and the bytes of every buffer, int64. What depends on a size that is not known is
        left out.
    """
    owners: list[Array] = [np.zeros(0, np.int64)]
    sizes: list[Array] = [np.zeros(0, np.int64)]
    turns: list[Array] = [np.zeros(0, np.int64)]
    for row, op in enumerate(model.operators.type_names):
        if op not in _KERNELS:
            continue
        mine = np.flatnonzero(model.operators.type == row)
        for number, size in enumerate(_KERNELS[op](Operands(model, mine))):
            asked = (size >= 0) & (size < 2**40)
            owners.append(mine[asked])
            sizes.append(size[asked])
            turns.append(np.full(int(asked.sum()), number, np.int64))
    owner, size, turn = np.concatenate(owners), np.concatenate(sizes), np.concatenate(turns)
    order = np.lexsort((turn, owner))
    return owner[order], size[order]


def _where(condition: Array, size: Array) -> Array:
    """The size where the kernel asks for the buffer and the size is known, else -1."""
    return np.where(condition & (size >= 0), size, -1)


def _reduce(operands: Operands) -> list[Array]:
    """reduce_common.cc: an index per axis of the input, and the axes."""
    data, axes = operands.input(0), operands.input(1)
    return [4 * operands.rank(data), _where(axes >= 0, 4 * operands.elements(axes))]


def _mean_or_sum(operands: Operands) -> list[Array]:
    quantized = np.isin(operands.type(operands.input(0)), (_TYPES["INT8"], _TYPES["INT16"]))
    return [_where(quantized, 4 * operands.elements(operands.output())), *_reduce(operands)]


def _lstm(operands: Operands) -> list[Array]:
    """unidirectional_sequence_lstm.cc: four gates of batch x state, in the type of the cell state."""
    data, state, cell = operands.input(0), operands.input(18), operands.input(19)
    batch = operands.axis(data, np.where(operands.option("time_major") != 0, 1, 0))
    known = (cell >= 0) & (state >= 0)
    return [_where(known, batch * operands.axis(state, 1) * operands.width(cell))] * 4


def _transpose_conv(operands: Operands) -> list[Array]:
    """transpose_conv.cc: an accumulator per output, and for 16x8 a bias of 64 bits made from one of 16."""
    kind = operands.type(operands.input(2))
    bias, wide = operands.input(3), kind == _TYPES["INT16"]
    output = operands.elements(operands.output())
    return [
        _where(kind == _TYPES["INT8"], 4 * output),
        _where(wide, 8 * output),
        _where(wide & (operands.type(bias) == _TYPES["INT16"]), 8 * operands.elements(bias)),
    ]


def _svdf(operands: Operands) -> list[Array]:
    """svdf_common.cc: batch x filters, and batch x units for the integer kernel."""
    data, filters = operands.input(0), operands.axis(operands.input(1), 0)
    batch, rank = operands.axis(data, 0), operands.option("rank")
    integer = operands.type(data) == _TYPES["INT8"]
    units = np.where(rank > 0, filters // np.maximum(rank, 1), -1)
    return [4 * batch * filters, _where(integer & (units >= 0), 4 * batch * units)]


def _add_n(operands: Operands) -> list[Array]:
    """add_n.cc: a pointer per input."""
    return [_POINTER * operands.model.operators.inputs.counts[operands.operators]]


def _mirror_pad(operands: Operands) -> list[Array]:
    """mirror_pad.cc: two lists of an element count per axis."""
    return [4 * operands.rank(operands.input(0))] * 2


def _four_bit_filter(operands: Operands) -> list[Array]:
    """conv_common.cc, depthwise_conv_common.cc, fully_connected.cc: a 4-bit filter unpacked to bytes."""
    filters = operands.input(1)
    return [_where(operands.type(filters) == _TYPES["INT4"], operands.elements(filters))]


_KERNELS: dict[str, Callable[[Operands], list[Array]]] = {
    "MEAN": _mean_or_sum,
    "SUM": _mean_or_sum,
    "REDUCE_ALL": _reduce,
    "REDUCE_MAX": _reduce,
    "REDUCE_MIN": _reduce,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "TRANSPOSE_CONV": _transpose_conv,
    "SVDF": _svdf,
    "ADD_N": _add_n,
    "MIRROR_PAD": _mirror_pad,
    "CONV_2D": _four_bit_filter,
    "DEPTHWISE_CONV_2D": _four_bit_filter,
    "FULLY_CONNECTED": _four_bit_filter,
}
