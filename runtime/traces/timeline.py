"""A trace as Chrome's JSON trace format, which Perfetto and chrome://tracing open.

One inference is drawn. Slices on a track must nest: where a trace has no start of its rows, or sums over several calls,
they are laid one after the other inside what contains them, and say so (``synthetic``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...analysis.model import Model
from ...analysis.ragged import Array
from ..trace import Events, Trace

_RUN, _COUNTED = 1, 2  # processes of the picture: time, and cycles, which are no time
_INFERENCE, _OPERATORS, _DELEGATES = 1, 2, 3  # threads


def chrome(trace: Trace, model: Model) -> dict[str, Any]:
    """The trace as the object that the format is; its numbers are microseconds."""
    slices: list[dict[str, Any]] = []
    for process, unit in ((_RUN, "ns"), (_COUNTED, "cycles")):
        slices += _slices(trace, model, unit, process)
    inference = trace.profiled.typical() or trace.latency.typical()
    if inference is not None:
        arguments = {"samples": int(trace.profiled.samples.size or trace.latency.samples.size)}
        slices.insert(0, _slice("inference", _RUN, _INFERENCE, 0.0, inference / 1000, arguments))
    return {
        "displayTimeUnit": "ns",
        "otherData": {"model": trace.model.name, "sha256": trace.model.sha256, "format": trace.source.get("format")},
        "traceEvents": [*_names(slices, trace), *slices],
    }


def _slices(trace: Trace, model: Model, unit: str, process: int) -> list[dict[str, Any]]:
    events = trace.events
    rows = np.flatnonzero(np.array([found == unit for found in events.unit], bool))
    # The last place is where parent -1 finds itself; a parent of another unit is none.
    places = np.full(len(events) + 1, -1)
    places[rows] = np.arange(len(rows))
    parent = places[events.parent[rows]]
    start, length, known = _layout(events, rows, parent)
    names = model.layer_names
    found: list[dict[str, Any]] = []
    for place, row in enumerate(rows.tolist()):
        operators = [operator for operator in events.operators[row].tolist() if operator < len(names)]
        arguments: dict[str, Any] = {
            "kind": events.kind[row],
            "subgraph": int(events.subgraph[row]),
            "node": int(events.node[row]),
            "operators": operators,
        }
        if operators:
            arguments["op"], arguments["layer"] = model.operators.ops[operators[0]], names[operators[0]]
        for name, value in (("calls", events.calls[row]), ("confidence", events.confidence[row])):
            if not math.isnan(value):
                arguments[name] = float(value)
        partition = int(events.partition[row])
        if partition >= 0:
            arguments["delegate"] = trace.partitions[partition].delegate
        if not known:
            arguments["synthetic"] = True
        if unit == "cycles":
            arguments["cycles"] = float(events.typical[row])
        thread = _DELEGATES + partition if partition >= 0 else _OPERATORS
        if parent[place] >= 0:
            thread = found[parent[place]]["tid"]
        found.append(_slice(events.tag[row], process, thread, start[place] / 1000, length[place] / 1000, arguments))
    return found


def _layout(events: Events, rows: Array, parent: Array) -> tuple[Array, Array, bool]:
    """Start and length of the given rows in ns, and whether the starts are those of the trace.

    ``parent`` is the place in ``rows`` of what contains each, -1 for none.
    """
    if (known := _measured(events, rows, parent)) is not None:
        return (*known, True)
    # A row is as long as it was, or as what lies in it. Children follow parents: from the back the sums are complete.
    inside = np.zeros(len(rows) + 1)
    own = np.rint(np.nan_to_num(events.typical[rows]))
    length = own.copy()
    for row in range(len(rows) - 1, -1, -1):
        length[row] = max(own[row], inside[row])
        inside[parent[row]] += length[row]
    start, cursor = np.zeros(len(rows)), np.zeros(len(rows) + 1)
    for row in range(len(rows)):
        start[row] = cursor[parent[row]]
        cursor[parent[row]] += length[row]
        cursor[row] = start[row]
    return start, length, False


def _measured(events: Events, rows: Array, parent: Array) -> tuple[Array, Array] | None:
    """Starts and lengths in the first inference, where the trace has them and they nest."""
    if not len(rows) or not events.samples.shape[1]:
        return None
    start, length = events.start[rows].astype(float), events.samples[rows, 0].astype(float)
    if (start < 0).any() or (length < 0).any() or (events.calls[rows] != 1).any():
        return None
    end = np.append(start + length, np.inf)
    # Free from where the last sibling ended.
    free = np.append(start, 0.0)
    for row in np.argsort(start, kind="stable").tolist():
        if start[row] < free[parent[row]] or end[row] > end[parent[row]]:
            return None
        free[parent[row]] = end[row]
    return start, length


def _slice(
    name: str, process: int, thread: int, start: float, length: float, arguments: dict[str, Any]
) -> dict[str, Any]:
    # Nanoseconds in whole numbers: Perfetto counts in them, and sums of rounded microseconds would not nest.
    return {
        "ph": "X", "name": name, "pid": process, "tid": thread,
        "ts": round(float(start), 3), "dur": round(float(length), 3), "args": arguments,
    }  # fmt: skip


def _names(slices: list[dict[str, Any]], trace: Trace) -> list[dict[str, Any]]:
    processes = {_RUN: "one inference", _COUNTED: "cycles (a thousand are drawn as 1 µs)"}
    threads = {_INFERENCE: "inference", _OPERATORS: "operators"}
    for row, partition in enumerate(trace.partitions):
        threads[_DELEGATES + row] = f"{partition.delegate or 'delegate'}, partition {row}"
    found = []
    for process, thread in sorted({(piece["pid"], piece["tid"]) for piece in slices}):
        for kind, name in (("process_name", processes[process]), ("thread_name", threads.get(thread, str(thread)))):
            found.append({"ph": "M", "name": kind, "pid": process, "tid": thread, "args": {"name": name}})
    return found
