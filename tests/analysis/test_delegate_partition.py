"""How claimed operators become partitions: by the definition, by other delegates before, by limits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from tb_tflite_plugin.analysis.delegates.islands import islands, unsorted
from tb_tflite_plugin.analysis.delegates.partition import Links, Subset, kept, runs

Operands = list[list[int]]


def by_definition(plan: Sequence[int], inputs: Operands, outputs: Operands, claimed: set[int],
                  ordered: Sequence[int]) -> list[tuple[bool, list[int]]]:  # fmt: skip
    """Sweeps over the operators until nothing more fits, a subset at a time."""
    before = {later: earlier for earlier, later in pairwise(ordered)}
    waiting = {tensor for operator in plan for tensor in outputs[operator]} - {-1}
    left, found = list(plan), []
    while left:
        members: list[int] = []
        progress = True
        while progress:
            progress = False
            for operator in list(left):
                fits = not members or (operator in claimed) == (members[0] in claimed)
                if fits and before.get(operator) not in left and not waiting.intersection(inputs[operator]):
                    members.append(operator)
                    left.remove(operator)
                    waiting.difference_update(outputs[operator])
                    progress = True
        if not members:
            break
        found.append((members[0] in claimed, members))
    return found


def drawn(seed: int) -> tuple[list[int], Operands, Operands, set[int], list[int]]:
    """A graph without cycles, its operators in an order that need not be one in which they can run."""
    draw = random.Random(seed)
    count = draw.randint(1, 40)
    inputs: Operands = []
    for operator in range(count):
        least = max(0, operator - draw.choice((1, 3, 40)))
        earlier = [draw.randrange(least, operator) for _ in range(draw.randint(0, 3))] if operator else []
        inputs.append([*earlier, *draw.choice(([], [-1], [1000]))])
    outputs = [[operator] for operator in range(count)]
    claimed = {operator for operator in range(count) if draw.random() < draw.choice((0.1, 0.5, 0.9))}
    ordered = sorted(draw.sample(range(count), draw.randint(0, min(5, count))))
    plan = list(range(count))
    if seed % 3 == 0:
        draw.shuffle(plan)
    return plan, inputs, outputs, claimed, ordered


def test_subsets_are_those_of_the_sweeps() -> None:
    for seed in range(600):
        plan, inputs, outputs, claimed, ordered = drawn(seed)
        expected = by_definition(plan, inputs, outputs, claimed, ordered)
        found = Links(plan, inputs, outputs, ordered).partition(claimed)
        assert [(subset.taken, subset.operators) for subset in found] == expected, seed
        assert all(one.taken != other.taken for one, other in pairwise(found))


def test_links_are_partitioned_again_and_again() -> None:
    plan, inputs, outputs, claimed, ordered = drawn(5)
    links = Links(plan, inputs, outputs, ordered)
    first = links.partition(claimed)
    links.partition(set(plan))
    assert links.partition(claimed) == first


def test_operators_that_wait_for_each_other_are_in_no_subset() -> None:
    assert Links([0, 1, 2], [[], [2], [1]], [[0], [1], [2]]).partition({0}) == [Subset(True, [0])]


def test_an_operator_that_only_stands_between_splits_nothing() -> None:
    # 1 is not claimed, but nothing claimed needs it: it moves behind.
    inputs: Operands = [[], [0], [0], [1, 2]]
    outputs = [[operator] for operator in range(4)]
    found = Links(range(4), inputs, outputs).partition({0, 2})
    assert found == [Subset(True, [0, 2]), Subset(False, [1, 3])]
    assert [subset.operators for subset in runs(range(4), {0, 2})] == [[0], [1], [2], [3]]


@pytest.mark.parametrize(
    ("most", "least", "expected"),
    [(0, 1, [[0], [2, 3], [5, 6], [8]]), (1, 1, [[2, 3]]), (3, 1, [[0], [2, 3], [5, 6]]), (0, 2, [[2, 3], [5, 6]])],
)
def test_limits_keep_the_largest(most: int, least: int, expected: list[list[int]]) -> None:
    subsets = runs(range(9), {0, 2, 3, 5, 6, 8})
    assert [subset.operators for subset in kept(subsets, most, least)] == expected


def linked(plan: Sequence[int], inputs: Operands, outputs: Operands, claimed: set[int]) -> set[frozenset[int]]:
    """What can be reached over tensors from each claimed operator without leaving the claimed ones."""
    found = set()
    for start in claimed:
        group, new = {start}, {start}
        while new:
            tensors_in = {tensor for one in new for tensor in inputs[one]} - {-1}
            tensors_out = {tensor for one in new for tensor in outputs[one]} - {-1}
            near = {one for one in plan if tensors_in & set(outputs[one]) or tensors_out & set(inputs[one])}
            new = (near & claimed) - group
            group |= new
        found.add(frozenset(group))
    return found


def test_islands_are_what_is_linked() -> None:
    for seed in range(300):
        plan, inputs, outputs, claimed, _ = drawn(seed)
        found = islands(plan, inputs, outputs, claimed)
        assert {frozenset(subset.operators) for subset in found if subset.taken} == linked(
            plan, inputs, outputs, claimed
        ), seed
        assert sorted(operator for subset in found for operator in subset.operators) == sorted(plan)
        if not unsorted([one.operators for one in found if one.taken], plan, inputs, outputs):
            done: set[int] = set()
            for subset in found:  # what a subset reads is there when it runs
                done |= {tensor for operator in subset.operators for tensor in outputs[operator]}
                read = {tensor for operator in subset.operators for tensor in inputs[operator]}
                assert not (read - done - {-1, 1000}), seed


def test_an_island_that_waits_for_itself() -> None:
    # 1 stands between 0 and 2, which are linked besides; 3 is on its own.
    inputs: Operands = [[], [0], [0, 1], []]
    outputs = [[0], [1], [2], [3]]
    found = islands(range(4), inputs, outputs, {0, 2, 3})
    assert found == [Subset(True, [3]), Subset(True, [0, 2]), Subset(False, [1])]
    assert unsorted([[3], [0, 2]], range(4), inputs, outputs) == [1]
    assert unsorted([[3], [0]], range(4), inputs, outputs) == []
