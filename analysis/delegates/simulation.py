"""What delegates take of a model, as a report: the shape of measured partitions, and why the rest stays behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..borders import Borders
from ..model import Model
from ..ragged import Array, Categories
from ..report import Column, Finding, Report
from .nodes import View, side_effects
from .partition import kept, partition, runs
from .rules import Delegate, Failure

VERDICTS = ("accepted", "left by the limit", "rejected")
_MOST_LISTED = 1000


@dataclass(frozen=True)
class Placement:
    """What one delegate takes.

    Attributes:
        delegate: which.
        partitions: subgraph and operators of each.
        wanted: operators that meet its conditions.
        failures: of the others.
    """

    delegate: Delegate
    partitions: list[tuple[int, list[int]]]
    wanted: set[int]
    failures: dict[int, list[Failure]]

    @property
    def taken(self) -> set[int]:
        """Operators in partitions."""
        return {operator for _, operators in self.partitions for operator in operators}


def place(
    model: Model, delegate: Delegate, *, also: set[int] | None = None, without: set[int] | None = None
) -> Placement:
    """What a delegate takes of a model.

    Args:
        model: the model.
        delegate: which.
        also: operators that count as accepted whatever they fail: a what-if.
        without: operators that an earlier delegate has taken.
    """
    view = View(model)
    ordered = np.flatnonzero(side_effects(model)).tolist()
    partitions: list[tuple[int, list[int]]] = []
    wanted: set[int] = set()
    failed: dict[int, list[Failure]] = {}
    for subgraph in range(len(model.subgraphs)):
        start, stop = model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
        claim = delegate.claim(view, subgraph)
        mine = (claim.operators | {o for o in also or () if start <= o < stop}) - (without or set())
        operators = range(start, stop)
        if delegate.partitioner == "runs":
            subsets = runs(operators, mine)
        else:
            chain = [operator for operator in ordered if start <= operator < stop]
            subsets = partition(operators, view.inputs, view.outputs, mine, chain)
        found = kept(subsets, delegate.most_partitions, delegate.least_operators)
        partitions += [(subgraph, subset.operators) for subset in found]
        wanted |= mine
        failed |= {operator: found for operator, found in claim.failures.items() if operator not in mine}
    return Placement(delegate, partitions, wanted, failed)


def report(model: Model, placed: Placement) -> Report:
    """A placement as a report over operators. Its summary has the keys of a measured one."""
    count = len(model.operators)
    numbers = np.full(count, -1, np.int32)
    for row, (_, operators) in enumerate(placed.partitions):
        numbers[operators] = row
    verdict = np.full(count, VERDICTS.index("rejected"), np.int64)
    verdict[sorted(placed.wanted)] = VERDICTS.index("left by the limit")
    verdict[numbers >= 0] = VERDICTS.index("accepted")
    reasons = ["; ".join(map(str, placed.failures.get(operator, []))) or None for operator in range(count)]
    borders = Borders.of(model, numbers, len(placed.partitions))
    crossing = int(borders.partition_bytes.sum())
    summary = {
        "delegate": placed.delegate.name,
        "provenance": "simulated",
        "runtime": None,
        "rules": placed.delegate.source,
        "confidence": placed.delegate.confidence,
        "operators": count,
        "delegated": int((numbers >= 0).sum()),
        "wanted": len(placed.wanted),
        "crossing_bytes": crossing,
        "crossing_tensors": int(borders.partition_tensors.sum()),
        "sentence": sentence(model, placed),
        "partitions": [
            {"subgraph": subgraph, "operators": sorted(operators)} for subgraph, operators in placed.partitions
        ],
    }
    taken = numbers >= 0
    columns = (
        Column("partition", numbers, "1", "category", "simulated", "partition, in the order of execution", taken),
        Column(
            "verdict", Categories(verdict, VERDICTS), "1", "category", "simulated", "what the delegate does with it"
        ),
        Column(
            "reason", [text or "" for text in reasons], "1", "text", "simulated",
            "every condition that it does not meet", np.array([text is not None for text in reasons], bool),
        ),
        Column(
            "across_bytes", borders.operator_bytes, "By", "quantity", "simulated",
            "bytes of tensors that cross a border at it", taken & borders.bytes_known,
        ),
    )  # fmt: skip
    subgraphs, sizes = [s for s, _ in placed.partitions], [len(operators) for _, operators in placed.partitions]
    findings = [*_rejected(model, placed), *borders.findings(subgraphs, sizes)]
    return Report(f"partition_{placed.delegate.name}", summary, columns, tuple(findings), over="operators")


def sentence(model: Model, placed: Placement) -> str:
    """What a person who decides wants to know."""
    total, taken = len(model.operators), len(placed.taken)
    count = len(placed.partitions)
    if not placed.wanted:
        return f"{placed.delegate.title}: takes none of the {total:,} operators"
    text = f"{placed.delegate.title}: {taken:,} of {total:,} operators in {count} partition{'' if count == 1 else 's'}"
    left = Counter(model.operators.type_names[model.operators.type[operator]] for operator in placed.failures)
    if left:
        listed = ", ".join(f"{op} ({number:,})" for op, number in left.most_common(3))
        verb = "stays" if len(placed.failures) == 1 else "stay"
        text += f"; {listed}{' and others' if len(left) > 3 else ''} {verb} behind"
    beyond = len(placed.wanted) - taken
    if beyond > 0:
        why = "because only the largest partition is taken" if placed.delegate.most_partitions == 1 else (
            "by the limits on partitions"
        )  # fmt: skip
        text += f", and {beyond:,} more {why}"
    return text


def _rejected(model: Model, placed: Placement) -> list[Finding]:
    """One finding for each type and reason."""
    names, types = model.operators.type_names, model.operators.type
    about: dict[str, list[int]] = {}
    for operator, found in sorted(placed.failures.items()):
        text = "; ".join(map(str, found))
        about.setdefault(f"{names[types[operator]]}: {text}", []).append(operator)
    ranked = sorted(about.items(), key=lambda item: (-len(item[1]), item[0]))[:100]
    return [
        Finding("note", "delegate-rejects", f"{len(operators)} × {text}", tuple(operators[:_MOST_LISTED]))
        for text, operators in ranked
    ]


@dataclass(frozen=True)
class Fix:
    """What accepting some operators would change.

    Attributes:
        title: which: a type and what it fails.
        operators: global ids.
        hint: what to do, empty where nothing follows from the condition.
        delegated: operators in partitions then.
        partitions: how many there are then.
        crossing_bytes: bytes across borders then.
    """

    title: str
    operators: tuple[int, ...]
    hint: str
    delegated: int
    partitions: int
    crossing_bytes: int


def what_if(model: Model, delegate: Delegate, operators: Sequence[int], title: str = "", hint: str = "") -> Fix:
    """The partitions if a delegate took some operators that it does not take."""
    placed = place(model, delegate, also=set(operators))
    numbers = _numbers(model, placed)
    borders = Borders.of(model, numbers, len(placed.partitions))
    return Fix(
        title, tuple(operators), hint, len(placed.taken), len(placed.partitions), int(borders.partition_bytes.sum())
    )


def _numbers(model: Model, placed: Placement) -> Array:
    numbers = np.full(len(model.operators), -1, np.int32)
    for row, (_, operators) in enumerate(placed.partitions):
        numbers[operators] = row
    return numbers


def fixes(model: Model, placed: Placement, most: int = 10) -> list[Fix]:
    """What to mend first: for each type and reason what it would win, the most first.

    The commonest reasons are tried, each by itself.
    """
    names, types = model.operators.type_names, model.operators.type
    groups: dict[tuple[str, str], list[int]] = {}
    hints: dict[tuple[str, str], str] = {}
    for operator, found in placed.failures.items():
        # What keeps a whole subgraph is one thing to mend, whatever the operators are.
        whole = [failure for failure in found if failure.operand == "the subgraph"]
        key = ("all", str(whole[0])) if whole else (names[types[operator]], "; ".join(map(str, found)))
        groups.setdefault(key, []).append(operator)
        hints[key] = "; ".join(dict.fromkeys(failure.hint for failure in found if failure.hint))
    tried = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))[:most]
    found_fixes = [
        what_if(model, placed.delegate, sorted(operators), f"{op}: {reason}", hints[op, reason])
        for (op, reason), operators in tried
    ]
    return sorted(found_fixes, key=lambda fix: (-fix.delegated, fix.partitions, fix.crossing_bytes))


def summary_of(model: Model, several: Sequence[Delegate]) -> dict[str, Any]:
    """The summaries of several delegates, each as if it were alone."""
    return {"delegates": [report(model, place(model, delegate)).summary for delegate in several]}
