"""A profile in a foreign format becomes a trace of the model that it is about.

None of these formats says by hash which model ran. The model at hand is compared with what the profile says of its
operators; that they fit is a finding, since another model may have the same operators.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from ...analysis.model import Model
from ...analysis.options import control_flow
from ...analysis.report import Finding
from ..attribution import attribute
from ..errors import TraceError
from ..trace import STATISTICS, Environment, Events, ModelRef, Partition, Timing, Trace
from .capture import MOST_US, Capture, DelegateNode, Row, Times

_TOOLS = {
    "benchmark-log": "benchmark_model", "benchmark-csv": "benchmark_model", "benchmark-proto": "benchmark_model",
    "runtime-details": "benchmark_model", "litert-summary": "LiteRT profiler", "systrace": "ATrace",
    "litert-benchmark-json": "litert-benchmark",
}  # fmt: skip
_KINDS = {"delegate": "kernel", "runtime": "runtime", "operator": "operator"}
_GIVEN = {"count": "count", "mean": "mean", "median": "median", "minimum": "min", "maximum": "max", "std": "std",
          "first": "first", "p5": "p5", "p95": "p95"}  # fmt: skip


def bind(capture: Capture, model: Model, name: str) -> Trace:
    """The profile as a trace of ``model``.

    Args:
        capture: the profile.
        model: the model that it is believed to be about.
        name: what errors call the profile.

    Raises:
        TraceError: when none of its operators fits the model.
    """
    graph = _Graph(model)
    for row in capture.rows:
        if row.times.mean * (row.calls or 1.0) > MOST_US:
            raise TraceError(name, "a time that there cannot be", row.place)
    capture = replace(capture, rows=tuple(_timed(row, graph) for row in capture.rows))
    fits = [_Fit.of(row, graph) for row in capture.rows]
    findings = _comparison(capture, graph, fits, name)
    events, partitions = _events(capture, graph, fits)
    inference = _timing(capture.inference)
    startup = {"load_ns": capture.load_us, "first_inference_ns": capture.first_inference_us}
    trace = Trace(
        model=ModelRef(model.sha256, model.name, int(model.source.data.size), len(model.operators)),
        environment=_environment(capture, partitions),
        events=events,
        latency=Timing() if capture.rows else inference,
        profiled=inference if capture.rows else Timing(),
        partitions=partitions,
        startup={key: round(value * 1000) for key, value in startup.items() if value is not None},
        source={
            "format": capture.format,
            "tool": _TOOLS.get(capture.format),
            "initialization": [[row.tag, row.times.mean] for row in capture.initial_rows],
        },
        attribution="by node" if any(fit.operator is not None for fit in fits) else "",
        findings=(*findings, *(Finding("warning", "trace-incomplete", text) for text in capture.warnings)),
    )
    if "kernel" not in events.kind or any(finding.code == "trace-mismatch" for finding in findings):
        return trace
    return _with_kernels(trace, model)


def _with_kernels(trace: Trace, model: Model) -> Trace:
    """The trace with the rows of delegates attributed as far as it says where they ran."""
    kernels = np.array([kind == "kernel" for kind in trace.events.kind], bool)
    if len(model.subgraphs) > 1 and (trace.events.subgraph[kernels] < 0).any():
        text = f"{int(kernels.sum())} rows of delegates do not say in which subgraph they ran, and are not attributed"
        return replace(trace, findings=(*trace.findings, Finding("warning", "trace-rows-ambiguous", text)))
    known = bool(trace.partitions) and all(partition.operators for partition in trace.partitions)
    return attribute(trace, model, trace.partitions if known else None)


class _Graph:
    """What of a model the runtime's numbers are compared with."""

    def __init__(self, model: Model) -> None:
        self.offsets = model.subgraphs.operator_offsets.tolist()
        self.ops = model.operators.ops
        self.subgraph = model.operators.subgraph.tolist()
        self.index = model.operators.index.tolist()
        self.callers: dict[int, list[int]] = defaultdict(list)
        for operator, links in control_flow(model).items():
            for subgraph in set(links.values()):
                self.callers[subgraph].append(operator)

    def operator(self, subgraph: int, node: int) -> int | None:
        """The operator that is this node of the runtime, None for a node that a delegate made."""
        if not 0 <= subgraph < len(self.offsets) - 1:
            return None
        first, stop = self.offsets[subgraph : subgraph + 2]
        return first + node if 0 <= node < stop - first else None

    def is_type(self, operator: int, tag: str) -> bool:
        """Whether the runtime calls this operator so; behind a slash some kernels say more of themselves."""
        return self.ops[operator] in (tag, tag.split("/")[0])


