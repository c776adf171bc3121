"""What becomes of each operator: one word, and the condition where there is one.

A delegate may refuse an operator as it was created and take it with another value of one option: the claim is asked
for again with the values of :attr:`.rules.Delegate.choices`, the nearest first. Such an operator stays behind. One that
needs a device of some size is taken, and marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..ragged import Array
from .nodes import View
from .rules import Delegate, created

VERDICTS = ("accepted", "left by the limit", "rejected", "accepted-if option", "accepted-if device")


@dataclass(frozen=True)
class Verdicts:
    """What becomes of the operators of a model.

    Attributes:
        codes: int64 per operator, places in :data:`VERDICTS`.
        conditions: of those accepted if: what must be so.
    """

    codes: Array
    conditions: dict[int, str]

    def word(self, operator: int) -> str:
        """What becomes of one operator, with its condition."""
        word, condition = VERDICTS[self.codes[operator]], self.conditions.get(operator)
        return word if condition is None else f"accepted-if {condition}"

    @property
    def counts(self) -> dict[str, int]:
        """How many operators are accepted if, by what it takes."""
        return {kind: int((self.codes == VERDICTS.index(f"accepted-if {kind}")).sum()) for kind in ("option", "device")}


def verdicts(
    view: View, delegate: Delegate, *, taken: set[int], wanted: set[int], failed: set[int], needs: Mapping[int, str]
) -> Verdicts:
    """The verdicts on all operators.

    Args:
        view: the model.
        delegate: as it was created.
        taken: operators in its partitions.
        wanted: those that meet its conditions.
        failed: those that do not.
        needs: what a device must hold for operators, of those wanted.
    """
    codes = np.full(len(view.model.operators), VERDICTS.index("rejected"), np.int64)
    options = other_options(view, delegate, failed)
    devices = {operator: f"device: {text}" for operator, text in needs.items() if operator in taken}
    for operators, word in (
        (wanted, "left by the limit"),
        (taken, "accepted"),
        (options.keys(), "accepted-if option"),
        (devices.keys(), "accepted-if device"),
    ):
        codes[sorted(operators)] = VERDICTS.index(word)
    return Verdicts(codes, {**options, **devices})


def other_options(view: View, delegate: Delegate, failed: set[int]) -> dict[int, str]:
    """With which value of which option a delegate would take operators that fail a condition, where there is one."""
    found: dict[int, str] = {}
    left = set(failed)
    for name, value in _others(delegate):
        if not left:
            break
        other = created(delegate, {name: value})
        view.made = set()
        for subgraph in range(len(view.model.subgraphs)):
            if left.intersection(view.plan(subgraph)):
                now = left & other.claim(view, subgraph).operators
                found |= dict.fromkeys(now, f"option {name}={value}")
                left -= now
    return found


def _others(delegate: Delegate) -> Iterator[tuple[str, str]]:
    """Every other value of every option that changes a claim, the nearest to what it is first."""
    steps = []
    for place, (name, values) in enumerate(delegate.choices.items()):
        now = values.index(delegate.options[name])
        steps += [(abs(k - now), place, -k, name, value) for k, value in enumerate(values) if k != now]
    for *_, name, value in sorted(steps):
        yield name, value
