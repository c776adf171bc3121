"""A trace as a report: what an inference takes, and whose time it is. Its figures are defined in docs/profile.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..analysis.model import Model
from ..analysis.ragged import Array
from ..analysis.report import Column, Finding, Report
from . import steady
from .errors import TraceError
from .trace import Events, Trace
from .trace_file import environment_json

_SURE = 0.9  # confidence below which a finding names the operators
_COARSE = 0.1  # share of an inference that rounding may hide before a finding says so
_MOST_NAMED = 1000
_ROWS_SHOWN = 200


@dataclass(frozen=True)
class Times:
    """Averages over the inferences of the middle half, in ns.

    Attributes:
        total: the whole inference; None where the trace does not say.
        rows: float64, self time per row of the trace; NaN where it counts cycles, or nothing is known.
        settled: bool per row: known well enough; None where there are no samples to tell from.
        row, operator: int64, the pairs of a row and the operator whose it is.
    """

    total: float | None
    rows: Array
    settled: Array | None
    row: Array
    operator: Array

    def operators(self, count: int) -> Array:
        """Float64, self time by operator id; NaN for an operator without rows."""
        ns = np.bincount(self.operator, self.rows[self.row], count)
        return np.where(np.bincount(self.operator, minlength=count) > 0, ns, np.nan)


def times_of(trace: Trace) -> Times:
    """The times of all rows, without what they contain. They and what is in no row add up to the total."""
    events, totals = trace.events, trace.profiled.samples
    in_time = np.array([unit == "ns" for unit in events.unit], bool)
    settled = None
    if totals.size and events.samples.shape[1] == totals.size:
        chosen = steady.middle(totals)
        alone = steady.self_times(events)
        rows = np.where((events.samples >= 0).any(1) & in_time, alone[:, chosen].mean(1), np.nan)
        total: float | None = float(totals[chosen].mean())
        settled = ~steady.unsettled(alone, totals)
    else:
        whole = np.where(in_time, events.typical, np.nan)
        rows = whole.copy()
        inner = np.flatnonzero((events.parent >= 0) & ~np.isnan(whole))
        np.subtract.at(rows, events.parent[inner], whole[inner])
        total = trace.profiled.typical() or trace.latency.typical()
    row = np.flatnonzero((events.operators.counts > 0) & ~np.isnan(rows))
    operator = events.operators.values[events.operators.offsets[row]].astype(np.int64)
    return Times(total, rows, settled, row, operator)


def report(trace: Trace, model: Model) -> Report:
    """The report of a trace whose rows are attributed to the operators of this model.

    Raises:
        TraceError: when it names operators that the model does not have.
    """
    if (trace.events.operators.values >= len(model.operators)).any():
        raise TraceError(trace.model.name or "trace", f"names operators that {model.name} does not have")
    times = times_of(trace)
    summary = {**_whole(trace), **_shares(trace, times, len(model.operators))}
    findings = (*trace.findings, *_findings(trace, times))
    return Report("profile", summary, _columns(trace, model, times), findings, over="operators")


def _whole(trace: Trace) -> dict[str, Any]:
    """Figures of the run as a whole."""
    plain = trace.latency.typical()
    latency = steady.describe(trace.latency.samples)
    if not trace.latency.samples.size:
        latency |= {"median": _us(plain), "runs": int(trace.latency.given.get("count", 0))}
    ratio = steady.ratio_in_turn(trace.latency.samples, trace.profiled.samples)
    overhead = None if ratio is None else ratio - 1
    return {
        "environment": environment_json(trace.environment),
        "created": trace.created,
        "source": dict(trace.source),
        "settings": dict(trace.settings),
        **{f"{name}_us": _us(trace.startup.get(f"{name}_ns")) for name in ("load", "compile", "first_inference")},
        "inference_us": latency,
        "profiled_us": steady.describe(trace.profiled.samples),
        "overhead_us": None if overhead is None or plain is None else overhead * plain / 1000,
        "overhead": overhead,
        "memory": dict(trace.memory),
    }


def _shares(trace: Trace, times: Times, count: int) -> dict[str, Any]:
    """Whose time it is, and what is nobody's."""
    ns = times.operators(count)
    attributed = float(np.nansum(ns)) / 1000
    total = _us(times.total)
    owned = np.zeros(len(trace.events), bool)
    owned[times.row] = True
    rest = np.flatnonzero(~owned & ~np.isnan(times.rows))
    rest = rest[np.argsort(-times.rows[rest], kind="stable")]
    names = ("tag", "kind")
    events = trace.events
    outside = None if total is None else total - float(np.nansum(times.rows)) / 1000
    delegated = np.nansum(ns[np.unique(times.operator[events.partition[times.row] >= 0])]) / 1000
    return {
        "total_us": total,
        "attributed_us": attributed,
        "unattributed_us": None if total is None else total - attributed,
        "unattributed": {
            "rows": [
                {**{name: getattr(events, name)[row] for name in names}, "self_us": float(times.rows[row]) / 1000}
                for row in rest[:_ROWS_SHOWN].tolist()
            ],
            "rows_us": float(times.rows[rest].sum()) / 1000,
            "outside_us": outside,
        },
        "delegated_us": float(delegated),
        "cycles": {tag: float(value) for tag, value, unit in _cycles(events)},
        "partitions": [
            {
                "subgraph": p.subgraph,
                "delegate": p.delegate,
                "operators": None if p.operators is None else [*p.operators],
            }
            for p in trace.partitions
        ],
        "attribution": trace.attribution,
    }


