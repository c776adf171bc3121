"""The runtime's stream of events as a table with one row per place in the run, and the samples of every inference.

The stream lists events in the order in which they began, all subgraphs together. An operator's event lies in the
invocation of its subgraph; the invocation of another subgraph lies in the operator (WHILE, IF, CALL_ONCE) that was
running then, and the outermost one may lie in an event of the interpreter. A delegate that times itself adds rows that
are numbered from 0 in each of its partitions and have no start of their own; its partition has no other event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..analysis.ragged import Array
from .errors import RuntimeFailure
from .litert import RawEvents
from .trace import MISSING, EventKind, Events, Partition

OPERATOR, DELEGATE, DELEGATE_ROW, TELEMETRY = 2, 4, 8, 32
INVOKE = "Invoke"
_KIND: dict[int, EventKind] = {OPERATOR: "operator", DELEGATE: "delegate", DELEGATE_ROW: "kernel"}
# Operators that run other subgraphs (tflite/kernels of LiteRT f674577).
_CALLERS = frozenset(("WHILE", "IF", "CALL_ONCE", "CALL", "STABLEHLO_WHILE", "STABLEHLO_CASE", "STABLEHLO_COMPOSITE"))
_RUN = "LiteRT::Run"  # what the runtime does around an inference: it belongs to no subgraph


@dataclass(frozen=True)
class _Key:
    """What makes two events the same row."""

    parent: int
    kind: EventKind
    tag: str
    subgraph: int
    node: int
    group: int  # which partition of the subgraph, for rows of a delegate


@dataclass
class _Open:
    """An invocation of a subgraph that has not ended, as far as one can tell."""

    row: int
    subgraph: int
    group: int = -1
    last_node: int = -1
    operator: int = MISSING  # the latest operator in it: its place in the stream
    operator_row: int = MISSING


@dataclass
class Table:
    """Collects inferences. The rows are kept; each inference adds one column of samples."""

    rows: dict[_Key, int] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)
    columns: list[Array] = field(default_factory=list)
    counts: list[Array] = field(default_factory=list)
    _seen: dict[bytes, Array] = field(default_factory=dict)

    def add(self, events: RawEvents) -> None:
        """One inference. Where its events are those of an earlier one, nothing is looked at again but the times."""
        kept = events.type < TELEMETRY
        columns = [events.tag, events.type, events.node, events.subgraph]
        signature = repr(events.tags).encode() + np.stack(columns)[:, kept].tobytes()
        rows = self._seen.get(signature)
        if rows is None:
            rows = self._seen[signature] = self._place(events, np.flatnonzero(kept))
        elapsed = events.elapsed_us[kept] * 1000
        # A row that is longer than the stream's own clock could tell is no time (a telemetry marker has 2^32).
        self.columns.append(np.bincount(rows, elapsed, len(self.rows)).astype(np.int64))
        self.counts.append(np.bincount(rows, minlength=len(self.rows)))

    def _place(self, events: RawEvents, places: Array) -> Array:
        """The row of every event."""
        stack: list[_Open] = []
        found = []
        begin = min((t for t in events.start_us[places].tolist() if t), default=0)
        start, end = events.start_us.tolist(), (events.start_us + events.elapsed_us).tolist()
        tags, types = events.tag.tolist(), events.type.tolist()
        nodes, subgraphs = events.node.tolist(), events.subgraph.tolist()
        calls = [events.tags[row] in _CALLERS for row in tags]
        around = around_row = MISSING
        for i in places.tolist():
            tag = events.tags[tags[i]]
            kind = _KIND.get(types[i], "invoke" if tag == INVOKE else "runtime")
            if kind in ("invoke", "runtime"):
                caller = _caller(stack, tag, start[i], start, end, calls)
                # Interpreter::Invoke, which models without signatures go through, reports an "invoke" around the
                # outermost "Invoke" (tflite/core/interpreter.cc of LiteRT f674577).
                if kind == "invoke" and caller == MISSING and around != MISSING and start[i] < end[around]:
                    caller = around_row
                row = self._row(_Key(caller, kind, tag, subgraphs[i], MISSING, -1))
                if kind == "invoke":
                    stack.append(_Open(row, subgraphs[i]))
                else:
                    around, around_row = i, row
            else:
                row = self._inside(stack, kind, tag, subgraphs[i], nodes[i])
                if kind != "kernel" and stack:
                    stack[-1].operator, stack[-1].operator_row = i, row
            if start[i]:
                self.starts.setdefault(row, (start[i] - begin) * 1000)
            found.append(row)
        return np.array(found, np.int64)

    def _inside(self, stack: list[_Open], kind: EventKind, tag: str, subgraph: int, node: int) -> int:
        """The row of something that lies in the latest open invocation of its subgraph."""
        while len(stack) > 1 and stack[-1].subgraph != subgraph:
            stack.pop()
        group = -1
        if kind == "kernel" and stack:
            top = stack[-1]
            top.group += node <= top.last_node or top.group < 0
            top.last_node, group = node, top.group
        return self._row(_Key(stack[-1].row if stack else MISSING, kind, tag, subgraph, node, group))

    def _row(self, key: _Key) -> int:
        return self.rows.setdefault(key, len(self.rows))

    def partitions(self) -> list[Partition]:
        """The groups of a delegate's rows, subgraph by subgraph in the order in which they ran."""
        groups = sorted({(key.subgraph, key.group) for key in self.rows if key.group >= 0})
        return [Partition(subgraph, MISSING, "") for subgraph, _ in groups]

    def events(self) -> Events:
        """The table; rows that an inference did not reach are missing in its column."""
        count, keys = len(self.rows), list(self.rows)
        groups = sorted({(key.subgraph, key.group) for key in keys if key.group >= 0})
        numbers = {group: number for number, group in enumerate(groups)}
        samples = np.full((count, len(self.columns)), MISSING, np.int64)
        calls = np.zeros(count)
        for column, (times, counts) in enumerate(zip(self.columns, self.counts, strict=True)):
            there = np.flatnonzero(counts)
            samples[there, column] = times[there]
            calls[: len(counts)] += counts
        return Events.of(
            [key.tag for key in keys],
            [key.kind for key in keys],
            subgraph=[key.subgraph for key in keys],
            node=[key.node for key in keys],
            parent=[key.parent for key in keys],
            partition=[numbers.get((key.subgraph, key.group), MISSING) for key in keys],
            start=[self.starts.get(row, MISSING) for row in range(count)],
            calls=calls / max(len(self.columns), 1),
            samples=samples,
        )


