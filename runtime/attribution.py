"""Whose time it is: rows of a trace to the operators of the model.

An operator that the runtime ran itself is named by its node. The rows of a delegate are numbered within a partition and
carry no node: they are aligned with the partition's operators. A row that fits none keeps its time and has no operator.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..analysis.model import Model
from ..analysis.ragged import Array
from .alignment import Alignment, align
from .kernels import fit
from .trace import MISSING, Events, Partition, Trace

METHOD = "operators by node; kernels by ordered alignment with the operators of their partition"
_UNKNOWN = "operators by node; kernels by ordered alignment with all operators that did not run themselves"


def attribute(trace: Trace, model: Model, partitions: Sequence[Partition] | None = None) -> Trace:
    """The same trace with operators and a confidence for its rows.

    Args:
        trace: its partitions are groups of a delegate's rows, in the order of execution in each subgraph.
        model: the model that ran.
        partitions: those that the runtime made, with their operators, in the order of execution in each subgraph. They
            take the place of the trace's; where they are not known, all operators that did not run themselves are
            taken as one partition, and the trace's stay.
    """
    events = trace.events
    found = _Found([[] for _ in range(len(events))], np.full(len(events), np.nan), events.partition.copy())
    _by_node(events, model, partitions, found)
    for subgraph in sorted({int(g) for g in events.subgraph[_kernels(events)].tolist()}):
        if partitions is None:
            _without_partitions(events, model, subgraph, found)
        else:
            _with_partitions(events, model, subgraph, partitions, found)
    method = _UNKNOWN if partitions is None else METHOD
    attributed = trace.with_operators(found.operators, found.confidence, method)
    if partitions is None:
        return attributed
    events = replace(attributed.events, partition=found.partition)
    return replace(attributed, partitions=tuple(partitions), events=events)


@dataclass
class _Found:
    """Operators, confidence and partition of every row, filled in bit by bit."""

    operators: list[list[int]]
    confidence: Array
    partition: Array


def _kernels(events: Events) -> Array:
    return np.array([kind == "kernel" for kind in events.kind], bool)


def _by_node(events: Events, model: Model, partitions: Sequence[Partition] | None, found: _Found) -> None:
    """Operators that ran themselves, and delegates as a whole, which the runtime appends to a subgraph's nodes."""
    offsets = model.subgraphs.operator_offsets
    delegates = {(p.subgraph, p.node): number for number, p in enumerate(partitions or ())}
    for row, kind in enumerate(events.kind):
        subgraph, node = int(events.subgraph[row]), int(events.node[row])
        if kind not in ("operator", "delegate") or node < 0 or not 0 <= subgraph < len(offsets) - 1:
            continue
        number = delegates.get((subgraph, node))
        if number is not None and partitions is not None:
            found.partition[row] = number
            operators = partitions[number].operators or ()
            if len(operators) == 1:  # more are told apart by the delegate's own rows, or not at all
                found.operators[row], found.confidence[row] = list(operators), 1.0
        elif node < offsets[subgraph + 1] - offsets[subgraph]:
            found.operators[row], found.confidence[row] = [int(offsets[subgraph]) + node], 1.0


def _with_partitions(
    events: Events, model: Model, subgraph: int, partitions: Sequence[Partition], found: _Found
) -> None:
    groups = _groups(events, subgraph)
    there = [number for number, p in enumerate(partitions) if p.subgraph == subgraph and p.operators]

    @functools.cache
    def aligned(group: int, caller: int, number: int) -> Alignment:
        tags = [events.tag[row] for row in groups[group][caller].tolist()]
        return align(fit(model, tags, np.array(partitions[number].operators, np.int64)))

    def likelihood(group: int, place: int) -> float:
        return aligned(group, 0, there[place]).likelihood

    for group, place in enumerate(paired(len(groups), len(there), likelihood)):
        for caller, rows in enumerate(groups[group]):
            found.partition[rows] = MISSING if place is None else there[place]
            if place is not None:
                _take(aligned(group, caller, there[place]), rows, partitions[there[place]].operators or (), found)


def paired(groups: int, partitions: int, likelihood: Callable[[int, int], float]) -> list[int | None]:
    """The partition of each group of rows, both in the order of execution.

    Partitions may have left no rows: what all their operators do was done when the model was compiled.
    """
    if groups == partitions:
        return list(range(groups))
    best = np.full((groups + 1, partitions + 1), -np.inf)
    best[0] = 0.0
    for g in range(groups):
        for p in range(g, partitions):
            best[g + 1, p + 1] = max(best[g + 1, p], best[g, p] + likelihood(g, p))
    if not np.isfinite(best[-1, -1]):
        return [None] * groups
    found: list[int | None] = []
    p = partitions
    for g in range(groups, 0, -1):
        while best[g, p - 1] == best[g, p]:
            p -= 1
        p -= 1
        found.append(p)
    return found[::-1]


def _without_partitions(events: Events, model: Model, subgraph: int, found: _Found) -> None:
    graph = max(subgraph, 0)
    if graph >= len(model.subgraphs):
        return
    offsets = model.subgraphs.operator_offsets
    ran = {operator for operators in found.operators for operator in operators}
    left = [operator for operator in range(int(offsets[graph]), int(offsets[graph + 1])) if operator not in ran]
    groups = _groups(events, subgraph)
    if left and groups:
        rows = np.concatenate([callers[0] for callers in groups])
        _take(align(fit(model, [events.tag[row] for row in rows.tolist()], np.array(left))), rows, left, found)


def _take(alignment: Alignment, rows: Array, operators: Sequence[int], found: _Found) -> None:
    for row, place in zip(rows.tolist(), alignment.operator.tolist(), strict=True):
        found.operators[row] = [operators[place]] if place >= 0 else []
    found.confidence[rows] = alignment.confidence


def _groups(events: Events, subgraph: int) -> list[list[Array]]:
    """The rows of each group of kernels of a subgraph in the order of execution, apart for each caller of it."""
    kernels = _kernels(events) & (events.subgraph == subgraph)
    groups = []
    for group in sorted(set(events.partition[kernels].tolist())):
        rows = np.flatnonzero(kernels & (events.partition == group))
        parents = events.parent[rows]
        groups.append([rows[parents == parent] for parent in dict.fromkeys(parents.tolist())])
    return groups
