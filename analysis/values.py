"""The numbers of constant tensors as the file stores them, read through the mapping a block at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .dtypes import BITS, bits_of, dtype_name
from .model import Model
from .ragged import Array

# Elements of a block: what it takes unpacked stays in a processor's cache.
BLOCK = 1 << 20
# Packed types: their bits, and whether they have a sign.
_PACKED = {"INT4": (4, True), "UINT4": (4, False), "INT2": (2, True)}
_PLAIN = {
    "FLOAT32": "<f4", "FLOAT16": "<f2", "FLOAT64": "<f8", "INT8": "i1", "UINT8": "u1", "INT16": "<i2", "UINT16": "<u2",
    "INT32": "<i4", "UINT32": "<u4", "INT64": "<i8", "UINT64": "<u8", "BOOL": "u1",
}  # fmt: skip
# Range of the stored values of types that are quantized.
INTEGERS = {
    "INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767), "INT4": (-8, 7), "UINT4": (0, 15), "INT2": (-2, 1)
}  # fmt: skip


class UnreadableError(Exception):
    """The numbers of a constant cannot be had from the file; says why."""


class Stored:
    """The numbers of one constant tensor.

    Attributes:
        shape: of the tensor.
        count: elements.
    """

    def __init__(self, data: Array, dtype: str, shape: tuple[int, ...], count: int) -> None:
        self.shape, self.count = shape, count
        self._data, self._dtype = data, dtype

    def read(self, begin: int, end: int) -> Array:
        """Elements from one to before another, row-major. A view of the file but for packed types, which are int8.

        BFLOAT16 comes as float32, which holds all of its values.
        """
        if self._dtype in _PACKED:
            return _unpacked(self._data, *_PACKED[self._dtype], begin, end)
        if self._dtype == "BFLOAT16":
            halves = self._data[2 * begin : 2 * end].view("<u2").astype("<u4")
            return (halves << 16).view("<f4")
        kind = np.dtype(_PLAIN[self._dtype])
        return self._data[begin * kind.itemsize : end * kind.itemsize].view(kind)

    def at(self, places: Array) -> Array:
        """The elements at the given places, row-major; types as ``read`` has them. A copy."""
        if self._dtype in _PACKED:
            bits, signed = _PACKED[self._dtype]
            per_byte = 8 // bits
            shift = (bits * (places % per_byte)).astype(np.uint8)
            parts = ((self._data[places // per_byte] >> shift) & ((1 << bits) - 1)).view(np.int8)
            return _signed(parts, bits) if signed else parts
        if self._dtype == "BFLOAT16":
            return (self._data.view("<u2")[places].astype("<u4") << 16).view("<f4")
        found: Array = self._data.view(_PLAIN[self._dtype])[places]
        return found

    def blocks(self, unit: int = 1) -> Iterator[tuple[int, Array]]:
        """All elements, about ``BLOCK`` at a time and whole units only: where each block begins, and the block."""
        step = max(BLOCK // max(unit, 1), 1) * max(unit, 1)
        for begin in range(0, self.count, step):
            yield begin, self.read(begin, min(begin + step, self.count))

    def by_channel(self, axis: int) -> Iterator[tuple[slice, Array]]:
        """Blocks as arrays of shape [outer, channels, inner], with the channels that each holds."""
        channels = self.shape[axis]
        inner = int(np.prod(self.shape[axis + 1 :], dtype=np.int64))
        outer = self.count // max(channels * inner, 1)
        if outer == 1:
            for begin, block in self.blocks(inner):
                first = begin // inner
                yield slice(first, first + block.size // inner), block.reshape(1, -1, inner)
        else:
            for _, block in self.blocks(channels * inner):
                yield slice(0, channels), block.reshape(-1, channels, inner)


def stored(model: Model, tensor: int) -> Stored | None:
    """The numbers of a tensor; None where they are not in the file, sparse, of no known type or not of its size."""
    dtype = dtype_name(int(model.tensors.type[tensor]))
    count = int(model.tensors.elements[tensor])
    if dtype not in _PLAIN and dtype not in _PACKED and dtype != "BFLOAT16":
        return None
    if count <= 0 or model.tensors.external_buffer[tensor] > 0 or model.is_sparse[tensor]:
        return None
    size = int(bits_of(model.tensors.type[tensor : tensor + 1])[0]) * count
    data = model.buffer_data(int(model.tensors.buffer[tensor])) if len(model.buffers) else np.zeros(0, np.uint8)
    if data.size != (size + 7) // 8:
        return None
    return Stored(data, dtype, tuple(model.tensors.shape[tensor].tolist()), count)


def readable(model: Model, tensors: Array) -> Array:
    """Which of some tensors :func:`stored` has, bool."""
    if not len(model.buffers):
        return np.zeros(len(tensors), bool)
    of = model.tensors
    known = [name in _PLAIN or name in _PACKED or name == "BFLOAT16" for name in map(dtype_name, range(256))]
    count, bits = np.maximum(of.elements[tensors], 0), bits_of(of.type[tensors])
    fits = model.buffers.size[of.buffer[tensors]] == (count * bits + 7) // 8
    here = (of.external_buffer[tensors] == 0) & ~model.is_sparse[tensors]
    found: Array = np.array(known)[of.type[tensors].astype(np.uint8)] & (count > 0) & fits & here
    return found


def stored_rows(model: Model, tensors: Array) -> tuple[Array, Array]:
    """Tensors of one type and as many elements, all readable.

    Returns:
        Their bytes, uint8 of shape [tensors, bytes], and their numbers as :class:`Stored` has them, of shape [tensors,
        elements].

    Raises:
        ModelError: when the file was changed.
    """
    model.source.check()
    buffer, count = model.tensors.buffer[tensors], int(model.tensors.elements[tensors[0]])
    dtype = dtype_name(int(model.tensors.type[tensors[0]]))
    raw = model.source.data[model.buffers.start[buffer][:, None] + np.arange(model.buffers.size[buffer[0]])]
    whole = raw.size * 8 // BITS[dtype]  # packed tensors end in a whole byte
    numbers = Stored(raw.reshape(-1), dtype, (whole,), whole).read(0, whole)
    return raw, numbers.reshape(len(tensors), -1)[:, :count]


def _unpacked(data: Array, bits: int, signed: bool, begin: int, end: int) -> Array:
    """Elements of packed data, low bits first (tflite/kernels/internal/portable_tensor_utils.h of LiteRT f674577)."""
    per_byte = 8 // bits
    first = begin // per_byte
    raw = data[first : (end + per_byte - 1) // per_byte]
    parts = np.empty((raw.size, per_byte), np.uint8)
    for place in range(per_byte):
        parts[:, place] = (raw >> (bits * place)) & ((1 << bits) - 1)
    values = parts.reshape(-1)[begin - first * per_byte : end - first * per_byte].view(np.int8)
    return _signed(values, bits) if signed else values


def _signed(values: Array, bits: int) -> Array:
    """Numbers of so many bits with their highest one as a sign."""
    half = np.int8(1 << (bits - 1))
    signed: Array = (values ^ half) - half
    return signed
