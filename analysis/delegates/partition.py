"""How the operators that a delegate wants become partitions.

:meth:`Links.partition` is PartitionGraphIntoIndependentNodeSubsets of tflite/core/graph_info.cc of LiteRT f674577:
subsets of one kind at a time, each swept over the operators in order until nothing more fits. The sweeps are replaced
by queues of operators whose inputs are ready, in the order of the sweeps: linear, with the same result.
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


class Links:
    """Which of a subgraph's operators wait for which: made once, partitioned for as many delegates as one likes.

    Attributes:
        operators: ids in the order of execution. All else goes by the place in it.
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
        self.operators = operators
        writer: dict[int, int] = {}
        for place, operator in enumerate(operators):
            writer.update(dict.fromkeys(outputs[operator], place))
        writer.pop(-1, None)
        before = [{writer[tensor] for tensor in inputs[operator] if tensor in writer} for operator in operators]
        place_of = {operator: place for place, operator in enumerate(operators)} if ordered else {}
        for earlier, later in pairwise(ordered):
            before[place_of[later]].add(place_of[earlier])
        self._waiting = [len(needed) for needed in before]
        self._readers: list[list[int]] = [[] for _ in operators]
        for place, needed in enumerate(before):
            for other in needed:
                self._readers[other].append(place)

    def partition(self, claimed: set[int]) -> list[Subset]:
        """The subsets in the order in which they run; every operator is in one, but those that can never run.

        Args:
            claimed: the operators that the delegate wants.
        """
        operators, readers, waiting = self.operators, self._readers, self._waiting.copy()
        kinds = [operator in claimed for operator in operators]
        # By kind, the places that are ready before their subset is open, in order.
        ready: dict[bool, list[int]] = {False: [], True: []}
        for place, needed in enumerate(waiting):
            if not needed:
                ready[kinds[place]].append(place)
        subsets: list[Subset] = []
        while ready[False] or ready[True]:
            taken = min((places[0], kind) for kind, places in ready.items() if places)[1]
            # (sweep, place): what becomes ready ahead of the sweep joins it, what does behind it joins the next one.
            heap = [(0, place) for place in ready[taken]]
            ready[taken] = []
            members: list[int] = []
            other = ready[not taken]
            while heap:
                sweep, place = heapq.heappop(heap)
                members.append(operators[place])
                for reader in readers[place]:
                    waiting[reader] -= 1
                    if waiting[reader]:
                        continue
                    if kinds[reader] == taken:
                        heapq.heappush(heap, (sweep + (reader < place), reader))
                    else:
                        other.append(reader)
            other.sort()
            subsets.append(Subset(taken, members))
        return subsets


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
        largest = sorted(range(len(of_delegate)), key=lambda place: -len(of_delegate[place].operators))[:most]
        of_delegate = [of_delegate[place] for place in sorted(largest)]
    return of_delegate
