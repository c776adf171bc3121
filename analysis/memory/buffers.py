"""What a planner has to place, and where it places it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from ..ragged import Array
from ..report import Finding

# Where a tensor's bytes are: ``shared`` ones use another tensor's buffer, ``heap`` ones are allocated while running.
PLACES = ("arena", "shared", "persistent", "heap", "constant", "unused", "unknown")
# Buffers that live longer are not listed step by step.
_LONG = 64
# Comparisons of two buffers that are made at most, two or three seconds. 50,000 operators in a row need 0.3 M.
_MOST_COMPARED = 10_000_000

Fit = Callable[[Iterable[tuple[int, int]], int, int], int]


@dataclass(frozen=True)
class Buffers:
    """Buffers to be placed in arenas. One row per buffer; all int64.

    Attributes:
        tensor: the tensor that it is for (global id), -1 for the scratch memory of an operator.
        operator: that operator, -1 for a tensor.
        arena: the arena that it goes into.
        size: bytes, as the planner counts them.
        first, last: the steps between which it must not be overwritten, both included.
        fixed: an offset that the file prescribes, -1 for none.
    """

    tensor: Array
    operator: Array
    arena: Array
    size: Array
    first: Array
    last: Array
    fixed: Array

    def __len__(self) -> int:
        return len(self.size)

    def take(self, rows: Array) -> Buffers:
        """The given rows."""
        return Buffers(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Requirements:
    """What a planner is given.

    Attributes:
        buffers: what goes into the arenas.
        persistent: what goes into memory that is never reused.
        step_operator: int64 per step: the operator that runs then (or is nearest), -1 where there is none.
        root: int64 per tensor: the tensor whose buffer it uses, itself as a rule.
        place: int32 per tensor, in ``PLACES``.
        alignment: of every buffer, in bytes.
        order: buffers in the order in which they are placed, given buffers.
        fit: how a gap is chosen.
        findings: what in the model the plan does not cover.
    """

    buffers: Buffers
    persistent: Buffers
    step_operator: Array
    root: Array
    place: Array
    alignment: int
    order: Callable[[Buffers], Array]
    fit: Fit
    findings: tuple[Finding, ...] = ()

    def offsets(self, buffers: Buffers) -> Array | None:
        """Where each of the buffers is placed, int64; None when there are too many at a time to try."""
        return _placed(buffers, self.order(buffers), self.alignment, self.fit)


def best_fit(taken: Iterable[tuple[int, int]], size: int, alignment: int) -> int:
    """The offset in the smallest gap that is large enough, or behind all: LiteRT's SimpleMemoryArena::Allocate.

    Args:
        taken: start and end of what must not be overwritten, by start.
        size: bytes needed.
        alignment: of the offset.
    """
    best, least, cursor = -1, -1, 0
    for start, end in taken:
        aligned = -(-cursor // alignment) * alignment
        if aligned + size <= start and (best < 0 or start - aligned < least):
            best, least = aligned, start - cursor
            if least == 0:
                break
        cursor = max(cursor, end)
    return best if best >= 0 else -(-cursor // alignment) * alignment


def first_fit(taken: Iterable[tuple[int, int]], size: int, alignment: int) -> int:  # noqa: ARG001
    """The offset of the first gap that is large enough: TFLM's GreedyMemoryPlanner, whose sizes are aligned already."""
    cursor = 0
    for start, end in taken:
        if start - cursor >= size:
            break
        cursor = max(cursor, end)
    return cursor


def live(buffers: Buffers, steps: int, amounts: Array) -> Array:
    """The sum of the amounts of the buffers that are alive at every step, int64."""
    changes = np.zeros(steps + 1, np.int64)
    alive = buffers.last >= 0  # TFLM keeps room for tensors of subgraphs that never run; they are alive at no step
    np.add.at(changes, np.maximum(buffers.first, 0)[alive], amounts[alive])
    np.add.at(changes, buffers.last[alive] + 1, -amounts[alive])
    return np.cumsum(changes[:-1])


def _placed(buffers: Buffers, order: Array, alignment: int, fit: Fit) -> Array | None:
    """Places one buffer after another next to those placed before that are alive at the same time."""
    # Steps are counted from 1 here: TFLM's -1 is a step of its own, for what never runs.
    buffers = replace(buffers, first=buffers.first + 1, last=buffers.last + 1)
    columns = (buffers.size, buffers.first, buffers.last, buffers.fixed)
    sizes, first, last, fixed = (column.tolist() for column in columns)
    is_long = (buffers.last - buffers.first >= _LONG).tolist()
    spans: list[tuple[int, int]] = [(-1, -1)] * len(buffers)
    # The same spans by the steps at which they are taken, but for long ones.
    at_step: list[list[tuple[int, int]]] = [[] for _ in range(int(buffers.last.max(initial=-1)) + 2)]
    long: list[int] = []
    placed = bytearray(len(buffers))
    compared = 0
    for row in order.tolist():
        start, stop = first[row], last[row]
        if is_long[row]:
            near = np.frombuffer(placed, bool) & (buffers.first <= stop) & (buffers.last >= start)
            taken = {spans[other] for other in np.flatnonzero(near).tolist()}
        else:
            taken = {*chain.from_iterable(at_step[start : stop + 1])}
            if long:
                taken.update([spans[other] for other in long if first[other] <= stop and last[other] >= start])
        compared += len(taken) + len(long)
        if compared > _MOST_COMPARED:
            return None
        offset = fixed[row]
        if offset < 0:
            offset = fit(sorted(taken), sizes[row], alignment)
        spans[row] = span = (offset, offset + sizes[row])
        placed[row] = True
        if is_long[row]:
            long.append(row)
        else:
            for step in range(start, stop + 1):
                at_step[step].append(span)
    return np.array([span[0] for span in spans], np.int64)
