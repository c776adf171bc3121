"""What pictures of single operators show: values of the reference against the model's, and errors by channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..analysis.ragged import Array, Ragged, offsets_of
from .accuracy import LayerErrors
from .accuracy_report import shown
from .layer_closeups import CHANNEL_SUMS

LISTS = tuple(
    prefix + name
    for prefix in ("", "local_")
    for name in ("reference", "value", "channel_reference_rms", "channel_rmse", "channel_mean_error")
)


@dataclass(frozen=True)
class Closeups:
    """Lists of numbers by operator.

    Attributes:
        operators: int64, global numbers, ascending.
        lists: by the names of :data:`LISTS`, float32, a row per operator. ``reference`` and ``value`` are pairs of
            values, the first where the largest error is, the others a random sample. ``channel_…`` are figures by
            place along the last axis of the output, in the unit of the values, NaN where nothing is known; empty where
            there are too many.
    """

    operators: Array
    lists: Mapping[str, Ragged]


def closeups(errors: LayerErrors) -> Closeups:
    """The closer look at the outputs that the report shows, in the order of the operators."""
    rows = shown(errors)
    operators = errors.matching.second[errors.pair[rows]]
    order = np.argsort(operators)
    rows = rows[order]
    lists: dict[str, Ragged] = {}
    for kind, prefix in enumerate(("", "local_")):
        points = errors.points[kind, rows]
        there = np.isfinite(points).all(axis=2)
        edges = offsets_of(there.sum(axis=1))
        for side, name in enumerate(("reference", "value")):
            lists[prefix + name] = Ragged(edges, points[..., side][there])
        lists |= {prefix + name: column for name, column in _by_channel(errors, kind, rows).items()}
    return Closeups(operators[order].astype(np.int64), lists)


def _by_channel(errors: LayerErrors, kind: int, rows: Array) -> dict[str, Ragged]:
    sums = dict(zip(CHANNEL_SUMS, errors.channel_sums[kind], strict=True))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        count = np.where(sums["elements"] > 0, sums["elements"], np.nan)
        found = {
            "channel_reference_rms": np.sqrt(sums["reference2"] / count),
            "channel_rmse": np.sqrt(sums["error2"] / count),
            "channel_mean_error": sums["error"] / count,
        }
        edges = offsets_of(errors.channels)
        return {name: Ragged(edges, values.astype(np.float32)).take(rows) for name, values in found.items()}
