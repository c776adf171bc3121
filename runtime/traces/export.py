"""Traces as tables for other programs: CSV, and node data for Model Explorer."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...analysis.model import Model
from ...analysis.ragged import Array
from ..trace import STATISTICS, Events, Trace

_COLUMNS = (
    "row", "kind", "tag", "operators", "op", "layer", "subgraph", "node", "partition", "delegate", "parent", "calls",
    "unit",
)  # fmt: skip


def csv_text(trace: Trace, model: Model) -> str:
    """One line per row of the trace; times in the row's unit, empty where not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_COLUMNS, *STATISTICS, "confidence"])
    events = trace.events
    statistics = {name: _statistic(events, name) for name in STATISTICS}
    ops, layers = model.operators.ops, model.layer_names
    for row in range(len(events)):
        operators = events.operators[row].tolist()
        main = operators[0] if operators and operators[0] < len(ops) else None
        partition = int(events.partition[row])
        writer.writerow(
            [
                row, events.kind[row], events.tag[row], " ".join(map(str, operators)),
                "" if main is None else ops[main], "" if main is None else layers[main],
                *(_known(value) for value in (events.subgraph[row], events.node[row], partition)),
                trace.partitions[partition].delegate if partition >= 0 else "",
                _known(events.parent[row]), _number(events.calls[row]), events.unit[row],
                *(_number(statistics[name][row]) for name in STATISTICS), _number(events.confidence[row]),
            ]
        )  # fmt: skip
    return out.getvalue()


def node_data(trace: Trace, model: Model) -> dict[str, Any]:
    """Self time of every operator in the format that Model Explorer loads onto a graph: microseconds, or cycles.

    Its graphs are called as the subgraphs, its nodes by the operator's index (google-ai-edge/model-explorer,
    direct_flatbuffer_to_json_graph_convert.cc).
    """
    events = trace.events
    unit = "ns" if "ns" in events.unit or not events.unit else "cycles"
    factor = 1000.0 if unit == "ns" else 1.0
    own = self_times(events)
    totals: dict[int, float] = {}
    for row in range(len(events)):
        operators = events.operators[row].tolist()
        # The time of a whole partition is nobody's in particular.
        if not operators or events.kind[row] == "delegate" or events.unit[row] != unit or math.isnan(own[row]):
            continue
        totals[operators[0]] = totals.get(operators[0], 0.0) + float(own[row]) / factor
    graphs: dict[str, Any] = {}
    for operator, value in sorted(totals.items()):
        subgraph = int(model.operators.subgraph[operator])
        name = model.subgraphs.names[subgraph] or ("main" if subgraph == 0 else f"subgraph_{subgraph}")
        results = graphs.setdefault(name, {"results": {}, "gradient": _GRADIENT})["results"]
        results[str(int(model.operators.index[operator]))] = {"value": round(value, 6)}
    return graphs


_GRADIENT = [{"stop": 0, "bgColor": "#fff7bc"}, {"stop": 1, "bgColor": "#d95f0e"}]


def self_times(events: Events) -> Array:
    """Float64, a row's typical duration less that of the rows in it with the same unit; NaN where not known."""
    typical = events.typical
    own = typical.copy()
    for row, parent in enumerate(events.parent.tolist()):
        if parent >= 0 and events.unit[parent] == events.unit[row] and not math.isnan(typical[row]):
            own[parent] -= typical[row]
    return np.maximum(own, 0.0)


# A float64 column from samples, NaN where a row did not run; every row ran once at least.
_OF_SAMPLES: dict[str, Callable[[Array], Array]] = {
    "count": lambda there: (~np.isnan(there)).sum(1),
    "mean": lambda there: np.nanmean(there, 1),
    "median": lambda there: np.nanmedian(there, 1),
    "min": lambda there: np.nanmin(there, 1),
    "max": lambda there: np.nanmax(there, 1),
    "std": lambda there: np.nanstd(there, 1),
    "first": lambda there: there[np.arange(len(there)), np.argmax(~np.isnan(there), 1)],
    "p5": lambda there: np.nanpercentile(there, 5, 1),
    "p95": lambda there: np.nanpercentile(there, 95, 1),
}


def _statistic(events: Events, name: str) -> Array:
    """A statistic of every row, of its samples where it has some."""
    given = events.given.get(name)
    found = np.full(len(events), np.nan) if given is None else given.astype(np.float64)
    samples = np.where(events.samples >= 0, events.samples, np.nan)
    rows = ~np.isnan(samples).all(1) if samples.shape[1] else np.zeros(len(events), bool)
    if not rows.any():
        return found
    there = samples[rows]
    found[rows] = _OF_SAMPLES[name](there)
    return found


def _known(value: Any) -> str:
    return "" if value < 0 else str(int(value))


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.10g}"
