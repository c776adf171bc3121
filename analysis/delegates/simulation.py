"""What delegates take of a model, as a report: the shape of measured partitions, and why the rest stays behind."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..borders import Borders, reading_instead
from ..model import Model
from ..ragged import Array, Categories
from ..report import Column, Finding, Report, Severity
from .dynamic import dynamic_roots
from .islands import islands, unsorted
from .nodes import View
from .partition import Subset, counted, kept, runs
from .rules import Delegate, Failure
from .startup import startup
from .verdicts import VERDICTS, Verdicts, verdicts

_MOST_LISTED = 1000


@dataclass(frozen=True)
class Placement:
    """What one delegate takes.

    Attributes:
        delegate: which.
        partitions: subgraph and operators of each.
        wanted: operators that meet its conditions.
        failures: of the others.
        needs: of wanted operators, what a device must hold for them.
        instead: tensors that operators in partitions read in place of others.
    """

    delegate: Delegate
    partitions: list[tuple[int, list[int]]]
    wanted: set[int]
    failures: dict[int, list[Failure]]
    needs: dict[int, str] = field(default_factory=dict)
    instead: dict[int, int] = field(default_factory=dict)

    @functools.cached_property
    def taken(self) -> set[int]:
        """Operators in partitions."""
        return {operator for _, operators in self.partitions for operator in operators}

    @functools.cached_property
    def groups(self) -> list[tuple[list[Failure], list[int]]]:
        """What operators fail, with all that fail the same: those that are alike were asked once."""
        found: dict[int, tuple[list[Failure], list[int]]] = {}
        for operator, failed in self.failures.items():
            found.setdefault(id(failed), (failed, []))[1].append(operator)
        return list(found.values())


def place(model: Model, delegate: Delegate, *, also: set[int] | None = None, view: View | None = None) -> Placement:
    """What a delegate takes of a model.

    Args:
        model: the model.
        delegate: which.
        also: operators that count as accepted whatever they fail: a what-if.
        view: the model as earlier delegates left it, or made before; a new one when not given. It is not changed.
    """
    view = view or View(model)
    return _place(view, delegate, also or set())[0]


def place_in_order(view: View, several: Sequence[Delegate]) -> list[Placement]:
    """What each of several delegates takes when one comes after the other, as the runtime applies them.

    A later one is asked about the graph that the earlier ones left: what they took is an operator that it cannot take.

    Args:
        view: the model; afterwards what all of them left of it.
        several: in the order in which they are asked.
    """
    found = []
    for delegate in several:
        placed, everything = _place(view, delegate, set())
        for subgraph, (subsets, instead) in enumerate(everything):
            view.replace(subgraph, subsets, instead)
        found.append(placed)
    return found


_Graph = tuple[list[Subset], Mapping[int, int]]


def _place(view: View, delegate: Delegate, also: set[int]) -> tuple[Placement, list[_Graph]]:
    """What it takes, and by subgraph all that runs, in order, and what it reads instead of other tensors."""
    partitions: list[tuple[int, list[int]]] = []
    wanted: set[int] = set()
    failed: dict[int, list[Failure]] = {}
    needs: dict[int, str] = {}
    instead: dict[int, int] = {}
    everything: list[_Graph] = []
    view.made = set()
    for subgraph in range(len(view.model.subgraphs)):
        plan = view.plan(subgraph)
        claim = delegate.claim(view, subgraph)
        mine = claim.operators | also.intersection(plan) if also else claim.operators
        split: Callable[[set[int]], list[Subset]]
        if delegate.partitioner == "runs":
            split = functools.partial(runs, plan)
        elif delegate.partitioner == "islands":
            split = functools.partial(islands, plan, view.inputs, view.outputs)
        else:
            split = view.links(subgraph, effects=delegate.partitioner == "tflite").partition
        subsets = split(mine)
        found = kept(subsets, delegate.most_partitions, delegate.least_operators)
        if len(found) < sum(subset.taken for subset in subsets):
            # Only these operators are then given up for partition again: the others run as if never wanted.
            subsets = split({operator for subset in found for operator in subset.operators})
            found = [subset for subset in subsets if subset.taken]
        everything.append((subsets, claim.instead))
        partitions += [(subgraph, subset.operators) for subset in found]
        wanted |= mine
        needs |= claim.needs
        instead |= claim.instead
        count = len(view.model.operators)
        failed |= {o: reasons for o, reasons in claim.failures.items() if o not in mine and o < count}
    return Placement(delegate, partitions, wanted, failed, needs, instead), everything


def verdicts_of(view: View, placed: Placement) -> Verdicts:
    """What becomes of each operator of a placement."""
    return verdicts(
        view, placed.delegate, taken=placed.taken, wanted=placed.wanted, failed=set(placed.failures), needs=placed.needs
    )


def report(model: Model, placed: Placement) -> Report:
    """A placement as a report over operators. Its summary has the keys of a measured one."""
    count = len(model.operators)
    numbers = numbers_of(model, placed)
    view = View(model)
    said = verdicts_of(view, placed)
    borders = borders_of(model, placed)
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
        "accepted_if": said.counts,
        "crossing_bytes": crossing,
        "crossing_tensors": int(borders.partition_tensors.sum()),
        "sentence": sentence(model, placed),
        "partitions": [
            {"subgraph": subgraph, "operators": sorted(operators)} for subgraph, operators in placed.partitions
        ],
    }
    subgraphs, sizes = [s for s, _ in placed.partitions], [len(operators) for _, operators in placed.partitions]
    findings = [*_rejected(model, placed), *_conditional(model, said), *_unsorted(view, placed)]
    findings += dynamic_roots(model, placed.delegate.title, placed.failures)
    findings += startup(model, placed.delegate.name, len(placed.partitions), placed.taken, placed.instead)
    findings += borders.findings(subgraphs, sizes)
    columns = _columns(placed, numbers, said, borders)
    return Report(f"partition_{placed.delegate.name}", summary, columns, tuple(findings), over="operators")


def _columns(placed: Placement, numbers: Array, said: Verdicts, borders: Borders) -> tuple[Column, ...]:
    count = len(numbers)
    conditions = [said.conditions.get(operator, "") for operator in range(count)]
    reasons: list[str | None] = [None] * count
    for failed, operators in placed.groups:
        text = "; ".join(map(str, failed)) or None
        for operator in operators:
            reasons[operator] = text
    taken = numbers >= 0
    return (
        Column("partition", numbers, "1", "category", "simulated", "partition, in the order of execution", taken),
        Column(
            "verdict", Categories(said.codes, VERDICTS), "1", "category", "simulated", "what the delegate does with it"
        ),
        Column(
            "reason", [text or "" for text in reasons], "1", "text", "simulated",
            "every condition that it does not meet", np.array([text is not None for text in reasons], bool),
        ),
        Column(
            "condition", conditions, "1", "text", "simulated",
            "the option that it would be taken with, or what a device must hold to take it",
            np.array([bool(text) for text in conditions], bool),
        ),
        Column(
            "across_bytes", borders.operator_bytes, "By", "quantity", "simulated",
            "bytes of tensors that cross a border at it", taken & borders.bytes_known,
        ),
    )  # fmt: skip


def borders_of(model: Model, placed: Placement) -> Borders:
    """What crosses the borders of a placement: constants that its delegate unpacks itself do not."""
    numbers = numbers_of(model, placed)
    inputs = reading_instead(model.operators.inputs, numbers >= 0, placed.instead)
    return Borders.of(model, numbers, len(placed.partitions), inputs)


def sentence(model: Model, placed: Placement) -> str:
    """What a person who decides wants to know."""
    total, taken = len(model.operators), len(placed.taken)
    if not placed.wanted:
        return f"{placed.delegate.title}: takes none of the {total:,} operators{_common(placed)}"
    text = f"{placed.delegate.title}: {taken:,} of {total:,} operators in {counted(len(placed.partitions))}"
    if placed.failures:
        verb = "stays" if len(placed.failures) == 1 else "stay"
        text += f"; {listed(model, placed.failures)} {verb} behind"
    beyond = len(placed.wanted) - taken
    if beyond > 0:
        why = "because only the largest partition is taken" if placed.delegate.most_partitions == 1 else (
            "by the limits on partitions"
        )  # fmt: skip
        text += f", and {beyond:,} more {why}"
    return text


def _common(placed: Placement) -> str:
    """What most operators fail, if there is such a thing beside being of a type that it does not know."""
    counts: Counter[tuple[str, str]] = Counter()
    for failed, operators in placed.groups:
        for failure in {failure for failure in failed if failure.operand != "operator"}:
            counts[failure.operand, failure.found] += len(operators)
    if not counts:
        return ""
    (operand, found), count = max(counts.items(), key=lambda item: (item[1], item[0]))
    if 2 * count < len(placed.failures):
        return ""
    return f": {operand} is {found}" if count == len(placed.failures) else f": mostly {operand} is {found}"


def listed(model: Model, operators: Iterable[int]) -> str:
    """The commonest types of some operators, with counts."""
    types = Counter(model.operators.type_names[model.operators.type[operator]] for operator in operators)
    text = ", ".join(f"{op} ({number:,})" for op, number in types.most_common(3))
    return text + (" and others" if len(types) > 3 else "")


def _rejected(model: Model, placed: Placement) -> list[Finding]:
    """One finding for each type and reason."""
    names, types = model.operators.type_names, model.operators.type
    about: dict[str, list[int]] = {}
    for failed, of_all in placed.groups:
        text = "; ".join(map(str, failed))
        for operator in of_all:
            about.setdefault(f"{names[types[operator]]}: {text}", []).append(operator)
    ranked = sorted(about.items(), key=lambda item: (-len(item[1]), item[0]))[:100]
    return [
        Finding("note", "delegate-rejects", f"{len(operators)} × {text}", tuple(sorted(operators)[:_MOST_LISTED]))
        for text, operators in ranked
    ]


def _conditional(model: Model, said: Verdicts) -> list[Finding]:
    """One finding for each condition under which operators are taken."""
    about: dict[str, list[int]] = {}
    for operator, text in sorted(said.conditions.items()):
        about.setdefault(text, []).append(operator)
    ranked = sorted(about.items(), key=lambda item: (-len(item[1]), item[0]))[:100]
    found = []
    for text, operators in ranked:
        of_device = text.startswith("device")
        verb = "taken only by a" if of_device else "would be taken with"
        message = f"{listed(model, operators)} {verb} {text.replace(': ', ' with ', 1)}"
        code = "accepted-if-device" if of_device else "accepted-if-option"
        severity: Severity = "warning" if of_device else "note"
        found.append(Finding(severity, code, message, tuple(operators[:_MOST_LISTED])))
    return found


def _unsorted(view: View, placed: Placement) -> Iterator[Finding]:
    """Islands that wait for themselves; other partitioners make none."""
    if placed.delegate.partitioner != "islands":
        return
    for subgraph in range(len(view.model.subgraphs)):
        mine = [operators for at, operators in placed.partitions if at == subgraph]
        stuck = unsorted(mine, view.plan(subgraph), view.inputs, view.outputs)
        if stuck:
            text = f"{len(stuck)} of {len(mine)} partitions wait for operators that wait for them: LiteRT cannot sort "
            about = [operator for row in stuck for operator in mine[row]]
            text += "such a graph, and what it makes of it does not run in order; use partition_strategy=default"
            yield Finding("warning", "partition-unsorted", text, tuple(about[:_MOST_LISTED]))


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
        gained: operators that are in partitions then, and now are not.
        lost: operators that are in partitions now, and then are not: a limit on partitions may keep others then.
    """

    title: str
    operators: tuple[int, ...]
    hint: str
    delegated: int
    partitions: int
    crossing_bytes: int
    gained: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()


