"""One quantized constant in full, on demand: its scales channel by channel, and how its values are spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..encoding import KINDS
from ..model import Model
from ..ragged import Array
from ..values import Stored
from .channels import Channels, by_channel, channels_of, limits, numbers

# Channels or blocks that are told one by one, and bins of a histogram.
MOST_CHANNELS = 8192
BINS = 96
_MOST_LEVELS = 256


def tensor_channels(model: Model, tensor: int) -> dict[str, Any] | None:
    """Scales, use of the range and histograms of a quantized constant (global id).

    Returns:
        ``channels`` and ``values_each`` (a channel has so many), ``listed`` and lists of that length: ``scale``,
        ``zero_point``, ``low`` and ``high`` (stored), ``bits``, ``range_use`` and the flags ``outlier`` and ``zero``;
        ``stored`` and ``real``: histograms as ``low``, ``high`` and ``counts`` of bins of equal width. None where the
        tensor is no quantized constant whose values are in the file.

    Raises:
        ModelError: when the file was changed.
    """
    found, values = channels_of(model, tensor), numbers(model, tensor)
    if found is None or values is None:
        return None
    first = slice(0, MOST_CHANNELS)
    lists = {
        "scale": found.scale, "zero_point": found.zero_point, "low": found.low, "high": found.high,
        "bits": found.effective_bits, "range_use": found.range_use, "outlier": found.outlier, "zero": found.zero,
    }  # fmt: skip
    bottom, top = limits()[model.tensors.type[tensor]].tolist()
    in_stored, in_real = _histograms(values, found, bottom, top)
    return {
        "tensor": tensor,
        "scheme": KINDS[int(model.quantization.kind[tensor])],
        "axis": int(found.axis[0]),
        "channels": len(found.low),
        "values_each": int(found.size[0]),
        "listed": min(len(found.low), MOST_CHANNELS),
        **{name: column[first].tolist() for name, column in lists.items()},
        "stored": in_stored,
        "real": in_real,
    }


def _histograms(values: Stored, found: Channels, bottom: int, top: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Of stored values, a bin for every level or for 256 of them; and of real ones, None where these are not finite."""
    width = max((top - bottom + 1) // _MOST_LEVELS, 1)
    levels = np.zeros((top - bottom + 1) // width, np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        low = float((found.scale * (found.low - found.zero_point)).min())
        high = float((found.scale * (found.high - found.zero_point)).max())
    is_real = bool(np.isfinite([low, high]).all()) and low < high
    counts = np.zeros(BINS, np.int64)
    for place, block in by_channel(values, int(found.axis[0]), int(found.size[0])):
        whole = block.astype(np.int64)
        levels += np.bincount((whole.reshape(-1) - bottom) // width, minlength=len(levels))
        if is_real:
            scale, zero = found.scale[place, None], found.zero_point[place, None]
            counts += _binned(scale * (whole - zero), low, high)
    in_stored = {"low": bottom, "high": top + 1, "counts": levels.tolist()}
    return in_stored, {"low": low, "high": high, "counts": counts.tolist()} if is_real else None


def _binned(real: Array, low: float, high: float) -> Array:
    bins = ((real.reshape(-1) - low) * (BINS / (high - low))).astype(np.int64)
    return np.bincount(np.clip(bins, 0, BINS - 1), minlength=BINS)
