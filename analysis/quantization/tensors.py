"""The ``quantization_tensors`` report: the parameters of every tensor and how well its values use them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import dtype_name
from ..encoding import KINDS
from ..model import Model
from ..operands import numbered
from ..ragged import Array, Categories
from ..report import Column, Report
from ..values import INTEGERS
from .channels import axis_of, bits, extremes, outliers, weights_with_parameters
from .modes import WEIGHTS, is_type, origins


def quantization_tensors(model: Model) -> Report:
    """One row per tensor; figures of stored values for constants of quantized integers only."""
    return Report("quantization_tensors", _summary(model), _columns(model), over="tensors")


def channel_axes(model: Model) -> Array:
    """Int64 per tensor: the axis of the output channels of what operators read as their weights, -1 for others.

    Also of constants that are dequantized or made dense on the way.
    """
    axes = np.full(len(model.tensors), -1, np.int64)
    origin = origins(model).tensor
    for name, (place, _, axis) in WEIGHTS.items():
        tensors = numbered(model.operators.inputs, np.flatnonzero(is_type(model, name)), place)
        tensors = tensors[tensors >= 0]
        axes[tensors] = axis
        axes[origin[tensors][origin[tensors] >= 0]] = axis
    return axes


def _summary(model: Model) -> dict[str, Any]:
    counts = np.bincount(model.quantization.kind, minlength=len(KINDS)).tolist()
    return {
        "tensors": len(model.tensors),
        "schemes": {name: n for name, n in zip(KINDS, counts, strict=True) if n and name},
    }


def _columns(model: Model) -> tuple[Column, ...]:
    found = model.quantization
    count = len(model.tensors)
    scaled = found.scale.counts > 0
    first = found.scale.offsets[:-1][scaled]
    low, high, scale = (np.zeros(count) for _ in range(3))
    zero = np.zeros(count, np.int64)
    with np.errstate(invalid="ignore"):
        low[scaled] = np.minimum.reduceat(found.scale.values, first) if len(first) else 0
        high[scaled] = np.maximum.reduceat(found.scale.values, first) if len(first) else 0
    one = found.scale.counts == 1
    scale[one] = found.scale.values[found.scale.offsets[:-1][one]]
    zeroed = found.zero_point.counts == 1
    zero[zeroed] = found.zero_point.values[found.zero_point.offsets[:-1][zeroed]]
    several = found.scale.counts > 1
    ratio = np.where(several & (low > 0), high / np.where(low > 0, low, 1), 0.0)
    real = one & zeroed & np.isin(model.tensors.type, _integer_types(model))
    limits = np.array([INTEGERS.get(dtype_name(value), (0, 0)) for value in range(256)])[model.tensors.type]
    return (
        Column(
            "scheme", Categories(np.where(found.kind > 0, found.kind.astype(np.int64), -1), KINDS), "1", "category",
            "declared", "how real values follow from stored ones",
        ),
        _quantity("scale", scale, "the scale, where there is one", one),
        _quantity("zero_point", zero, "the stored value that stands for 0, where there is one", zeroed),
        _quantity("channels", found.scale.counts, "number of scales", several),
        _quantity("axis", found.dimension, "the axis that the scales lie on", several),
        _quantity("scale_ratio", ratio, "largest scale by the smallest", several & (low > 0)),
        _quantity("real_min", (limits[:, 0] - zero) * scale, "the smallest value that can be stored", real),
        _quantity("real_max", (limits[:, 1] - zero) * scale, "the largest value that can be stored", real),
        *_stored_columns(model),
    )  # fmt: skip


def _integer_types(model: Model) -> list[int]:
    return [value for value in np.unique(model.tensors.type).tolist() if dtype_name(value) in INTEGERS]


def _stored_columns(model: Model) -> tuple[Column, ...]:
    """What the stored values of weights tell, from one pass over them."""
    count = len(model.tensors)
    figures = np.zeros((5, count))
    read = np.zeros(count, bool)
    axes = channel_axes(model)
    for tensor in weights_with_parameters(model).tolist():
        axis = axis_of(model, tensor, int(axes[tensor]))
        found = extremes(model, tensor, axis)
        if found is None:
            continue
        read[tensor] = True
        each, top = bits(found.reach), INTEGERS[dtype_name(int(model.tensors.type[tensor]))]
        alive = found.reach > 0
        figures[:, tensor] = (
            each[alive].min() if alive.any() else 0.0,
            float(np.median(each)),
            float(found.reach.max()) / max(abs(top[0]), top[1]),
            int((~alive).sum()) if axis >= 0 else 0,
            int(outliers(model.quantization.scale[tensor]).sum()),
        )
    is_weight = read & (axes >= 0)
    several = read & (model.quantization.scale.counts > 1)
    return (
        _quantity(
            "weakest_bits", figures[0], "bits that the values of the weakest channel use, but for all-zero ones", read,
            "bit",
        ),
        _quantity("median_bits", figures[1], "bits that the values of the median channel use", read, "bit"),
        _quantity("range_use", figures[2], "largest stored distance from the zero point by the largest possible", read),
        _quantity("zero_channels", figures[3], "output channels of nothing but zero", is_weight | several, "{channel}"),
        _quantity("outlier_channels", figures[4], "scales 8 times off the median one", several, "{channel}"),
    )  # fmt: skip


def _quantity(name: str, values: Array, doc: str, valid: Array, unit: str = "1") -> Column:
    return Column(name, values, unit, "quantity", "declared", doc, valid, additive=unit == "{channel}")