def _caller(stack: list[_Open], tag: str, at: int, start: list[int], end: list[int], calls: list[bool]) -> int:
    """The row in which an invocation, or the runtime's own work, lies; invocations that are over are dropped.

    It lies in the latest operator that still ran at its start. Times are whole microseconds: one that ended in this one
    is taken only where no other still ran, and one that is not known to run subgraphs only where no such one ran.
    """
    if not tag.startswith(_RUN):
        for known, tie in ((True, 0), (True, 1), (False, 0), (False, 1)):
            for depth in range(len(stack) - 1, -1, -1):
                operator = stack[depth].operator
                if operator == MISSING or calls[operator] < known:
                    continue
                if start[operator] <= at < end[operator] + tie:
                    del stack[depth + 1 :]
                    return stack[depth].operator_row
    stack.clear()
    return MISSING


def split(events: RawEvents, count: int) -> list[RawEvents]:
    """The events of ``count`` inferences one by one: each begins with the same event of the runtime's own.

    Raises:
        RuntimeFailure: when there are others than that.
    """
    begins = np.flatnonzero(events.tag == events.tag[0]) if len(events) else np.zeros(0, np.int64)
    if len(begins) != count or not events.tags[events.tag[0]].startswith(_RUN):
        raise RuntimeFailure(f"the profiler shows {len(begins)} inferences of {count}")
    edges = [*begins.tolist(), len(events)]
    return [events.part(begin, end) for begin, end in pairwise(edges)]
