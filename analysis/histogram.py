"""How often a tensor has which values: stored ones, and the real ones that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .contents import Contents, WrongPlace, ranges
from .ragged import Array

# Elements that are counted at most; of larger tensors evenly spaced parts.
MOST = 1 << 24
_BINS = 128

_Parts = Callable[[], Iterator[tuple[Array, Array]]]


def histogram(found: Contents, channel: int | None = None) -> dict[str, Any]:
    """The histograms of a tensor, or of the part of it that has one scale of several, as plain values.

    Bins are of equal width from ``low`` to ``high``; integers of up to 8 bits have one for each value.

    Args:
        found: the tensor.
        channel: place of the scale: along the axis of the scales, or of the block, row-major.

    Raises:
        WrongPlace: when there is no such channel.
    """
    groups = found.scales if found.scales and found.scales.kind != "tensor" else None
    count, parts = _parts(found, channel)
    of_stored, nonfinite = _counted(parts)
    of_real = None
    if found.scales is not None:
        scales = found.scales
        of_real, _ = _counted(lambda: ((scales.real(values, places), places) for values, places in parts()))
    return {
        "elements": count,
        "counted": sum(end - begin for begin, end in ranges(count, MOST)),
        "nonfinite": nonfinite,
        "dtype": found.dtype,
        "reading": found.reading,
        "groups": {"kind": groups.kind, "count": len(groups.scale), "axis": groups.axis} if groups else None,
        "channel": channel,
        "stored": of_stored,
        "real": of_real,
    }


def _parts(found: Contents, channel: int | None) -> tuple[int, _Parts]:
    """How many elements there are, and what goes through them: values and their places in the tensor."""
    values = found.values
    if channel is None:
        count = values.count
        return count, lambda: ((values.read(a, b), np.arange(a, b)) for a, b in ranges(count, MOST))
    if found.scales is None or not 0 <= channel < len(found.scales.scale):
        raise WrongPlace("the tensor has no scale of this number")
    run, several = found.scales.run, len(found.scales.scale)
    count = values.count // several

    def parts() -> Iterator[tuple[Array, Array]]:
        for begin, end in ranges(count, MOST):
            element = np.arange(begin, end)
            places = (element // run * several + channel) * run + element % run
            yield values.at(places), places

    return count, parts


def _counted(parts: _Parts) -> tuple[dict[str, Any] | None, int]:
    """The histogram, None of nothing finite, and how many values are not finite."""
    low, high, nonfinite, is_small = np.inf, -np.inf, 0, False
    for values, _ in parts():
        is_small = values.dtype.kind in "iu" and values.dtype.itemsize == 1
        there = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        nonfinite += values.size - there.size
        if there.size:
            low, high = min(low, float(there.min())), max(high, float(there.max()))
    if low > high:
        return None, nonfinite
    bins = _BINS
    if is_small:
        low, high, bins = low - 0.5, high + 0.5, round(high - low) + 1
    elif low == high:
        bins = 1
    counts = np.zeros(bins, np.int64)
    for values, _ in parts():
        counts += _binned(values, low, high, bins)
    return {"low": low, "high": high, "counts": counts.tolist()}, nonfinite


def _binned(values: Array, low: float, high: float, bins: int) -> Array:
    if high <= low:
        return np.array([np.isfinite(values).sum()])
    with np.errstate(invalid="ignore"):  # signalling NaNs
        wide = values.astype(np.float64)
    wide = wide[np.isfinite(wide)]
    # Halves: the distance between the ends of float64 is no float64.
    place = (wide / 2 - low / 2) / (high / 2 - low / 2) * bins
    return np.bincount(np.minimum(place.astype(np.int64), bins - 1), minlength=bins)
