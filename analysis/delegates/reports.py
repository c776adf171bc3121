"""Reports of delegates for the page: lenses and columns by their names in ``analysis/reports.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..model import Model
from ..ragged import Categories
from ..report import Column, Report
from . import delegates
from .estimate import Measured, as_json, chosen, estimate
from .nodes import View
from .simulation import Placement, fixes, place, report, sentence, verdicts_of
from .verdicts import VERDICTS


def partition_xnnpack(model: Model) -> Report:
    """What XNNPACK takes, and why not the rest."""
    return report(model, place(model, delegates()["xnnpack"]))


def partition_gpu(model: Model) -> Report:
    """What the GPU delegate takes, and why not the rest."""
    return report(model, place(model, delegates()["gpu"]))


def fixes_of(model: Model, delegate: str, profiles: Iterable[Measured] = ()) -> dict[str, Any]:
    """What accepting more would win for a delegate, as JSON; ``fixes`` has the most first.

    Args:
        model: the model.
        delegate: the delegate's name.
        profiles: of the model; see :func:`.estimate.chosen` for which are used.

    Raises:
        KeyError: when no delegate has this name.
    """
    placed = place(model, delegates()[delegate])
    summary = report(model, placed).summary
    return {
        "delegate": delegate, "operators": summary["operators"], "delegated": summary["delegated"],
        "partitions": len(placed.partitions), "crossing_bytes": summary["crossing_bytes"],
        "fixes": fixes_with_times(model, placed, profiles),
    }  # fmt: skip


def fixes_with_times(model: Model, placed: Placement, profiles: Iterable[Measured] = ()) -> list[dict[str, Any]]:
    """What to mend first, as JSON, each with an estimate of time, and by it; without a profile ``time`` is None."""
    base, other = chosen(profiles)
    weights = None if base is None else np.nan_to_num(base.us)
    found = [
        (fix, None if base is None else estimate(model, placed, fix, base, other))
        for fix in fixes(model, placed, weights)
    ]
    found.sort(key=lambda pair: 0.0 if pair[1] is None else -pair[1].moved_us)
    return [
        {
            "title": fix.title, "operators": fix.operators, "hint": fix.hint, "delegated": fix.delegated,
            "partitions": fix.partitions, "crossing_bytes": fix.crossing_bytes,
            "time": None if time is None else as_json(time),
        }
        for fix, time in found
    ]  # fmt: skip


def verdicts(model: Model) -> Report:
    """One row per operator, one column per delegate: what becomes of it."""
    count = len(model.operators)
    columns, summaries = [], []
    view = View(model)
    for delegate in delegates().values():
        placed = place(model, delegate, view=view)
        said = verdicts_of(view, placed)
        doc = f"what {delegate.title} does with it ({delegate.source})"
        columns.append(
            Column(delegate.name.replace("-", "_"), Categories(said.codes, VERDICTS), "1", "category", "simulated", doc)
        )
        summaries.append(
            {
                "delegate": delegate.name, "title": delegate.title, "confidence": delegate.confidence,
                "rules": delegate.source, "operators": count, "delegated": len(placed.taken),
                "partitions": len(placed.partitions), "sentence": sentence(model, placed),
                "accepted_if": said.counts, "conditions": dict(Counter(said.conditions.values())),
            }
        )  # fmt: skip
    return Report("delegates", {"provenance": "simulated", "delegates": summaries}, tuple(columns), over="operators")
