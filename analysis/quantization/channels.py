"""What every quantized tensor's parameters and stored values are like, channel by channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dtypes import dtype_name
from ..encoding import KINDS
from ..model import Model
from ..ragged import Array
from ..values import INTEGERS, stored

PER_TENSOR, PER_CHANNEL = KINDS.index("per-tensor"), KINDS.index("per-channel")
# A channel's scale is an outlier when it is so many times larger or smaller than the median of its tensor.
OUTLIER = 8.0


@dataclass(frozen=True)
class Extremes:
    """The stored values of one tensor by channel (one channel where it has no axis).

    Attributes:
        low, high: int64, the smallest and largest stored value.
        reach: int64, the largest distance from the zero point.
    """

    low: Array
    high: Array
    reach: Array


def weights_with_parameters(model: Model) -> Array:
    """Ids of the constant tensors of quantized integers with a scale per tensor or per channel."""
    integers = [value for value in np.unique(model.tensors.type).tolist() if dtype_name(value) in INTEGERS]
    kind = model.quantization.kind
    return np.flatnonzero(
        model.is_constant & np.isin(model.tensors.type, integers) & np.isin(kind, (PER_TENSOR, PER_CHANNEL))
    )


def axis_of(model: Model, tensor: int, axis: int = -1) -> int:
    """The axis of a tensor's channels: the declared one where there are several scales, else the one given."""
    rank = int(model.tensors.shape.counts[tensor])
    declared = int(model.quantization.dimension[tensor]) if model.quantization.kind[tensor] == PER_CHANNEL else axis
    return declared if 0 <= declared < rank else -1


def extremes(model: Model, tensor: int, axis: int) -> Extremes | None:
    """Smallest and largest stored values along an axis, or of all for -1; None where they cannot be read."""
    values = stored(model, tensor)
    if values is None:
        return None
    if axis < 0:
        values.shape, axis = (values.count,), 0
        parts = [(int(block.min()), int(block.max())) for _, block in values.blocks()]
        low, high = np.array([min(part[0] for part in parts)]), np.array([max(part[1] for part in parts)])
    else:
        channels = values.shape[axis]
        low, high = np.full(channels, np.iinfo(np.int64).max), np.full(channels, np.iinfo(np.int64).min)
        for place, block in values.by_channel(axis):
            np.minimum(low[place], block.min((0, 2)), out=low[place])
            np.maximum(high[place], block.max((0, 2)), out=high[place])
    zero = model.quantization.zero_point[tensor]
    zero = zero if len(zero) in (1, len(low)) else zero[:1]
    zero = zero.astype(np.int64) if len(zero) else np.zeros(1, np.int64)
    return Extremes(low, high, np.maximum(np.abs(low - zero), np.abs(high - zero)))


def bits(reach: Array) -> Array:
    """Bits that the values of a channel really use: of the whole numbers from -reach to reach. float64."""
    return np.log2(2.0 * reach + 1.0)


def outliers(scale: Array) -> Array:
    """Which scales are far from the median of them all, bool."""
    positive = np.isfinite(scale) & (scale > 0)
    if positive.sum() < 2:
        return np.zeros(len(scale), bool)
    ratio = np.ones(len(scale))
    wide = scale[positive].astype(np.float64)  # the quotient of two float32 may be none
    ratio[positive] = wide / np.median(wide)
    return (ratio > OUTLIER) | (ratio < 1 / OUTLIER)
