"""The ``quantization_tensors`` report: the parameters of every tensor and how well its values use them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import dtype_name
from ..encoding import KINDS
from ..model import Model
from ..ragged import Array, Categories
from ..report import Column, Kind, Report, Values
from ..values import INTEGERS
from .channels import BLOCKWISE, PER_CHANNEL, Channels, medians
from .kernels import one_of_each
from .reading import Reading


def quantization_tensors(model: Model) -> Report:
    """One row per tensor; figures of stored values for constants of quantized integers only."""
    read = Reading(model)
    return Report(
        "quantization_tensors", _summary(model), (*_parameters(read), *_stored(read.channels, model)), over="tensors"
    )


def _summary(model: Model) -> dict[str, Any]:
    counts = np.bincount(model.quantization.kind, minlength=len(KINDS)).tolist()
    return {
        "tensors": len(model.tensors),
        "schemes": {name: n for name, n in zip(KINDS, counts, strict=True) if n and name},
        "intermediates": int(_intermediates(model).sum()),
    }


def _intermediates(model: Model) -> Array:
    """Bool per tensor: it has no values and only carries the scale of a result inside an operator."""
    inside = model.operators.intermediates.values
    found = np.zeros(len(model.tensors), bool)
    found[inside[inside >= 0]] = True
    return found


def _parameters(read: Reading) -> tuple[Column, ...]:
    """What the file declares."""
    model, found = read.model, read.model.quantization
    scale, zero_point = one_of_each(model)
    one = np.isfinite(scale)
    low, high, counts, block = _scales(read)
    real_min, real_max = _real_range(model)
    kind = found.kind.astype(np.int64)
    return (
        _column("scheme", Categories(np.where(kind > 0, kind, -1), KINDS), "category", "how real values follow from "
                "stored ones", np.ones(len(kind), bool)),
        _column("intermediate", _intermediates(model), "flag", "has no values, only the scale of a result inside an "
                "operator", np.ones(len(kind), bool)),
        _column("scale", scale, "quantity", "the scale, where there is one", one),
        _column("zero_point", zero_point, "quantity", "the stored value that stands for 0, where there is one", one),
        _column("channels", counts, "quantity", "number of scales", counts > 1),
        _column("axis", found.dimension, "quantity", "the axis that the scales lie on", kind == PER_CHANNEL),
        _column("block_size", block, "quantity", "values that share a scale", block > 0),
        _column("scale_min", low, "quantity", "its smallest scale", (counts > 1) & np.isfinite(low)),
        _column("scale_max", high, "quantity", "its largest scale", (counts > 1) & np.isfinite(high)),
        _column("real_min", real_min, "quantity", "the smallest value that can be stored", np.isfinite(real_min)),
        _column("real_max", real_max, "quantity", "the largest value that can be stored", np.isfinite(real_max)),
    )  # fmt: skip


def _scales(read: Reading) -> tuple[Array, Array, Array, Array]:
    """Per tensor the smallest and largest scale (float64), their number, and the values in a block (int64)."""
    column, channels = read.model.quantization.scale, read.channels
    low, high = np.full(len(column), np.inf), np.full(len(column), -np.inf)
    np.minimum.at(low, column.rows, column.values)
    np.maximum.at(high, column.rows, column.values)
    counts, block = column.counts.copy(), np.zeros(len(column), np.int64)
    mine = read.model.quantization.kind[channels.tensors] == BLOCKWISE
    rows = channels.tensors[mine]
    low[rows], high[rows] = channels.smallest(channels.scale)[mine], -channels.smallest(-channels.scale)[mine]
    counts[rows], block[rows] = channels.counts[mine], channels.size[mine]
    return low, high, counts, block


def _real_range(model: Model) -> tuple[Array, Array]:
    """Per tensor the least and the greatest real value that one of its channels can hold, NaN where not known."""
    scale, zero_point = model.quantization.scale, model.quantization.zero_point
    limits = np.array([INTEGERS.get(dtype_name(value), (0, 0)) for value in range(256)])[model.tensors.type]
    known = (scale.counts == zero_point.counts) & (limits[:, 1] > 0) & (scale.counts > 0)
    rows = np.repeat(np.arange(len(known)), np.where(known, scale.counts, 0))
    step = scale.values[known[scale.rows]].astype(np.float64)
    zero = zero_point.values[known[zero_point.rows]]
    low, high = np.full(len(known), np.inf), np.full(len(known), -np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        np.minimum.at(low, rows, step * (limits[rows, 0] - zero))
        np.maximum.at(high, rows, step * (limits[rows, 1] - zero))
    known &= np.isfinite(low) & np.isfinite(high)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _stored(channels: Channels, model: Model) -> tuple[Column, ...]:
    """What the stored values of constants tell."""
    read = np.zeros(len(model.tensors), bool)
    read[channels.tensors] = True

    def spread(values: Array, valid: Array | None = None) -> tuple[Array, Array]:
        column, known = np.zeros(len(read), values.dtype), read.copy()
        column[channels.tensors] = values
        if valid is not None:
            known[channels.tensors] = valid
        return column, known

    alive = ~channels.zero
    weakest = channels.smallest(channels.effective_bits, alive)
    some = np.isfinite(weakest)
    ratio, several = channels.scale_ratio, channels.sums(np.ones(len(channels.low), bool)) > 1
    scaled = several & np.isfinite(ratio) & (model.quantization.scale.counts[channels.tensors] != 1)
    half = channels.sums(alive & (channels.range_use < 0.5))
    bits, median = spread(np.where(some, weakest, 0)), spread(medians(channels.offsets, channels.effective_bits, alive))
    counted = spread(channels.counts, channels.counts > 1)[1]

    def figure(name: str, values: tuple[Array, Array], doc: str, unit: str = "1") -> Column:
        return _column(name, values[0], "quantity", doc, values[1], unit)

    return (
        figure("scale_ratio", spread(np.where(scaled, ratio, 0), scaled), "largest scale by the smallest, without "
               "channels of nothing but zero"),
        figure("stored_min", spread(channels.smallest(channels.low)), "smallest stored value"),
        figure("stored_max", spread(-channels.smallest(-channels.high)), "largest stored value"),
        figure("weakest_bits", bits, "bits that the values of the weakest channel use, but for all-zero ones", "bit"),
        figure("median_bits", median, "bits that the values of the median channel use", "bit"),
        figure("range_use", spread(channels.range_use_of_tensor), "what values take of the range of the type"),
        figure("half_used_channels", (spread(half)[0], counted), "channels or blocks that take less than half of the "
               "range", "{channel}"),
        figure("zero_channels", (spread(channels.sums(channels.zero))[0], counted), "channels or blocks of nothing "
               "but zero", "{channel}"),
        figure("outlier_channels", spread(channels.sums(channels.outlier), scaled), "scales 8 times off the "
               "median one", "{channel}"),
    )  # fmt: skip


def _column(name: str, values: Values, kind: Kind, doc: str, valid: Array, unit: str = "1") -> Column:
    known = np.where(valid, values, 0) if isinstance(values, np.ndarray) and kind == "quantity" else values
    return Column(name, known, unit, kind, "declared", doc, valid, additive=unit == "{channel}")
