"""How the operators that a delegate wants become partitions.

:func:`partition` is PartitionGraphIntoIndependentNodeSubsets of tflite/core/graph_info.cc of LiteRT f674577: subsets of
one kind at a time, each swept over the operators in order until nothing more fits. The sweeps are replaced by queues of
operators whose inputs are ready, in the order of the sweeps: linear, with the same result.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Subset:
    """Operators that run together.

    Attributes:
        taken: by the delegate.
        operators: global ids in the order in which they run.
    """

    taken: bool
    operators: list[int]


def partition(
    operators: Sequence[int],
    inputs: Sequence[Sequence[int]],
    outputs: Sequence[Sequence[int]],
    claimed: set[int],
    ordered: Sequence[int] = (),
) -> list[Subset]:
    """The subsets of a subgraph in the order in which they run.

    Args:
        operators: global ids in the order of execution.
        inputs: tensors that every operator of the model reads, by global id; negative ones are left out.
        outputs: tensors that it writes, likewise.
        claimed: the operators that the delegate wants.
        ordered: operators whose order is kept, in that order (they have side effects).

    Returns:
        Every operator in one subset, but those that can never run.
    """
    waiting, readers = _dependencies(operators, inputs, outputs, ordered)
    # By kind, what is ready: (sweep, place). What becomes ready ahead of the sweep joins it, behind it the next one.
    ready: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
    for place, operator in enumerate(operators):
        if waiting[place] == 0:
            ready[operator in claimed].append((0, place))
    subsets: list[Subset] = []
    while ready[False] or ready[True]:
        first = min((place, taken) for taken in (False, True) for _, place in ready[taken])
        taken = first[1]
        heap = [(0, place) for _, place in ready[taken]]
        heapq.heapify(heap)
        ready[taken] = []
        members: list[int] = []
        while heap:
            sweep, place = heapq.heappop(heap)
            members.append(operators[place])
            for reader in readers[place]:
                waiting[reader] -= 1
                if waiting[reader] == 0:
                    kind = operators[reader] in claimed
                    if kind == taken:
                        heapq.heappush(heap, (sweep + (reader < place), reader))
                    else:
                        ready[kind].append((0, reader))
        subsets.append(Subset(taken, members))
    return subsets


def _dependencies(
    operators: Sequence[int], inputs: Sequence[Sequence[int]], outputs: Sequence[Sequence[int]], ordered: Sequence[int]
) -> tuple[list[int], list[list[int]]]:
    """For every place how many others it waits for, and which places wait for it."""
    writer: dict[int, int] = {}
    for place, operator in enumerate(operators):
        for tensor in outputs[operator]:
            if tensor >= 0:
                writer[tensor] = place
    before: list[set[int]] = [
        {writer[tensor] for tensor in inputs[operator] if tensor >= 0 and tensor in writer} for operator in operators
    ]
    place_of = {operator: place for place, operator in enumerate(operators)}
    for earlier, later in pairwise(ordered):
        before[place_of[later]].add(place_of[earlier])
    readers: list[list[int]] = [[] for _ in operators]
    for place, needed in enumerate(before):
        for other in needed:
            readers[other].append(place)
    return [len(needed) for needed in before], readers


def runs(operators: Sequence[int], claimed: set[int]) -> list[Subset]:
    """Stretches of operators in order, as LiteRT's plugins for NPUs are given them (compiler/plugin/algo.cc)."""
    subsets: list[Subset] = []
    for operator in operators:
        taken = operator in claimed
        if not subsets or subsets[-1].taken != taken:
            subsets.append(Subset(taken, []))
        subsets[-1].operators.append(operator)
    return subsets


def kept(subsets: Sequence[Subset], most: int, least: int) -> list[Subset]:
    """The subsets that a delegate really takes: the largest, as many as it is allowed (tflite/delegates/utils.cc)."""
    of_delegate = [subset for subset in subsets if subset.taken and len(subset.operators) >= least]
    if most and len(of_delegate) > most:
        largest = sorted(of_delegate, key=lambda subset: -len(subset.operators))[:most]
        of_delegate = [subset for subset in of_delegate if subset in largest]
    return of_delegate
