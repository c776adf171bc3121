"""Checks of parameters tensor by tensor: what the runtime refuses, and what cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..dtypes import dtype_name
from ..encoding import KINDS
from ..model import Model
from ..ragged import Array, Ragged
from ..values import INTEGERS
from .channels import Channels, block_scales
from .findings import Found, of_tensors
from .modes import origins

# Below this a scale is a converter's stand-in for a range of nothing (TensorFlow writes 3.9e-9), and above this a range
# is no activation's. Choices.
_TINY, _HUGE = 1e-7, 1e5


def check_parameters(model: Model, channels: Channels) -> Iterator[Found]:
    """Findings on scales, zero points and axes.

    After ParseQuantization in tflite/core/interpreter_builder.cc and tflite/core/subgraph.cc of LiteRT f674577.
    """
    found = model.quantization
    scaled = found.scale.counts > 0
    counts = scaled & (found.zero_point.counts != found.scale.counts)
    yield from of_tensors(
        model, "error", "quant-counts", np.flatnonzero(counts),
        "as many zero points as scales are needed; the runtime refuses the model",
    )  # fmt: skip
    scaled &= ~counts
    yield from _axes(model, scaled)
    yield from _scales(model, scaled, channels)
    yield from _zero_points(model, scaled)
    yield from _blocks(model)


def _axes(model: Model, scaled: Array) -> Iterator[Found]:
    shape, dimension = model.tensors.shape, model.quantization.dimension
    ranked = scaled & (shape.counts > 0)
    inside = (dimension >= 0) & (dimension < shape.counts)
    yield from of_tensors(
        model, "error", "quant-axis", np.flatnonzero(ranked & ~inside),
        "the axis of the scales is not one of the tensor's; LiteRT 2 refuses the model",
    )  # fmt: skip
    several = np.flatnonzero(ranked & inside & (model.quantization.scale.counts > 1))
    sizes = shape.values[shape.offsets[:-1][several] + dimension[several]]
    yield from of_tensors(
        model, "error", "quant-channels", several[sizes != model.quantization.scale.counts[several]],
        "there must be one scale or one for each channel; the runtime refuses the model",
    )  # fmt: skip


def _scales(model: Model, scaled: Array, channels: Channels) -> Iterator[Found]:
    scale = model.quantization.scale
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(scale.values) & (scale.values > 0))
        tiny = ~bad & (scale.values < _TINY)
    wrong = _any(scale, bad) & scaled
    yield from of_tensors(
        model, "error", "quant-scale", np.flatnonzero(wrong), "scales must be finite and greater than 0"
    )
    integers = np.isin(model.tensors.type, [v for v in range(256) if dtype_name(v) in ("INT32", "INT64")])
    small = np.flatnonzero(_any(scale, tiny) & scaled & ~integers)
    # Of a constant that holds nothing but zero wherever its scale is tiny, no scale matters; sparse ones and those
    # elsewhere cannot be looked at and are not warned of.
    unread = origins(model).tensor >= 0
    unread[channels.tensors] = False
    meant = _any(scale, tiny & ~channels.zero_scales(scale))
    yield from of_tensors(
        model, "warning", "quant-tiny-scale", small[meant[small] & ~unread[small]],
        f"scales below {_TINY:g}: values lost their range; look at the data that the model was calibrated with",
    )  # fmt: skip


def _zero_points(model: Model, scaled: Array) -> Iterator[Found]:
    zero, types = model.quantization.zero_point, model.tensors.type
    limits = np.array([INTEGERS.get(dtype_name(value), (0, -1)) for value in range(256)])
    low, high = np.repeat(limits[types, 0], zero.counts), np.repeat(limits[types, 1], zero.counts)
    outside = (high >= low) & ((zero.values < low) | (zero.values > high))
    yield from of_tensors(
        model, "error", "quant-zero-point", np.flatnonzero(_any(zero, outside) & scaled),
        "the zero point is no value of the tensor's type",
    )  # fmt: skip
    named = np.array([dtype_name(value) for value in range(256)])[types]
    shifted = _any(zero, zero.values != 0) & scaled
    yield from of_tensors(
        model, "error", "quant-int16-zero-point", np.flatnonzero(shifted & (named == "INT16")),
        "the zero point of int16 must be 0: kernels take it for granted",
    )  # fmt: skip
    yield from of_tensors(
        model, "error", "quant-bias-zero-point", np.flatnonzero(shifted & np.isin(named, ("INT32", "INT64"))),
        "the zero point of a bias must be 0: kernels take it for granted",
    )  # fmt: skip
    span = np.repeat(limits[types, 1] - limits[types, 0], model.quantization.scale.counts)
    with np.errstate(over="ignore", invalid="ignore"):
        wide = (span > 0) & (model.quantization.scale.values.astype(np.float64) * span > _HUGE)
    yield from of_tensors(
        model, "warning", "quant-huge-range", np.flatnonzero(_any(model.quantization.scale, wide) & scaled),
        f"the range is wider than {_HUGE:g}: one outlier of the calibration takes the precision of all others",
    )  # fmt: skip


def _blocks(model: Model) -> Iterator[Found]:
    """Blockwise scales are a tensor of their own, [channels, blocks]."""
    wrong = []
    for tensor in np.flatnonzero(model.quantization.kind == KINDS.index("blockwise")).tolist():
        blocks = block_scales(model, tensor)
        if blocks is None or not (np.isfinite(blocks[0]) & (blocks[0] > 0)).all():
            wrong.append(tensor)
    yield from of_tensors(
        model, "error", "quant-block-scales", np.array(wrong, np.int64),
        "the tensor of block scales must hold a positive scale for every block",
    )  # fmt: skip


def _any(column: Ragged, flags: Array) -> Array:
    """Bool per row: whether any of its values is flagged."""
    return np.bincount(column.rows[flags], minlength=len(column)) > 0
