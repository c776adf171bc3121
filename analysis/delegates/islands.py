"""Operators that are linked with each other become one partition, wherever they stand in the order of execution.

The strategy ``weakly_connected`` of LiteRT's partitioner for NPUs: DisjointSets of litert/compiler/plugin/algo.cc of
LiteRT f674577, which joins what writes a tensor with what reads it. Nothing keeps such an island from waiting for an
operator that waits for the island: LiteRT then only warns that it cannot sort the graph, and the order is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from .partition import Links, Subset

_Operands = Sequence[Sequence[int]]


def islands(operators: Sequence[int], inputs: _Operands, outputs: _Operands, claimed: set[int]) -> list[Subset]:
    """The subsets in the order in which they can run; those that wait for themselves come last.

    Args:
        operators: ids in the order of execution.
        inputs: tensors that every operator reads, by id; negative ones are left out.
        outputs: tensors that it writes, likewise.
        claimed: the operators that the plugin selects.
    """
    units = _units(operators, inputs, outputs, claimed)
    order = _sorted(units, inputs, outputs)
    stuck = sorted(set(range(len(units))).difference(order))
    subsets: list[Subset] = []
    for taken, members in groupby((*order, *stuck), lambda unit: units[unit][0] in claimed):
        if taken:
            subsets += [Subset(True, units[unit]) for unit in members]
        else:
            subsets.append(Subset(False, [operator for unit in members for operator in units[unit]]))
    return subsets


def unsorted(
    partitions: Sequence[list[int]], operators: Sequence[int], inputs: _Operands, outputs: _Operands
) -> list[int]:
    """Which partitions of a subgraph have no place in any order, since they wait for what waits for them."""
    inside = {operator for members in partitions for operator in members}
    units = [*partitions, *([operator] for operator in operators if operator not in inside)]
    return sorted(set(range(len(partitions))).difference(_sorted(units, inputs, outputs)))


def _units(operators: Sequence[int], inputs: _Operands, outputs: _Operands, claimed: set[int]) -> list[list[int]]:
    """Islands, and every other operator by itself, in the order of what is first in each."""
    root = {operator: operator for operator in operators}

    def find(operator: int) -> int:
        while root[operator] != operator:
            root[operator] = operator = root[root[operator]]
        return operator

    writer = {
        tensor: operator for operator in operators if operator in claimed for tensor in outputs[operator] if tensor >= 0
    }
    for operator in operators:
        if operator in claimed:
            for tensor in inputs[operator]:
                if tensor in writer:
                    root[find(operator)] = find(writer[tensor])
    members: dict[int, list[int]] = {}
    for operator in operators:
        members.setdefault(find(operator), []).append(operator)
    return list(members.values())


def _sorted(units: list[list[int]], inputs: _Operands, outputs: _Operands) -> list[int]:
    """The units that can run, one after the other."""
    written = [{tensor for operator in unit for tensor in outputs[operator]} for unit in units]
    read = [
        {tensor for operator in unit for tensor in inputs[operator]} - made
        for unit, made in zip(units, written, strict=True)
    ]
    everything = range(len(units))
    links = Links(everything, [list(tensors) for tensors in read], [list(tensors) for tensors in written])
    return [unit for subset in links.partition(set(everything)) for unit in subset.operators]
