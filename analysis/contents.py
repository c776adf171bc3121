"""What single tensors of the file hold, for a person to look at: real values, rectangles, whole arrays in blocks.

docs/weights.md says how real values follow from stored ones.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .dtypes import bits_of, dtype_name
from .encoding import KINDS
from .model import Model
from .ragged import Array
from .sparse import SparseError, dense_stored
from .values import BLOCK, Stored, stored

# Cells of a rectangle that is answered at most.
MOST_CELLS = 1 << 18
# What numpy's arrays can have (NPY_MAXDIMS of numpy 1; 2 has 64).
_MOST_DIMENSIONS = 32


class NoContents(Exception):  # noqa: N818
    """The file has no values of the tensor; says why."""


class WrongPlace(ValueError):  # noqa: N818
    """A channel or a rectangle that the tensor does not have; says why."""


@dataclass(frozen=True)
class Scales:
    """What makes real values of stored ones: element ``e``, row-major, has scale ``e // run % len(scale)``.

    Attributes:
        kind: ``tensor``, ``channel`` or ``block``: what each scale is of.
        axis: that the channels lie on, None for the other kinds.
        run: consecutive elements with the same scale.
        scale, zero: float64, as many.
    """

    kind: str
    axis: int | None
    run: int
    scale: Array
    zero: Array

    def real(self, values: Array, places: Array) -> Array:
        """Float32. One rounding, as the runtime's DEQUANTIZE makes it."""
        of = places // self.run % len(self.scale) if len(self.scale) > 1 else np.zeros(1, np.int64)
        with np.errstate(over="ignore", invalid="ignore"):
            real: Array = ((values - self.zero[of]) * self.scale[of]).astype(np.float32)
        return real


@dataclass(frozen=True)
class Contents:
    """The numbers of one constant tensor.

    Attributes:
        values: as stored; sparse ones with their zeros.
        dtype: type in the file.
        reading: ``plain``: stored values are the real ones; ``scaled``: by ``scales``; ``unknown``: scales of a kind
            that is not read here, or that do not fit the tensor.
        scales: None but for ``scaled``.
    """

    values: Stored
    dtype: str
    reading: str
    scales: Scales | None


@dataclass(frozen=True)
class Wanted:
    """Which part of a tensor, laid out as a matrix.

    Attributes:
        rows, columns: the axes that make them, the last one running fastest.
        at: the place on every other axis, in order.
        begin: first row and column.
        size: rows and columns from there on; cut where the matrix ends.
        most: rows and columns that are answered; of more, every so manieth is.
    """

    rows: Sequence[int]
    columns: Sequence[int]
    at: Sequence[int]
    begin: tuple[int, int]
    size: tuple[int, int]
    most: tuple[int, int]


@dataclass(frozen=True)
class Rectangle:
    """A part of a tensor laid out as a matrix.

    Attributes:
        rows, columns: of the whole matrix.
        step: every so manieth row and column is taken, int each.
        stored: [rows taken, columns taken].
        real: the same in real values; None where these are the stored ones, or not known.
    """

    rows: int
    columns: int
    step: tuple[int, int]
    stored: Array
    real: Array | None


def contents(model: Model, tensor: int) -> Contents:
    """What a tensor (global id) holds.

    Raises:
        NoContents: when the file has no values of it, or none that can be read.
        ModelError: when the file was changed.
    """
    values = _decoded(model, tensor) if model.is_sparse[tensor] else stored(model, tensor)
    if values is None:
        raise NoContents(_why_not(model, tensor))
    reading, scales = _scales(model, tensor, values)
    return Contents(values, dtype_name(int(model.tensors.type[tensor])), reading, scales)


