"""The runtime's stream of events as a table with one row per place in the run, and the samples of every inference.

The stream lists events in the order in which they began, all subgraphs together. An operator's event lies in the
invocation of its subgraph; the invocation of another subgraph lies in the operator (WHILE, IF, CALL_ONCE) that runs it,
and the outermost one may lie in an event of the interpreter. The allocation of a subgraph lies in such an operator too,
or in the allocation of the subgraph that the operator is in, which prepares it. The model says which operators run
which subgraphs: times are whole microseconds and cannot. A delegate that times itself adds rows that are numbered from
0 in each of its partitions and have no start of their own; its partition has no other event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..analysis.ragged import Array
from .errors import RuntimeFailure
from .raw_events import RawEvents
from .trace import MISSING, EventKind, Events, Partition

OPERATOR, DELEGATE, DELEGATE_ROW, TELEMETRY = 2, 4, 8, 32
INVOKE, ALLOCATE = "Invoke", "AllocateTensors"
_KIND: dict[int, EventKind] = {OPERATOR: "operator", DELEGATE: "delegate", DELEGATE_ROW: "kernel"}
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


@dataclass(frozen=True)
class _Place:
    """An event that others may lie in."""

    place: int
    end: int
    subgraph: int
    row: int


class _Callers:
    """What runs or prepares each subgraph, and where it was seen last."""

    def __init__(self, links: Iterable[tuple[int, int, list[int]]]) -> None:
        self.links: dict[tuple[int, int], list[int]] = {(subgraph, node): runs for subgraph, node, runs in links}
        self.held: dict[int, set[int]] = {}
        for (subgraph, _), runs in self.links.items():
            self.held.setdefault(subgraph, set()).update(runs)
        self.seen: dict[int, dict[tuple[int, int], _Place]] = {}

    def add(self, key: tuple[int, int], runs: Iterable[int], place: _Place) -> None:
        for subgraph in runs:
            self.seen.setdefault(subgraph, {})[key] = place

    def add_operator(self, node: int, place: _Place) -> None:
        self.add((place.subgraph, node), self.links.get((place.subgraph, node), ()), place)

    def add_allocation(self, place: _Place) -> None:
        self.add((place.subgraph, MISSING), self.held.get(place.subgraph, ()), place)

    def latest(self, subgraph: int, at: int, *, allocates: bool) -> _Place | None:
        """What the subgraph's event at this time lies in: the one that began last of those that still ran."""
        running = (
            place
            for (_, node), place in self.seen.get(subgraph, {}).items()
            if place.end >= at and (allocates or node != MISSING)
        )
        return max(running, key=lambda place: place.place, default=None)


@dataclass
class Table:
    """Collects inferences. The rows are kept; each inference adds one column of samples.

    Attributes:
        links: the operators that run subgraphs: their subgraph, their node in it, the subgraphs.
    """

    links: list[tuple[int, int, list[int]]] = field(default_factory=list)
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
        callers = _Callers(self.links)
        found = []
        begin = min((t for t in events.start_us[places].tolist() if t), default=0)
        start, end = events.start_us.tolist(), (events.start_us + events.elapsed_us).tolist()
        tags, types = [events.tags[row] for row in events.tag.tolist()], events.type.tolist()
        nodes, subgraphs = events.node.tolist(), events.subgraph.tolist()
        around: _Place | None = None
        for i in places.tolist():
            tag, subgraph = tags[i], subgraphs[i]
            kind = _KIND.get(types[i], "invoke" if tag == INVOKE else "runtime")
            if kind in ("invoke", "runtime"):
                caller = callers.latest(subgraph, start[i], allocates=tag == ALLOCATE)
                # Interpreter::Invoke, which models without signatures go through, reports an "invoke" around the
                # outermost "Invoke" (tflite/core/interpreter.cc of LiteRT f674577).
                if kind == "invoke" and caller is None and around is not None and start[i] < around.end:
                    caller = around
                if tag.startswith(_RUN):
                    caller = None
                    stack.clear()
                row = self._row(_Key(MISSING if caller is None else caller.row, kind, tag, subgraph, MISSING, -1))
                here = _Place(i, end[i], subgraph, row)
                if kind == "invoke":
                    while stack and (caller is None or stack[-1].subgraph != caller.subgraph):
                        stack.pop()
                    stack.append(_Open(row, subgraph))
                elif tag == ALLOCATE:
                    callers.add_allocation(here)
                else:
                    around = here
            else:
                row = self._inside(stack, kind, tag, subgraph, nodes[i])
                if kind == "operator":
                    callers.add_operator(nodes[i], _Place(i, end[i], subgraph, row))
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