def _cycles(events: Events) -> Iterator[tuple[str, float, str]]:
    """Rows that count cycles: they are no times, and in no sum."""
    typical = events.typical.tolist()
    rows = zip(events.tag, typical, events.unit, strict=True)
    return (row for row in rows if row[2] == "cycles" and not np.isnan(row[1]))


def _columns(trace: Trace, model: Model, times: Times) -> tuple[Column, ...]:
    count = len(model.operators)
    us = times.operators(count) / 1000
    there = ~np.isnan(us)
    share = us / (times.total / 1000) * 100 if times.total else np.full(count, np.nan)
    partition, main = _partitions(trace, count), _longest(times, count)
    sure, calls = (np.append(column, np.nan)[main] for column in (trace.events.confidence, trace.events.calls))
    return (
        Column("id", np.arange(count), "1", "quantity", "declared", "Global number of the operator."),
        Column("op", model.operators.ops, "1", "category", "declared", "Operator type."),
        Column("name", model.layer_names, "1", "text", "declared", "Name of its first output."),
        Column(
            "self_us", us, "us", "quantity", "measured",
            "Time of the operator in an inference, without subgraphs that it calls: the average over the middle half "
            "of the inferences; missing where it left no row.", there,
        ),
        Column(
            "share", share, "%", "quantity", "measured", "Share of self_us in the whole inference.", ~np.isnan(share)
        ),
        Column(
            "calls", calls, "1", "quantity", "measured", "How often it ran in an inference.", there & ~np.isnan(calls)
        ),
        Column(
            "kernel", _kernels(trace, times, count), "1", "text", "measured",
            "What did the work, by the name that the runtime gives it.", there,
        ),
        Column(
            "partition", partition, "1", "category", "measured",
            "Partition of a delegate that it ran in, in the order of execution; missing where it ran by itself.",
            partition >= 0,
        ),
        Column(
            "confidence", sure, "1", "quantity", "measured",
            "How sure it is that this time is this operator's: 1 where the runtime names it, less where rows of a "
            "delegate were aligned with operators.", there & ~np.isnan(sure),
        ),
    )  # fmt: skip


def _longest(times: Times, count: int) -> Array:
    """Int64 per operator: the row that took longest; -1 for none."""
    found = np.full(count, -1, np.int64)
    order = np.argsort(times.rows[times.row], kind="stable")
    found[times.operator[order]] = times.row[order]
    return found


def _partitions(trace: Trace, count: int) -> Array:
    found = np.full(count, -1, np.int32)
    for number, partition in enumerate(trace.partitions):
        inside = [operator for operator in partition.operators or () if operator < count]
        found[inside] = number
    return found


def _kernels(trace: Trace, times: Times, count: int) -> list[str]:
    """The kernels of each operator in their order, each once."""
    events = trace.events
    own = "reference" if trace.environment.kernels == "reference" else "built-in"
    found: list[dict[str, None]] = [{} for _ in range(count)]
    for row, operator in zip(times.row.tolist(), times.operator.tolist(), strict=True):
        found[operator][events.tag[row] if events.kind[row] == "kernel" else own] = None
    return [" + ".join(names) for names in found]


def _findings(trace: Trace, times: Times) -> Iterator[Finding]:
    if times.settled is not None:
        loose = np.unique(times.operator[~times.settled[times.row]])
        if loose.size:
            text = f"the times of {loose.size} operators had not settled when the run ended: more runs make them surer"
            yield Finding("warning", "not-settled", text, tuple(loose[:_MOST_NAMED].tolist()))
    unsure = np.unique(times.operator[trace.events.confidence[times.row] < _SURE])
    if unsure.size:
        text = f"which of neighbouring operators the time of {unsure.size} operators belongs to is not certain"
        yield Finding("note", "uncertain-attribution", text, tuple(unsure[:_MOST_NAMED].tolist()))
    events = trace.events
    owned = set(times.row.tolist())
    lost = [row for row, kind in enumerate(events.kind) if kind in ("operator", "kernel") and row not in owned]
    yield from _lost_to_the_clock(trace, times)
    if lost:
        names = ", ".join(dict.fromkeys(events.tag[row] for row in lost[:5]))
        yield Finding("warning", "unmatched-rows", f"{len(lost)} rows fit no operator, their time stays apart: {names}")


def _lost_to_the_clock(trace: Trace, times: Times) -> Iterator[Finding]:
    """A delegate rounds each of its rows down to whole ticks, so what is shorter shows as nothing."""
    events, tick = trace.events, trace.environment.clock_ns
    kernels = np.array([kind == "kernel" for kind in events.kind], bool)
    if tick and times.total and kernels.any():
        lost = float(np.nansum(events.calls[kernels])) * tick
        if lost > _COARSE * times.total:
            text = (
                f"the delegate rounds each of its {kernels.sum()} rows down to {tick / 1000:g} µs: up to"
                f" {lost / 1000:.0f} of {times.total / 1000:.0f} µs are missing from operators and stay unattributed"
            )
            yield Finding("note", "coarse-clock", text)


def _us(ns: float | None) -> float | None:
    return None if ns is None else ns / 1000
