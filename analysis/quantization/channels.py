"""What the stored weights use of their range, scale by scale: one pass over the quantized constants."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..dtypes import bits_of, dtype_name
from ..encoding import KINDS
from ..model import Model
from ..ragged import Array, Ragged, offsets_of
from ..sparse import SparseError, dense_stored
from ..values import INTEGERS, Stored, stored
from .modes import WEIGHTS, Origins, is_type, origins, weight_operands

BLOCKWISE, PER_CHANNEL, PER_TENSOR = (KINDS.index(name) for name in ("blockwise", "per-channel", "per-tensor"))
# A channel is an outlier when its scale is so many times larger or smaller than the median of its tensor.
OUTLIER = 8.0
# Elements that a sparse tensor may have to be made dense, which takes some 50 bytes each, and all of them together: a
# small file may stand for as many as it likes.
_MOST_HELD, _MOST_DENSE = 1 << 24, 1 << 27


class Weights(NamedTuple):
    """The constant weights of operators, a row for every operand; all int64.

    Attributes:
        operator: who reads them.
        constant: the tensor that holds them, behind DEQUANTIZE, DENSIFY and CAST.
        axis: of the output channels, -1 where the operator's type has none.
    """

    operator: Array
    constant: Array
    axis: Array


def weights(model: Model, found: Origins) -> Weights:
    """The constant weights that operators read."""
    operator, tensor = weight_operands(model)
    constant = np.where(tensor >= 0, found.tensor[np.maximum(tensor, 0)], -1) if len(found.tensor) else tensor
    axis = np.full(len(model.operators), -1, np.int64)
    for name, (_, _, place) in WEIGHTS.items():
        axis[is_type(model, name)] = place
    order = np.argsort(operator, kind="stable")
    order = order[constant[order] >= 0]
    return Weights(operator[order], constant[order], axis[operator[order]])


def channel_axes(model: Model) -> Array:
    """Int64 per tensor: the axis of the output channels of what operators read as their weights, -1 for others.

    Also of constants that are dequantized or made dense on the way.
    """
    found = origins(model)
    _, tensor = weight_operands(model)
    operands = weights(model, found)
    axes = np.full(len(model.tensors), -1, np.int64)
    axes[operands.constant] = operands.axis
    read = tensor[tensor >= 0]
    converted = read[found.tensor[read] >= 0]
    axes[converted] = axes[found.tensor[converted]]
    return axes


@dataclass(frozen=True)
class Channels:
    """Statistics of quantized constants, channel by channel (or block by block, where every block has a scale).

    Attributes:
        tensors: int64, the tensors looked at, ascending.
        offsets: int64 [tensors + 1], where the channels of each begin.
        size: int64 per tensor, stored values in one channel.
        axis: int64 per tensor, the axis that channels lie on; -1 where the tensor is one channel or has blocks.
        low, high: int64 per channel, the least and the greatest stored value.
        ends: int64 per channel, how many values are the least or the greatest that the type can hold.
        scale, zero_point: float64 and int64 per channel.
        bits: int64 per channel, of the type.
        signed: bool per channel, the type has negative values.
    """

    tensors: Array
    offsets: Array
    size: Array
    axis: Array
    low: Array
    high: Array
    ends: Array
    scale: Array
    zero_point: Array
    bits: Array
    signed: Array

    @cached_property
    def counts(self) -> Array:
        """Channels of every tensor, int64."""
        return np.diff(self.offsets)

    @cached_property
    def zero(self) -> Array:
        """Bool per channel: all its weights are zero."""
        found: Array = (self.low == self.zero_point) & (self.high == self.zero_point)
        return found

    @cached_property
    def reach(self) -> Array:
        """Int64 per channel: the largest distance of a stored value from the zero point."""
        found: Array = np.maximum(self.high - self.zero_point, self.zero_point - self.low)
        return found

    @cached_property
    def effective_bits(self) -> Array:
        """Float64 per channel: log2 of the levels between minus and plus its largest weight."""
        found: Array = np.minimum(np.log2(2.0 * np.maximum(self.reach, 0) + 1), self.bits)
        return found

    @cached_property
    def range_use(self) -> Array:
        """Float64 per channel, 0 to 1: what the stored values take of the range.

        Around zero it is the largest one of 2^(bits-1)-1: the narrow range, which leaves out the least value.
        """
        levels = 2.0**self.bits
        around_zero = np.minimum(self.reach / (levels / 2 - 1), 1)
        whole = (self.high - self.low) / (levels - 1)
        return np.where(self.signed & (self.zero_point == 0), around_zero, whole)

    @cached_property
    def outlier(self) -> Array:
        """Bool per channel: its scale is far from the median of those of its tensor; all-zero channels do not count."""
        known = ~self.zero & np.isfinite(self.scale) & (self.scale > 0)
        middle = np.repeat(medians(self.offsets, self.scale, known), self.counts)
        found: Array = known & (middle > 0) & ((self.scale > OUTLIER * middle) | (self.scale * OUTLIER < middle))
        return found

    @cached_property
    def range_use_of_tensor(self) -> Array:
        """Float64 per tensor: what its values take of the range, by the channel that takes most."""
        return -self.smallest(-self.range_use)

    @cached_property
    def scale_ratio(self) -> Array:
        """Float64 per tensor: the largest scale by the smallest, of channels that are not all zero; NaN for none."""
        known = ~self.zero & np.isfinite(self.scale) & (self.scale > 0)
        low, high = self.smallest(self.scale, known), -self.smallest(-self.scale, known)
        ratio = np.full(len(low), np.nan)
        there = np.isfinite(low) & np.isfinite(high)
        ratio[there] = high[there] / low[there]
        return ratio

    def zero_scales(self, scale: Ragged) -> Array:
        """Bool per scale in the file: it belongs to a channel that is all zero, or its tensor is."""
        found = np.zeros(len(scale.values), bool)
        several = scale.counts[self.tensors] == self.counts
        own = np.repeat(several, self.counts)
        place = np.arange(len(self.low)) - np.repeat(self.offsets[:-1], self.counts)
        found[(np.repeat(scale.offsets[self.tensors], self.counts) + place)[own & self.zero]] = True
        whole = ~several & (scale.counts[self.tensors] == 1) & (self.sums(self.zero) == self.counts)
        found[scale.offsets[self.tensors[whole]]] = True
        return found

    def smallest(self, values: Array, kept: Array | None = None) -> Array:
        """Per tensor the least value of its channels, of those ``kept``; infinite where there are none."""
        column = np.where(kept, values, np.inf) if kept is not None else values.astype(np.float64)
        return np.minimum.reduceat(column, self.offsets[:-1]) if len(self.tensors) else np.zeros(0)

    def sums(self, values: Array) -> Array:
        """Per tensor the sum over its channels, int64."""
        totals = offsets_of(values.astype(np.int64))
        sums: Array = totals[self.offsets[1:]] - totals[self.offsets[:-1]]
        return sums


def medians(offsets: Array, values: Array, kept: Array) -> Array:
    """The median of the kept values of every row (the lower one of two), 0 where none is kept. float64."""
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[kept]
    order = np.lexsort((values[kept], rows))
    edges = offsets_of(np.bincount(rows, minlength=len(offsets) - 1))
    found = np.zeros(len(offsets) - 1)
    some = np.diff(edges) > 0
    found[some] = values[kept][order][(edges[:-1] + (np.diff(edges) - 1) // 2)[some]]
    return found


def channels(model: Model, operands: Weights) -> Channels:
    """Reads the quantized constants of the file; those in other files are left out."""
    axes = np.full(len(model.tensors), -1, np.int64)
    axes[operands.constant] = operands.axis
    return _joined(model, [row for tensor in _readable(model) if (row := _of_one(model, tensor, int(axes[tensor])))])


def channels_of(model: Model, tensor: int) -> Channels | None:
    """The same of one tensor; None where it is no quantized constant whose values are in the file."""
    row = _of_one(model, tensor, int(channel_axes(model)[tensor])) if tensor in _readable(model) else None
    return None if row is None else _joined(model, [row])


def _joined(model: Model, rows: list[_Row]) -> Channels:
    tensors, counts = (np.array(column, np.int64) for column in ([r.tensor for r in rows], [len(r.low) for r in rows]))
    types = model.tensors.type[tensors]

    def joined(parts: list[Array], dtype: type) -> Array:
        return np.concatenate([np.zeros(0, dtype), *parts]).astype(dtype)

    return Channels(
        tensors, offsets_of(counts), np.array([row.size for row in rows], np.int64),
        np.array([row.axis for row in rows], np.int64), joined([row.low for row in rows], np.int64),
        joined([row.high for row in rows], np.int64), joined([row.ends for row in rows], np.int64),
        joined([row.scale for row in rows], np.float64), joined([row.zero_point for row in rows], np.int64),
        np.repeat(bits_of(types), counts), np.repeat(limits()[types, 0] < 0, counts),
    )  # fmt: skip


class _Row(NamedTuple):
    """One tensor of ``Channels``."""

    tensor: int
    axis: int
    size: int
    low: Array
    high: Array
    ends: Array
    scale: Array
    zero_point: Array


@functools.cache
def limits() -> Array:
    """Least and greatest stored value by TensorType, both 0 for what is not quantized. int64 [256, 2]."""
    return np.array([INTEGERS.get(dtype_name(value), (0, 0)) for value in range(256)], np.int64)


def _readable(model: Model) -> list[int]:
    """Constants of quantized integers with scales, of sparse ones as many as may be made dense."""
    kind = np.isin(model.quantization.kind, (PER_TENSOR, PER_CHANNEL, BLOCKWISE))
    found = model.is_constant & kind & (limits()[model.tensors.type, 1] > 0)
    sparse = np.flatnonzero(found & model.is_sparse)
    elements = np.clip(model.tensors.elements[sparse], 0, _MOST_DENSE)
    found[sparse] = np.cumsum(elements) < _MOST_DENSE
    tensors: list[int] = np.flatnonzero(found).tolist()
    return tensors


def numbers(model: Model, tensor: int) -> Stored | None:
    """The stored values of a constant, of sparse ones made dense; None where there are none to be read."""
    if not model.is_sparse[tensor]:
        return stored(model, tensor)
    if model.tensors.elements[tensor] > _MOST_HELD or model.tensors.external_buffer[tensor] > 0:
        return None
    try:
        return dense_stored(model, tensor)
    except SparseError:
        return None  # a finding of the sparsity report


def _of_one(model: Model, tensor: int, axis: int) -> _Row | None:
    """None where parameters and shape do not go together, which is a finding of its own."""
    values = numbers(model, tensor)
    if values is None:
        return None
    quantization, kind = model.quantization, int(model.quantization.kind[tensor])
    bottom, top = limits()[model.tensors.type[tensor]].tolist()
    if kind == BLOCKWISE:
        blocks = block_scales(model, tensor)
        if blocks is None:
            return None
        scale, size = blocks
        return _Row(
            tensor, -1, size, *_statistics(values, bottom, top, -1, size), scale, np.zeros(len(scale), np.int64)
        )
    scale, zero_point = quantization.scale[tensor], quantization.zero_point[tensor]
    axis = int(quantization.dimension[tensor]) if kind == PER_CHANNEL else axis
    axis = axis if 0 <= axis < len(values.shape) else -1
    number = values.shape[axis] if axis >= 0 else 1
    if len(scale) not in (1, number) or len(zero_point) != len(scale):
        return None
    size = values.count // number
    statistics = _statistics(values, bottom, top, axis, size)
    return _Row(
        tensor,
        axis,
        size,
        *statistics,
        np.repeat(scale, number // len(scale)),
        np.repeat(zero_point, number // len(scale)),
    )


def block_scales(model: Model, tensor: int) -> tuple[Array, int] | None:
    """The scales of a blockwise tensor in the order of its blocks (float64) and the values in a block.

    None where they are not one constant value for every block of the last axis.
    """
    details = model.quantization.details.get(tensor, {})
    scales, size = details.get("scales", -1), details.get("block_size", 0)
    last = model.tensors.shape[tensor][-1:].tolist()
    if scales < 0 or size <= 0 or not last or last[0] % size:
        return None
    values = stored(model, scales)
    if values is None or values.count * size != int(model.tensors.elements[tensor]):
        return None
    return values.read(0, values.count).astype(np.float64), size


def _statistics(values: Stored, bottom: int, top: int, axis: int, size: int) -> tuple[Array, Array, Array]:
    """Least, greatest and number of values at the ends, by channel: of an axis, or of ``size`` values each. int64."""
    number = values.shape[axis] if axis >= 0 else values.count // size
    low, high = np.full(number, top + 1, np.int64), np.full(number, bottom - 1, np.int64)
    ends = np.zeros(number, np.int64)
    edge = bottom + (bottom < 0)  # the narrow range of weights; a value below it is at the end, too
    for place, block in by_channel(values, axis, size):
        least, most = block.min((0, 2)), block.max((0, 2))
        np.minimum(low[place], least, out=low[place])
        np.maximum(high[place], most, out=high[place])
        if (least <= edge).any() or (most >= top).any():
            ends[place] += (block <= edge).sum((0, 2)) + (block >= top).sum((0, 2))
    return low, high, ends


def by_channel(values: Stored, axis: int, size: int) -> Iterator[tuple[slice, Array]]:
    """Blocks of shape [outer, channels, inner] with the channels that each holds, as ``Channels`` has them."""
    if axis >= 0:
        yield from values.by_channel(axis)
    elif size == values.count:
        for _, block in values.blocks():
            yield slice(0, 1), block.reshape(1, 1, -1)
    else:
        for begin, block in values.blocks(size):
            yield slice(begin // size, (begin + block.size) // size), block.reshape(1, -1, size)
