"""A measured run of a model: where, with what, and every raw sample. Its JSON form is described in docs/trace.md.

The same shape holds what was measured here and what other tools wrote, which may know only averages, count cycles
instead of nanoseconds, or not say on which model it ran.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from ..analysis.ragged import Array, Ragged, offsets_of
from ..analysis.report import Finding

FORMAT = "tflite-viz-trace"
VERSION = 1

EventKind = Literal["operator", "delegate", "kernel", "invoke", "runtime"]
"""An operator by its node; a delegate's node as a whole; what a delegate reports itself; a subgraph; all else."""

Unit = Literal["ns", "cycles"]
KINDS: tuple[str, ...] = get_args(EventKind)
UNITS: tuple[str, ...] = get_args(Unit)
STATISTICS = ("count", "mean", "median", "min", "max", "std", "first", "p5", "p95")
"""What a tool may give instead of samples; all in the event's unit but the count."""

STARTUP = ("load_ns", "compile_ns", "first_inference_ns")
MEMORY = ("before_bytes", "loaded_bytes", "compiled_bytes", "first_bytes", "after_bytes", "peak_bytes")
MISSING = -1
"""A sample, start, node or parent that is not known."""


@dataclass(frozen=True)
class Environment:
    """Where and with what it ran; None is not known.

    Attributes:
        device: the machine.
        cpu: its processor.
        cores: logical processors that the run could use.
        os: operating system and version.
        runtime, runtime_version: what ran the model.
        kernels: ``xnnpack``, ``builtin``, ``reference``, ``gpu``, or a delegate's name.
        delegates: names of all delegates that took operators.
        threads: threads that the kernels could use.
        clock_ns: the step of the clock that timed the events.
        extra: anything else that is worth keeping, as texts.
    """

    device: str | None = None
    cpu: str | None = None
    cores: int | None = None
    os: str | None = None
    runtime: str | None = None
    runtime_version: str | None = None
    kernels: str | None = None
    delegates: tuple[str, ...] = ()
    threads: int | None = None
    clock_ns: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelRef:
    """The model that ran, as far as the trace says."""

    sha256: str | None = None
    name: str | None = None
    size_bytes: int | None = None
    operators: int | None = None


@dataclass(frozen=True)
class Timing:
    """Durations of whole inferences in ns, in the order in which they ran.

    Attributes:
        samples: int64; empty where a tool gave only statistics.
        given: those statistics, by the names of :data:`STATISTICS`.
    """

    samples: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    given: Mapping[str, float] = field(default_factory=dict)

    def typical(self) -> float | None:
        """The median in ns; the mean where only that was given; None where nothing was."""
        if self.samples.size:
            return float(np.median(self.samples))
        return self.given.get("median", self.given.get("mean"))


