"""What is known of every weight tensor of a model; kept as long as the model is, for the reports that share it."""

from __future__ import annotations

import hashlib
import math
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..dtypes import bits_of
from ..kept import kept
from ..model import Model
from ..overview import weight_tensors
from ..quantization.channels import channel_axes
from ..ragged import Array, kinds_of
from ..sparse import Encoding, dense_stored, encoding
from ..values import UnreadableError, readable, stored, stored_rows
from .statistics import Statistics, statistics
from .structure import Pattern, pattern
from .together import SMALL, together

# From this share of zeros on it is looked where they lie.
SPARSE = 0.05
# Bytes of a tensor that are compressed to tell how far it can be: evenly spaced pieces.
_SAMPLE, _PIECES = 1 << 16, 4
# A tensor is looked at for structure up to so many elements: it is held unpacked.
_MOST_HELD = 1 << 26
_LEAST_COMPARED = 64
# Elements of small tensors that are looked at together: with what is made of them they stay in a processor's cache.
_TOGETHER = 1 << 17
# Elements of sparse tensors that are decoded of one model: a small file can tell of any number of zeros.
_MOST_DECODED = 1 << 28
TOO_MANY = f"more than {_MOST_DECODED:,} elements of the model's sparse tensors are not decoded"


@dataclass(frozen=True)
class Weight:
    """One weight tensor.

    Attributes:
        axis: of the output channels, -1 where there are none.
        channels: how many these are, None where there are none.
        bits: of an element.
        zero: the stored value that stands for 0.
        statistics: of its values, of sparse ones with the zeros.
        encoding: how it is stored sparse, None for dense ones.
        pattern: the regularity of its zeros, if any.
        deflated: bytes that deflate would make of it, estimated from a part of larger ones.
    """

    axis: int
    channels: int | None
    bits: int
    zero: int
    statistics: Statistics
    encoding: Encoding | None
    pattern: Pattern | None
    deflated: int


@dataclass(frozen=True)
class Weights:
    """All weight tensors of a model.

    Attributes:
        tensors: int64, ids of those that could be read, one per buffer.
        of: what is known of each.
        unreadable: ids of the others, with the reason.
        copies: groups of tensors whose bytes are the same in different buffers.
    """

    tensors: Array
    of: list[Weight]
    unreadable: dict[int, str]
    copies: list[list[int]]


@kept
def weights_of(model: Model) -> Weights:
    """The weights of a model, looked at once.

    Raises:
        ModelError: when the file was changed.
    """
    tensors = weight_tensors(model)
    axes, zeros = channel_axes(model)[tensors], _zeros(model, tensors)
    found = _small(model, tensors, axes, zeros)
    unreadable: dict[int, str] = {}
    left = _MOST_DECODED
    rows = [row for row in range(len(tensors)) if row not in found]
    with ThreadPoolExecutor(1) as beside:  # zlib and numpy let go of the interpreter: one works beside the other
        deflated = {row: beside.submit(_deflated, model, int(tensors[row])) for row in rows}
        for row in rows:
            tensor = int(tensors[row])
            if model.is_sparse[tensor]:
                left -= max(int(model.tensors.elements[tensor]), 0)
            if model.is_sparse[tensor] and left < 0:
                unreadable[tensor] = TOO_MANY
                continue
            try:
                found[row] = _large(model, tensor, int(axes[row]), int(zeros[row]), deflated[row])
            except UnreadableError as error:
                unreadable[tensor] = str(error)
    known = sorted(found)
    return Weights(tensors[known], [found[row] for row in known], unreadable, _copies(model, tensors[known].tolist()))


def _zeros(model: Model, tensors: Array) -> Array:
    """The stored value that stands for 0, int64: the zero point where there is one, 0 where channels differ."""
    points = model.quantization.zero_point.take(tensors)
    there = points.counts > 0
    zeros = np.zeros(len(tensors), np.int64)
    zeros[there] = points.values[points.offsets[:-1][there]]
    zeros[points.rows[points.values != zeros[points.rows]]] = 0
    return zeros