def what_if(model: Model, placed: Placement, operators: Sequence[int], title: str = "", hint: str = "") -> Fix:
    """The partitions if a delegate took some operators that it does not take.

    Args:
        model: the model.
        placed: what it takes as it is.
        operators: what it would take besides, by global ids.
        title: what the operators have in common.
        hint: what would have it take them.
    """
    return change(model, placed, place(model, placed.delegate, also=set(operators)), operators, title, hint)


def change(
    model: Model, before: Placement, after: Placement, operators: Sequence[int], title: str = "", hint: str = ""
) -> Fix:
    """What lies between two placements of a delegate, the second with some operators accepted."""
    borders = borders_of(model, after)
    return Fix(
        title,
        tuple(operators),
        hint,
        len(after.taken),
        len(after.partitions),
        int(borders.partition_bytes.sum()),
        tuple(sorted(after.taken - before.taken)),
        tuple(sorted(before.taken - after.taken)),
    )


def numbers_of(model: Model, placed: Placement) -> Array:
    """Int32 per operator, the row of its partition; -1 where it is in none."""
    numbers = np.full(len(model.operators), -1, np.int32)
    for row, (_, operators) in enumerate(placed.partitions):
        numbers[operators] = row
    return numbers


def fixes(model: Model, placed: Placement, weights: Array | None = None, most: int = 10) -> list[Fix]:
    """What to mend first: for each type and reason what it would win, the most first.

    The commonest reasons are tried, each by itself; those of the operators that weigh most where ``weights`` has a
    number for each, their times say.
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
    heavy = np.zeros(len(model.operators)) if weights is None else weights
    tried = sorted(groups.items(), key=lambda item: (-heavy[item[1]].sum(), -len(item[1]), item[0]))[:most]
    found_fixes = [
        what_if(model, placed, sorted(operators), f"{op}: {reason}", hints[op, reason])
        for (op, reason), operators in tried
    ]
    return sorted(found_fixes, key=lambda fix: (-fix.delegated, fix.partitions, fix.crossing_bytes))