def _timed(row: Row, graph: _Graph) -> Row:
    """A row taken for one of cycles, its type being none of the schema's: a custom operator of the model is timed."""
    if row.unit == "us" or row.node is None or row.subgraph is None:
        return row
    operator = graph.operator(row.subgraph, row.node)
    return (
        replace(row, kind="operator", unit="us") if operator is not None and graph.is_type(operator, row.tag) else row
    )


@dataclass(frozen=True)
class _Fit:
    """Where a row belongs.

    Attributes:
        subgraph: None where neither the format nor the model tells.
        operator: the operator with the row's number and type.
        other: the operator with the row's number whose type is another.
    """

    subgraph: int | None = None
    operator: int | None = None
    other: int | None = None

    @classmethod
    def of(cls, row: Row, graph: _Graph) -> _Fit:
        if row.kind == "delegate" and row.unit == "us":
            return cls(row.subgraph)
        if row.kind == "runtime" or row.node is None:
            return cls(row.subgraph)
        subgraphs = range(len(graph.offsets) - 1) if row.subgraph is None else (row.subgraph,)
        at = [(subgraph, graph.operator(subgraph, row.node)) for subgraph in subgraphs]
        right = [(s, operator) for s, operator in at if operator is not None and graph.is_type(operator, row.tag)]
        # Of a row that counts cycles, and names a kernel, the number alone tells.
        if row.unit == "cycles" and row.subgraph is not None:
            right = [(s, operator) for s, operator in at if operator is not None]
        if len(right) == 1:
            return cls(*right[0])
        wrong = [operator for _, operator in at if operator is not None]
        return cls(row.subgraph, None, wrong[0] if wrong and not right else None)


def _comparison(capture: Capture, graph: _Graph, fits: list[_Fit], name: str) -> list[Finding]:
    """What comparing the profile with the model has shown."""
    operators = [row for row in capture.rows if row.kind == "operator"]
    right = sum(fit.operator is not None for fit in fits)
    wrong: list[tuple[Row, int | None]] = [
        (row, fit.other) for row, fit in zip(capture.rows, fits, strict=True) if fit.other is not None
    ]
    for (subgraph, node), op in capture.nodes.items():
        operator = graph.operator(subgraph, node)
        fit = operator is not None and graph.is_type(operator, op)
        right += fit
        if not fit:
            wrong.append((Row("operator", op, node, subgraph, Times(0)), operator))
    if wrong and not right:
        row, operator = wrong[0]
        there = "there is no such operator" if operator is None else f"the model has {graph.ops[operator]} there"
        where = "" if row.subgraph is None else f" of subgraph {row.subgraph}"
        reason = f"is of another model: node {row.node}{where} is {row.tag}, and {there}"
        raise TraceError(name, reason, row.place)
    if wrong:
        about = tuple(operator for _, operator in wrong[:1000] if operator is not None)
        text = f"{len(wrong)} of {len(wrong) + right} operators have another type in this model: is it another version?"
        return [Finding("error", "trace-mismatch", text, about)]
    found = []
    if right:
        text = f"the profile does not name its model by hash; all {right} operators that it lists fit this one"
        found.append(Finding("note", "trace-model-assumed", text))
    else:
        text = "nothing in the profile tells whether it is of this model"
        found.append(Finding("warning", "trace-model-unchecked", text))
    lost = sum(fit.operator is None and row.node is not None and fit.subgraph is None
               for row, fit in zip(capture.rows, fits, strict=True) if row.kind == "operator")  # fmt: skip
    if lost:
        text = f"{lost} of {len(operators)} rows fit operators of several subgraphs, or none, and are not attributed"
        found.append(Finding("warning", "trace-rows-ambiguous", text))
    return found


