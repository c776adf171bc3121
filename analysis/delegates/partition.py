"""How the operators that a delegate wants become partitions.

:meth:`Links.partition` is PartitionGraphIntoIndependentNodeSubsets of tflite/core/graph_info.cc of LiteRT f674577:
subsets of one kind at a time, each swept over the operators in order until nothing more fits. The sweeps are replaced
by queues of operators whose inputs are ready, in the order of the sweeps: linear, with the same result.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

import numpy as np

from ..ragged import Array, Ragged, offsets_of


@dataclass(frozen=True)
class Subset:
    """Operators that run together.

    Attributes:
        taken: by the delegate.
        operators: global ids in the order in which they run.
    """

    taken: bool
    operators: list[int]


class Links:
    """Which of a subgraph's operators wait for which: made once, partitioned for as many delegates as one likes.

    Attributes:
        operators: ids in the order of execution. All else goes by the place in it.
        ordered: those whose order is kept.
    """

    def __init__(
        self,
        operators: Sequence[int],
        inputs: Sequence[Sequence[int]],
        outputs: Sequence[Sequence[int]],
        ordered: Sequence[int] = (),
    ) -> None:
        """Links operators.

        Args:
            operators: ids in the order of execution.
            inputs: tensors that every operator reads, by id; negative ones are left out.
            outputs: tensors that it writes, likewise.
            ordered: operators whose order is kept, in that order (they have side effects).
        """
        self.operators, self.ordered = operators, ordered
        count = len(operators)
        readers, read = _flat(inputs, operators)
        writers, written = _flat(outputs, operators)
        writer = np.full(int(max(read.max(initial=0), written.max(initial=0))) + 1, -1)
        writer[written] = writers
        edges = writer[read] * count + readers
        if ordered:
            place_of = {operator: place for place, operator in enumerate(operators)}
            places = np.array([place_of[operator] for operator in ordered])
            edges = np.concatenate([edges, places[:-1] * count + places[1:]])
        # A pair each, by the operator that is waited for; those that wait for none of these have a negative one.
        before, after = np.divmod(np.unique(edges[edges >= 0]), max(count, 1))
        self._waiting = np.bincount(after, minlength=count).tolist()
        self._readers = Ragged(offsets_of(np.bincount(before, minlength=count)), after).tolist()
        self._alone: list[int] | None = None

    def partition(self, claimed: set[int]) -> list[Subset]:
        """The subsets in the order in which they run; every operator is in one, but those that can never run.

        Args:
            claimed: the operators that the delegate wants.
        """
        kinds = [operator in claimed for operator in self.operators]
        if any(kinds) and not all(kinds):
            return self._partition(kinds)
        if self._alone is None:  # all of one kind: the same order for every delegate that wants all or nothing
            self._alone = [operator for subset in self._partition(kinds) for operator in subset.operators]
        return [Subset(any(kinds), self._alone.copy())] if self._alone else []

    def _partition(self, kinds: list[bool]) -> list[Subset]:
        operators, readers, waiting, count = self.operators, self._readers, self._waiting.copy(), len(self.operators)
        # By kind, the places that are ready before their subset is open, in order.
        ready: dict[bool, list[int]] = {False: [], True: []}
        for place, needed in enumerate(waiting):
            if not needed:
                ready[kinds[place]].append(place)
        subsets: list[Subset] = []
        while ready[False] or ready[True]:
            taken = min((places[0], kind) for kind, places in ready.items() if places)[1]
            # Sweep times count plus place: what becomes ready ahead of the sweep joins it, what does behind it joins
            # the next one.
            heap = ready[taken]
            ready[taken] = []
            members: list[int] = []
            other = ready[not taken]
            while heap:
                at = heapq.heappop(heap)
                place = at % count
                members.append(operators[place])
                for reader in readers[place]:
                    waiting[reader] -= 1
                    if waiting[reader]:
                        continue
                    if kinds[reader] == taken:
                        heapq.heappush(heap, at - place + reader + (count if reader < place else 0))
                    else:
                        other.append(reader)
            other.sort()
            subsets.append(Subset(taken, members))
        return subsets


def _flat(rows: Sequence[Sequence[int]], some: Sequence[int]) -> tuple[Array, Array]:
    """Some rows one after the other, without negative cells: the place of each cell's row in ``some``, and the cell."""
    counts = [len(rows[row]) for row in some]
    values = np.fromiter(chain.from_iterable(rows[row] for row in some), np.int64, sum(counts))
    there = values >= 0
    return np.repeat(np.arange(len(counts)), counts)[there], values[there]


def runs(operators: Sequence[int], claimed: set[int]) -> list[Subset]:
    """Stretches of operators in order, as LiteRT's plugins for NPUs are given them (compiler/plugin/algo.cc)."""
    return [Subset(taken, list(some)) for taken, some in groupby(operators, claimed.__contains__)]


def counted(count: int) -> str:
    """How many partitions, for people."""
    return f"{count:,} partition{'' if count == 1 else 's'}"


def kept(subsets: Sequence[Subset], most: int, least: int) -> list[Subset]:
    """The subsets that a delegate really takes: the largest, as many as it is allowed (tflite/delegates/utils.cc)."""
    of_delegate = [subset for subset in subsets if subset.taken and len(subset.operators) >= least]
    if most and len(of_delegate) > most:
        largest = sorted(range(len(of_delegate)), key=lambda place: -len(of_delegate[place].operators))[:most]
        of_delegate = [of_delegate[place] for place in sorted(largest)]
    return of_delegate