def rectangle(found: Contents, wanted: Wanted) -> Rectangle:
    """A rectangle of the matrix that some axes make the rows of, and some the columns.

    Raises:
        WrongPlace: when there are no such axes or places.
    """
    shape = found.values.shape
    others = _other_axes(shape, wanted)
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    sides = (wanted.rows, wanted.columns)
    lengths = [math.prod(shape[axis] for axis in axes) for axes in sides]
    offsets, steps = [], []
    for axes, length, begin, size, most in zip(
        sides, lengths, wanted.begin, wanted.size, wanted.most, strict=True
    ):  # fmt: skip
        if not 0 <= begin < length or size < 1:
            raise WrongPlace(f"the matrix has {lengths[0]} rows and {lengths[1]} columns")
        end = min(begin + size, length)
        steps.append(-(-(end - begin) // most))
        offsets.append(_offsets(np.arange(begin, end, steps[-1]), axes, shape, strides))
    start = sum(i * strides[axis] for i, axis in zip(wanted.at, others, strict=True))
    places = start + np.add.outer(*offsets)
    values = found.values.at(places)
    real = found.scales.real(values, places) if found.scales else None
    return Rectangle(lengths[0], lengths[1], (steps[0], steps[1]), values, real)


def _other_axes(shape: tuple[int, ...], wanted: Wanted) -> list[int]:
    """The axes that are neither rows nor columns; all that is asked for is looked at here."""
    named = [*wanted.rows, *wanted.columns]
    if len(shape) > _MOST_DIMENSIONS:
        raise WrongPlace(f"the tensor has {len(shape)} dimensions")
    if len(set(named)) < len(named) or not set(named) <= set(range(len(shape))):
        raise WrongPlace(f"axes are 0 … {len(shape) - 1}, each named once")
    others = [axis for axis in range(len(shape)) if axis not in named]
    if len(wanted.at) != len(others) or any(
        not 0 <= i < shape[axis] for i, axis in zip(wanted.at, others, strict=True)
    ):
        raise WrongPlace("a place is needed on every other axis")
    if min(wanted.most) < 1 or wanted.most[0] * wanted.most[1] > MOST_CELLS:
        raise WrongPlace(f"at most {MOST_CELLS} cells are answered")
    return others


def npy(found: Contents, *, real: bool) -> tuple[int, Iterator[bytes]]:
    """A tensor as a file of numpy: how many bytes, and these in blocks. Packed and 16-bit types come unpacked.

    Args:
        found: the tensor.
        real: real values (float32 of those that are scaled), not stored ones.

    Raises:
        NoContents: when real values are not known, or the shape is one that numpy does not have.
    """
    if real and found.reading == "unknown":
        raise NoContents("real values are not known: the tensor's scales are of a kind that is not read here")
    if len(found.values.shape) > _MOST_DIMENSIONS:
        raise NoContents(f"numpy has no arrays of {len(found.values.shape)} dimensions")
    scales = found.scales if real else None
    dtype = np.dtype("<f4") if scales else found.values.read(0, 1).dtype
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(  # type: ignore[no-untyped-call, unused-ignore]
        head, {"descr": dtype.str, "fortran_order": False, "shape": found.values.shape}
    )

    def parts() -> Iterator[bytes]:
        yield head.getvalue()
        for begin, block in found.values.blocks():
            yield (scales.real(block, np.arange(begin, begin + block.size)) if scales else block).tobytes()

    return len(head.getvalue()) + found.values.count * dtype.itemsize, parts()


def ranges(count: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of about ``BLOCK`` that cover so many elements; of more than ``most`` evenly spaced ones."""
    if count <= most:
        for begin in range(0, count, BLOCK):
            yield begin, min(begin + BLOCK, count)
    else:
        for begin in np.linspace(0, count - BLOCK, most // BLOCK).astype(np.int64).tolist():
            yield begin, begin + BLOCK


def _offsets(taken: Array, axes: Sequence[int], shape: tuple[int, ...], strides: list[int]) -> Array:
    """Where the rows (or columns) taken begin in the tensor."""
    offsets, rest = np.zeros(len(taken), np.int64), taken
    for axis in reversed(axes):
        offsets += rest % shape[axis] * strides[axis]
        rest = rest // shape[axis]
    return offsets


def _decoded(model: Model, tensor: int) -> Stored:
    try:
        return dense_stored(model, tensor)
    except SparseError as error:
        raise NoContents(f"the sparse tensor cannot be decoded: it {error}") from None


def _why_not(model: Model, tensor: int) -> str:
    if model.tensors.external_buffer[tensor] > 0:
        return "the values are in another file"
    if not model.constant_bytes[tensor]:
        return "the file has no values of this tensor: they are computed when the model runs"
    size = int(bits_of(model.tensors.type[tensor : tensor + 1])[0])
    name = dtype_name(int(model.tensors.type[tensor]))
    if size <= 0 or model.tensors.elements[tensor] <= 0:
        return f"values of type {name} in this shape are not numbers that can be laid out"
    return f"{int(model.constant_bytes[tensor])} bytes of {name} are stored, which is not what the shape takes"


def _scales(model: Model, tensor: int, values: Stored) -> tuple[str, Scales | None]:
    """How to read the stored values, and the scales that are needed for it."""
    parameters = model.quantization
    kind = KINDS[parameters.kind[tensor]]
    if kind == "":
        return "plain", None
    if kind == "blockwise":
        scales = _blockwise(model, parameters.details.get(tensor, {}), values)
    elif kind in ("per-tensor", "per-channel"):
        dimension = int(parameters.dimension[tensor])
        scales = _by_axis(parameters.scale[tensor], parameters.zero_point[tensor], dimension, values)
    else:
        scales = None
    return ("scaled", scales) if scales else ("unknown", None)


def _by_axis(scale: Array, zero: Array, axis: int, values: Stored) -> Scales | None:
    count = len(scale)
    if not count or len(zero) not in (0, 1, count):
        return None
    zeros = np.resize(zero, count).astype(np.float64) if len(zero) else np.zeros(count)
    if count == 1:
        return Scales("tensor", None, values.count, scale.astype(np.float64), zeros)
    if not 0 <= axis < len(values.shape) or values.shape[axis] != count:
        return None
    return Scales("channel", axis, math.prod(values.shape[axis + 1 :]), scale.astype(np.float64), zeros)


def _blockwise(model: Model, record: dict[str, int], values: Stored) -> Scales | None:
    """Scales in a tensor of their own, [channels, blocks]; zero points likewise, or none."""
    tensor, size, points = record.get("scales", -1), record.get("block_size", 0), record.get("zero_points", -1)
    found = stored(model, tensor) if tensor >= 0 else None
    zeros = stored(model, points) if points >= 0 else None
    if found is None or size <= 0 or not values.shape or values.shape[-1] % size or found.count * size != values.count:
        return None
    if points >= 0 and (zeros is None or zeros.count != found.count):
        return None
    zero = zeros.read(0, zeros.count).astype(np.float64) if zeros else np.zeros(found.count)
    return Scales("block", None, size, found.read(0, found.count).astype(np.float64), zero)
