"""Reports of delegates for the page: lenses and columns by their names in ``analysis/reports.py``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from ..model import Model
from ..ragged import Categories
from ..report import Column, Report
from . import delegates
from .nodes import View
from .simulation import fixes, place, report, sentence, verdicts_of
from .verdicts import VERDICTS


def partition_xnnpack(model: Model) -> Report:
    """What XNNPACK takes, and why not the rest."""
    return report(model, place(model, delegates()["xnnpack"]))


def partition_gpu(model: Model) -> Report:
    """What the GPU delegate takes, and why not the rest."""
    return report(model, place(model, delegates()["gpu"]))


def fixes_of(model: Model, delegate: str) -> dict[str, Any]:
    """What accepting more would win for a delegate, as JSON; ``fixes`` has the most first.

    Raises:
        KeyError: when no delegate has this name.
    """
    placed = place(model, delegates()[delegate])
    summary = report(model, placed).summary
    return {
        "delegate": delegate, "operators": summary["operators"], "delegated": summary["delegated"],
        "partitions": len(placed.partitions), "crossing_bytes": summary["crossing_bytes"],
        "fixes": [asdict(fix) for fix in fixes(model, placed)],
    }  # fmt: skip


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
