"""A trace as a report: one row per row of the trace, with its own time and whose it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...analysis.model import Model
from ...analysis.report import Column, Report
from ..trace import STARTUP, Trace
from .export import self_times


def report(trace: Trace, model: Model) -> Report:
    """The rows with times of one inference, in microseconds or cycles as the trace has them."""
    events = trace.events
    counted = np.array([unit == "cycles" for unit in events.unit], bool)
    scale = np.where(counted, 1.0, 1000.0)
    own = self_times(events)
    times = ~counted & ~np.isnan(own)
    total = float(own[times].sum())
    first = np.full(len(events), -1, np.int64)
    some = events.operators.counts > 0
    first[some] = events.operators.values[events.operators.offsets[:-1][some]]
    attributed = times & some
    inference = trace.profiled.typical() or trace.latency.typical()
    summary: dict[str, Any] = {
        "format": trace.source.get("format"),
        "rows": len(events),
        "inference_us": None if inference is None else inference / 1000,
        **{name.replace("_ns", "_us"): trace.startup[name] / 1000 for name in STARTUP if name in trace.startup},
        "attributed_us": float(own[attributed].sum()) / 1000,
        "unattributed_us": None if inference is None else max(inference - float(own[attributed].sum()), 0.0) / 1000,
        "cycles": float(np.nansum(own[counted])) if counted.any() else None,
        "environment": {**vars(trace.environment), "extra": dict(trace.environment.extra)},
    }
    share = np.divide(own * 100, total, out=np.full(len(own), np.nan), where=times & (total > 0))
    ops = model.operators.ops
    columns = (
        _measured("tag", list(events.tag), "1", "category", "What the runtime calls it."),
        _measured("kind", list(events.kind), "1", "category", "Operator, delegate, kernel of a delegate, or runtime."),
        _measured("operator", first, "1", "quantity", "Global id of the operator whose work it is.", some),
        _measured(
            "op", [ops[row] if 0 <= row < len(ops) else "" for row in first.tolist()], "1", "category",
            "Type of that operator.", some,
        ),
        _measured("subgraph", events.subgraph, "1", "quantity", "Subgraph that it ran in.", events.subgraph >= 0),
        _measured("node", events.node, "1", "quantity", "The runtime's number of it.", events.node >= 0),
        _measured("calls", events.calls, "1", "quantity", "Calls per inference.", ~np.isnan(events.calls)),
        _measured(
            "self_us", np.where(counted, np.nan, own / scale), "us", "quantity",
            "Time of one inference spent in it, without the rows inside it.", times,
        ),
        _measured(
            "self_cycles", own, "1", "quantity",
            "The same in cycles of a processor whose clock is not known.", counted & ~np.isnan(own),
        ),
        _measured("share", share, "%", "quantity", "Share of the time of all rows.", ~np.isnan(share)),
        _measured(
            "confidence", events.confidence, "1", "quantity", "How sure it is that it is that operator's, 0 to 1.",
            ~np.isnan(events.confidence),
        ),
    )  # fmt: skip
    return Report("trace", summary, columns, trace.findings, over="rows")


def _measured(name: str, values: Any, unit: str, kind: Any, doc: str, valid: Any = None) -> Column:
    return Column(name, values, unit, kind, "measured", doc, valid)