def _small(model: Model, tensors: Array, axes: Array, zeros: Array) -> dict[int, Weight]:
    """What is known of small dense tensors, by the place in ``tensors``; those of one type and shape go together."""
    shapes, bits = model.tensors.shape.take(tensors), bits_of(model.tensors.type[tensors])
    axis = np.where(axes < shapes.counts, axes, -1)
    kinds = kinds_of([model.tensors.type[tensors], shapes.kinds(), axis], len(tensors))
    rows = np.flatnonzero(readable(model, tensors) & (model.tensors.elements[tensors] <= SMALL))
    rows = rows[np.argsort(kinds[rows], kind="stable")]
    found: dict[int, Weight] = {}
    for alike in np.split(rows, np.flatnonzero(np.diff(kinds[rows])) + 1) if len(rows) else []:
        shape, of_axis = tuple(shapes[alike[0]].tolist()), int(axis[alike[0]])
        channels = shape[of_axis] if of_axis >= 0 else None
        step = max(1, _TOGETHER // math.prod(shape))
        for some in (alike[begin : begin + step] for begin in range(0, len(alike), step)):
            raw, numbers = stored_rows(model, tensors[some])
            of_some = together(numbers, shape, of_axis, zeros[some])
            for row, data, values, figures in zip(some.tolist(), raw, numbers, of_some, strict=True):
                if figures is None:
                    continue
                regular = None
                if _has_many_zeros(figures, of_axis):
                    regular = pattern(values.reshape(shape), of_axis, int(zeros[row]))
                size, zero = len(zlib.compress(data.data)), int(zeros[row])
                found[row] = Weight(of_axis, channels, int(bits[row]), zero, figures, None, regular, size)
    return found


def _large(model: Model, tensor: int, axis: int, zero: int, deflated: Future[int]) -> Weight:
    is_sparse = bool(model.is_sparse[tensor])
    how = encoding(model, tensor) if is_sparse else None
    values = dense_stored(model, tensor) if is_sparse else stored(model, tensor)
    if values is None:
        raise UnreadableError("is not in the file, of a type without numbers, or not of its size")
    axis = axis if axis < len(values.shape) else -1
    figures = statistics(values, axis, zero)
    regular = None
    if _has_many_zeros(figures, axis) and figures.count <= _MOST_HELD:
        regular = pattern(values.read(0, values.count).reshape(values.shape), axis, zero)
    channels = values.shape[axis] if axis >= 0 else None
    bits = int(bits_of(model.tensors.type[tensor : tensor + 1])[0])
    return Weight(axis, channels, bits, zero, figures, how, regular, deflated.result())


def _has_many_zeros(figures: Statistics, axis: int) -> bool:
    return axis >= 0 and figures.zeros >= SPARSE * figures.count


def _deflated(model: Model, tensor: int) -> int:
    data = model.buffer_data(int(model.tensors.buffer[tensor]))
    if data.size <= _SAMPLE:
        return len(zlib.compress(data.tobytes()))
    piece = _SAMPLE // _PIECES
    starts = np.linspace(0, data.size - piece, _PIECES).astype(np.int64) // 8 * 8
    part = b"".join(data[start : start + piece].tobytes() for start in starts.tolist())
    return int(len(zlib.compress(part)) / len(part) * data.size)


def _copies(model: Model, tensors: list[int]) -> list[list[int]]:
    """Only buffers of the same size are hashed."""
    buffers = model.tensors.buffer[tensors]
    starts, sizes = model.buffers.start[buffers].tolist(), model.buffers.size[buffers].tolist()
    by_size: dict[int, list[tuple[int, int]]] = {}
    for tensor, start, size in zip(tensors, starts, sizes, strict=True):
        if size >= _LEAST_COMPARED:
            by_size.setdefault(size, []).append((tensor, start))
    groups: dict[tuple[int, bytes], list[int]] = {}
    model.source.check()
    for size, several in by_size.items():
        if len(several) > 1:
            for tensor, start in several:
                data = model.source.data[start : start + size].data
                groups.setdefault((size, hashlib.blake2b(data).digest()), []).append(tensor)
    return [group for group in groups.values() if len(group) > 1]


def dense_bytes(model: Model, weights: Weights) -> Array:
    """Bytes of the weight tensors if they were dense, int64."""
    counts = np.array([weight.statistics.count for weight in weights.of], np.int64)
    return (counts * bits_of(model.tensors.type[weights.tensors]) + 7) // 8
