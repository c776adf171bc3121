"""What is known of every weight tensor of a model; kept as long as the model is, for the reports that share it."""

from __future__ import annotations

import hashlib
import threading
import zlib
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ..dtypes import bits_of
from ..model import Model
from ..overview import weight_tensors
from ..quantization.channels import channel_axes
from ..ragged import Array
from ..sparse import Encoding, dense_stored, encoding
from ..values import UnreadableError, stored
from .statistics import Statistics, statistics
from .structure import Pattern, pattern

# From this share of zeros on it is looked where they lie.
SPARSE = 0.05
# Bytes of a tensor that are compressed to tell how far it can be: evenly spaced pieces.
_SAMPLE, _PIECES = 1 << 16, 4
# A tensor is looked at for structure up to so many elements: it is held unpacked.
_MOST_HELD = 1 << 26
_LEAST_COMPARED = 64
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


_KEPT: WeakKeyDictionary[Model, Weights] = WeakKeyDictionary()
# A page asks for several reports at once, and reading the weights is most of the work of each.
_LOOKING = threading.Lock()


def weights_of(model: Model) -> Weights:
    """The weights of a model, looked at once.

    Raises:
        ModelError: when the file was changed.
    """
    with _LOOKING:
        if model not in _KEPT:
            _KEPT[model] = _look(model)
        return _KEPT[model]


def _look(model: Model) -> Weights:
    axes, sparse = channel_axes(model), model.is_sparse
    found: list[Weight] = []
    known, unreadable = [], {}
    left = _MOST_DECODED
    for tensor in weight_tensors(model).tolist():
        left -= max(int(model.tensors.elements[tensor]), 0) if sparse[tensor] else 0
        if left < 0 and sparse[tensor]:
            unreadable[tensor] = TOO_MANY
            continue
        try:
            found.append(_weight(model, tensor, int(axes[tensor]), is_sparse=bool(sparse[tensor])))
            known.append(tensor)
        except UnreadableError as error:
            unreadable[tensor] = str(error)
    return Weights(np.array(known, np.int64), found, unreadable, _copies(model, known))


def _weight(model: Model, tensor: int, axis: int, *, is_sparse: bool) -> Weight:
    how = encoding(model, tensor) if is_sparse else None
    values = dense_stored(model, tensor) if is_sparse else stored(model, tensor)
    if values is None:
        raise UnreadableError("is not in the file, of a type without numbers, or not of its size")
    axis = axis if axis < len(values.shape) else -1
    points = model.quantization.zero_point[tensor]
    zero = int(points[0]) if len(points) and (points == points[0]).all() else 0
    figures = statistics(values, axis, zero)
    regular = None
    if axis >= 0 and figures.zeros >= SPARSE * figures.count and figures.count <= _MOST_HELD:
        regular = pattern(values.read(0, values.count).reshape(values.shape), axis, zero)
    bits = int(bits_of(model.tensors.type[tensor : tensor + 1])[0])
    channels = values.shape[axis] if axis >= 0 else None
    return Weight(axis, channels, bits, zero, figures, how, regular, _deflated(model, tensor))


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
    by_size: dict[int, list[int]] = {}
    for tensor in tensors:
        size = int(model.buffers.size[model.tensors.buffer[tensor]])
        if size >= _LEAST_COMPARED:
            by_size.setdefault(size, []).append(tensor)
    groups: dict[tuple[int, bytes], list[int]] = {}
    for size, several in by_size.items():
        if len(several) > 1:
            for tensor in several:
                data = model.buffer_data(int(model.tensors.buffer[tensor]))
                groups.setdefault((size, hashlib.blake2b(data.data).digest()), []).append(tensor)
    return [group for group in groups.values() if len(group) > 1]


def dense_bytes(model: Model, weights: Weights) -> Array:
    """Bytes of the weight tensors if they were dense, int64."""
    counts = np.array([weight.statistics.count for weight in weights.of], np.int64)
    return (counts * bits_of(model.tensors.type[weights.tensors]) + 7) // 8