@dataclass
class _Table:
    """Columns of events on their way."""

    tag: list[str] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    unit: list[str] = field(default_factory=list)
    numbers: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    operators: list[list[int]] = field(default_factory=list)
    samples: list[list[int]] = field(default_factory=list)
    given: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def _events(capture: Capture, graph: _Graph, fits: list[_Fit]) -> tuple[Events, tuple[Partition, ...]]:
    order, parents = _ordered(capture, graph, fits)
    partitions = [_partition(found, graph) for found in capture.partitions]
    place = {(p.subgraph, p.node): row for row, p in enumerate(partitions)}
    table, groups = _Table(), _Groups()
    runs = len(capture.inference.samples) if capture.inference else 0
    for old in order:
        row, fit = capture.rows[old], fits[old]
        subgraph = -1 if fit.subgraph is None else fit.subgraph
        node = -1 if row.node is None else row.node
        kind = _KINDS[row.kind] if row.unit == "us" else "operator"  # a row of cycles bears the operator's number
        partition = -1
        if kind == "kernel":
            partition = groups.of(subgraph, node, parents[old], table.numbers["partition"], partitions)
        if kind == "operator" and fit.operator is None and fit.other is None and subgraph >= 0 and node >= 0:
            kind = "delegate"  # a node beyond those of the model
            if (subgraph, node) not in place:
                place[subgraph, node] = len(partitions)
                partitions.append(Partition(subgraph, node, row.tag))
            partition = place[subgraph, node]
        table.tag.append(row.tag)
        table.kind.append(kind)
        table.unit.append("cycles" if row.unit == "cycles" else "ns")
        table.operators.append(_operators(fit, partition, partitions))
        confident = 1.0 if table.operators[-1] else math.nan
        columns = {"subgraph": subgraph, "node": node, "partition": partition, "parent": parents[old]}
        for column, value in {**columns, "confidence": confident, **_clock(row)}.items():
            table.numbers[column].append(value)
        table.samples.append(_samples(row, runs))
        for statistic, value in _given(row).items():
            table.given[statistic].append(value)
    events = Events.of(
        table.tag, table.kind, unit=table.unit, samples=np.array(table.samples, np.int64).reshape(len(order), runs),
        given={key: column for key, column in table.given.items() if not np.isnan(column).all()},
        operators=table.operators, **table.numbers,
    )  # fmt: skip
    return events, tuple(partitions)


class _Groups:
    """Puts the rows that delegates report themselves into groups: they count from 0 in every partition."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], tuple[int, int]] = {}

    def of(self, subgraph: int, node: int, parent: int, above: list[float], partitions: list[Partition]) -> int:
        """The partition of a row; a new one, of which nothing is known, where counting starts again."""
        if parent >= 0 and above[parent] >= 0:
            return int(above[parent])
        last, partition = self._last.get((subgraph, parent), (node, -1))
        if partition < 0 or node <= last:
            partition = len(partitions)
            partitions.append(Partition(subgraph, -1, ""))
        self._last[subgraph, parent] = (node, partition)
        return partition


def _ordered(capture: Capture, graph: _Graph, fits: list[_Fit]) -> tuple[list[int], list[int]]:
    """The rows with parents before children, and for every row its parent's place in that order."""
    by_operator = {fit.operator: row for row, fit in enumerate(fits) if fit.operator is not None}
    by_node: dict[tuple[int, int, str], int] = {}
    for number, (row, fit) in enumerate(zip(capture.rows, fits, strict=True)):
        if row.kind == "operator" and row.node is not None and fit.subgraph is not None:
            by_node.setdefault((row.node, fit.subgraph, row.thread), number)
    parent = []
    for row, fit in zip(capture.rows, fits, strict=True):
        above = None if row.parent is None else by_node.get((*row.parent, row.thread))
        if above is None and row.parent is None and fit.subgraph:
            callers = graph.callers.get(fit.subgraph, [])
            above = by_operator.get(callers[0]) if len(callers) == 1 else None
        parent.append(-1 if above is None else above)
    depth = _depths(parent)
    order = sorted(range(len(parent)), key=depth.__getitem__)  # stable: run order within a depth
    place = {old: new for new, old in enumerate(order)}
    return order, [place.get(above, -1) if above >= 0 else -1 for above in parent]


