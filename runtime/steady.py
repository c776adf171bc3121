"""What can be said of repeated timings: figures that outliers do not move, and whether they have settled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..analysis.ragged import Array
from .trace import Events

# A row is settled when the 95 % interval of its time is within so much of it, or of the whole inference.
_WITHIN, _WITHIN_ALL = 0.05, 0.005
_FEWEST = 8  # inferences below which nothing is said to have settled


def describe(samples: Array) -> dict[str, Any]:
    """Median, 5th and 95th percentile, median absolute deviation in µs, the drift, and the number of samples.

    Args:
        samples: int64, ns, in the order in which they were taken.
    """
    if not samples.size:
        return {"median": None, "p5": None, "p95": None, "mad": None, "drift": None, "runs": 0}
    us = samples / 1000
    p5, median, p95 = np.percentile(us, [5, 50, 95]).tolist()
    mad = float(np.median(np.abs(us - median)))
    return {"median": median, "p5": p5, "p95": p95, "mad": mad, "drift": drift(samples), "runs": int(us.size)}


def drift(samples: Array) -> float | None:
    """How much slower the last quarter was than the first, as a share: heat shows in it. None for few samples."""
    quarter = samples.size // 4
    if quarter < _FEWEST:
        return None
    return float(np.median(samples[-quarter:]) / max(np.median(samples[:quarter]), 1) - 1)


def ratio_in_turn(first: Array, second: Array) -> float | None:
    """How much longer the second takes, of samples that were taken in turn: the median of the ratios of each pair.

    What slowed the machine down for a while slowed both of a pair down. None where they are not pairs.
    """
    if not first.size or first.size != second.size:
        return None
    return float(np.median(second / np.maximum(first, 1)))


def middle(totals: Array) -> Array:
    """Bool: the inferences whose time lies in the middle half of all.

    Averages over these add up, row by row, to the average of the whole, and a moment in which the machine did something
    else is not among them. An average also shows what takes less than a tick of the clock, which a median cannot.
    """
    if totals.size < 4:
        return np.ones(totals.size, bool)
    low, high = np.percentile(totals, [25, 75])
    inside: Array = (totals >= low) & (totals <= high)
    return inside


def self_times(events: Events) -> Array:
    """Float64, rows x inferences: samples without what the rows contain; 0 where a row did not run."""
    times = np.maximum(events.samples, 0).astype(np.float64)
    alone = times.copy()
    inner = np.flatnonzero(events.parent >= 0)
    np.subtract.at(alone, events.parent[inner], times[inner])
    return alone


def unsettled(times: Array, totals: Array) -> Array:
    """Bool per row: its average over the middle half is not known well enough yet.

    Args:
        times: float64, rows x inferences.
        totals: int64, the whole inferences.
    """
    chosen = times[:, middle(totals)]
    count = chosen.shape[1]
    if count < _FEWEST:
        return np.ones(len(times), bool)
    mean = chosen.mean(1)
    half = 1.96 * chosen.std(1, ddof=1) / np.sqrt(count)
    wide: Array = half > np.maximum(_WITHIN * np.abs(mean), _WITHIN_ALL * np.median(totals))
    return wide