@dataclass(frozen=True)
class Partition:
    """Operators that a delegate runs as one.

    Attributes:
        subgraph: the subgraph it is in.
        node: the runtime's number of the delegate's node, -1 where not known.
        delegate: the delegate's name.
        operators: global operator ids in the order of the runtime; None where not known.
    """

    subgraph: int
    node: int
    delegate: str
    operators: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Events:
    """What was timed, one row per place in the run: a kernel inside a loop is one row, its samples are sums per run.

    Attributes:
        tag: what the runtime calls it: an operator type, a kernel.
        kind: one of :data:`KINDS` each.
        unit: one of :data:`UNITS` each.
        subgraph: int32, -1 where not known.
        node: int32. For operators and delegates the runtime's node number in the subgraph; for kernels their number
            in their partition; -1 where not known.
        partition: int32, row in the trace's partitions; -1 for none.
        parent: int32, the row that contains it; -1 for none. A parent comes before its children.
        calls: float64, how often it ran per inference; NaN where not known.
        start: int64, ns from the start of the first timed inference; -1 where not known.
        samples: int64, rows x inferences, each including what it contains; -1 where it did not run or is not known.
        given: float64 columns by the names of :data:`STATISTICS`, NaN where not known, of tools that keep no samples.
        operators: ragged int32, global ids of the operators whose work it is, the main one first.
        confidence: float64 from 0 to 1 that this is right; NaN where it has no operator.
    """

    tag: tuple[str, ...]
    kind: tuple[str, ...]
    unit: tuple[str, ...]
    subgraph: Array
    node: Array
    partition: Array
    parent: Array
    calls: Array
    start: Array
    samples: Array
    given: Mapping[str, Array]
    operators: Ragged
    confidence: Array

    def __len__(self) -> int:
        return len(self.tag)

    @staticmethod
    def of(
        tag: list[str],
        kind: list[str],
        *,
        samples: Any = None,
        unit: list[str] | None = None,
        given: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> Events:
        """Rows from what is known of them; everything else is not known."""
        count = len(tag)
        whole = {name: np.full(count, MISSING, np.int32) for name in ("subgraph", "node", "partition", "parent")}
        whole["start"] = np.full(count, MISSING, np.int64)
        for name, column in whole.items():
            column[:] = columns.pop(name, MISSING)
        calls, confidence = np.full((2, count), np.nan)
        calls[:] = columns.pop("calls", np.nan)
        confidence[:] = columns.pop("confidence", np.nan)
        operators = columns.pop("operators", None) or [[]] * count
        if columns:
            raise TypeError(f"events have no column {next(iter(columns))}")
        return Events(
            tuple(tag),
            tuple(kind),
            tuple(unit or ["ns"] * count),
            calls=calls,
            samples=np.zeros((count, 0), np.int64) if samples is None else np.asarray(samples, np.int64),
            given={name: np.asarray(column, np.float64) for name, column in (given or {}).items()},
            operators=ragged_of(operators),
            confidence=confidence,
            **whole,
        )

    @cached_property
    def typical(self) -> Array:
        """Float64, a row's median in its unit; the given median or mean where there are no samples; NaN for neither."""
        found = np.full(len(self), np.nan)
        for name in ("mean", "median"):
            column = self.given.get(name)
            if column is not None:
                found = np.where(np.isnan(column), found, column)
        there = self.samples >= 0
        rows = there.any(1)
        if rows.any():
            found[rows] = np.nanmedian(np.where(there, self.samples, np.nan)[rows], 1)
        return found


@dataclass(frozen=True)
class Trace:
    """Everything measured in one run.

    Attributes:
        model: what ran.
        environment: where and with what.
        latency: whole inferences, timed without the profiler.
        profiled: whole inferences, timed while the events were; each of its samples is a column of ``events.samples``.
        events: what was timed inside.
        partitions: what delegates took.
        startup: by the names of :data:`STARTUP`; what is missing is not known.
        memory: by the names of :data:`MEMORY`, resident bytes of the process.
        settings: how it was asked for: runs, inputs, shapes, …; plain JSON.
        source: ``format`` that it was read from, ``tool`` and ``tool_version`` that measured; plain JSON.
        created: ISO 8601 time, empty where not known.
        attribution: how rows were attributed to operators; empty where they were not.
        findings: what a person should know.
    """

    model: ModelRef
    environment: Environment
    events: Events = field(default_factory=lambda: Events.of([], []))
    latency: Timing = field(default_factory=Timing)
    profiled: Timing = field(default_factory=Timing)
    partitions: tuple[Partition, ...] = ()
    startup: Mapping[str, int] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    attribution: str = ""
    findings: tuple[Finding, ...] = ()

    def with_operators(self, operators: list[list[int]], confidence: Array, method: str) -> Trace:
        """The same with its rows attributed."""
        events = replace(self.events, operators=ragged_of(operators), confidence=np.asarray(confidence, np.float64))
        return replace(self, events=events, attribution=method)


def ragged_of(rows: list[list[int]]) -> Ragged:
    """A ragged int32 column from lists."""
    counts = np.array([len(row) for row in rows], np.int64)
    return Ragged(offsets_of(counts), np.array([value for row in rows for value in row], np.int32))