def _depths(parent: list[int]) -> list[int]:
    """How deep every row lies; a row in a circle, which only a hostile model makes, loses its parent."""
    depth = [-1] * len(parent)
    for start in range(len(parent)):
        path, row = [], start
        while row >= 0 and depth[row] < 0:
            depth[row] = 0
            path.append(row)
            row = parent[row]
        if row in path:
            parent[path[-1]] = -1
            row = -1
        above = depth[row] if row >= 0 else -1
        for step in reversed(path):
            above += 1
            depth[step] = above
    return depth


def _partition(found: DelegateNode, graph: _Graph) -> Partition:
    operators = [graph.operator(found.subgraph, node) for node in found.replaced]
    known = None if None in operators else tuple(operator for operator in operators if operator is not None)
    return Partition(found.subgraph, found.node, found.delegate, known)


def _operators(fit: _Fit, partition: int, partitions: list[Partition]) -> list[int]:
    if fit.operator is not None:
        return [fit.operator]
    operators = partitions[partition].operators or () if partition >= 0 else ()
    # Of several, the time as a whole is none's.
    return list(operators) if len(operators) == 1 else []


def _clock(row: Row) -> dict[str, float]:
    start = row.times.start
    return {
        "calls": math.nan if row.calls is None else row.calls,
        "start": -1 if start is None or start < 0 else round(start * 1000),
    }


def _samples(row: Row, runs: int) -> list[int]:
    factor = 1 if row.unit == "cycles" else 1000
    found = [round(value * factor) if value >= 0 else -1 for value in row.times.samples]
    return found if len(found) == runs else [-1] * runs


def _given(row: Row) -> dict[str, float]:
    """The statistics of one inference: those of a call, when there is one; of several only the mean adds up."""
    calls = 1.0 if row.calls is None else row.calls
    factor = 1.0 if row.unit == "cycles" else 1000.0
    found = dict.fromkeys(STATISTICS, math.nan)
    if row.times.samples:
        return found
    for name, statistic in _GIVEN.items():
        value = getattr(row.times, name)
        if statistic == "count":
            found[statistic] = value or math.nan
        elif value is not None and (calls == 1 or statistic == "mean"):
            found[statistic] = value * factor * calls
    return found


def _timing(times: Times | None) -> Timing:
    if times is None:
        return Timing()
    if times.samples:
        return Timing(np.array([round(value * 1000) for value in times.samples], np.int64))
    given = {statistic: getattr(times, name) for name, statistic in _GIVEN.items()}
    count = {"count": float(times.count)} if times.count else {}
    return Timing(
        given=count | {key: value * 1000 for key, value in given.items() if value is not None and key != "count"}
    )


def _environment(capture: Capture, partitions: tuple[Partition, ...]) -> Environment:
    facts = capture.environment
    threads = next(
        (facts[key] for key in ("#threads used for CPU inference", "Num threads", "num_threads") if key in facts), ""
    )
    return Environment(
        delegates=tuple(dict.fromkeys(partition.delegate for partition in partitions if partition.delegate)),
        threads=int(threads) if threads.isascii() and threads.isdigit() and 0 < len(threads) < 6 else None,
        clock_ns=1000,
        extra=dict(facts),
    )
