"""One what-if for people and for pages: before, after, what moves, and an estimate of time from profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..model import Model
from ..ragged import Categories
from ..report import Column, Report
from .estimate import Estimate, Measured, as_json, assumptions, chosen, estimate
from .partition import counted
from .rules import Delegate
from .simulation import Fix, Placement, borders_of, change, listed, place, report

CHANGES = ("stays in", "joins", "drops out", "stays out")
REPORT = "what_if"


@dataclass(frozen=True)
class WhatIf:
    """A delegate as it is, and as it would be if it accepted more.

    Attributes:
        model: the model.
        before: what it takes.
        after: what it would take.
        asked: operators that it would accept, those that it accepts anyway among them.
        profiles: those that times are estimated from, the first ones preferred.
    """

    model: Model
    before: Placement
    after: Placement
    asked: tuple[int, ...]
    profiles: Sequence[Measured] = ()

    @cached_property
    def fix(self) -> Fix:
        """What changes, in figures."""
        return change(self.model, self.before, self.after, self.asked)

    @property
    def estimate(self) -> Estimate | None:
        """What that may mean in time; None where no profile has times of operators."""
        base, other = chosen(self.profiles)
        return None if base is None else estimate(self.model, self.before, self.fix, base, other)

    def as_json(self) -> dict[str, Any]:
        """The answer as plain values, with sentences."""
        fix, found = self.fix, self.estimate
        return {
            "provenance": "simulated",
            "delegate": self.before.delegate.name,
            "operators": len(self.model.operators),
            "asked": len(self.asked),
            "accepted_now": sum(operator in self.before.wanted for operator in self.asked),
            "before": _figures(self.model, self.before),
            "after": {
                "delegated": fix.delegated, "partitions": fix.partitions, "crossing_bytes": fix.crossing_bytes,
                "crossing_tensors": _crossing(self.model, self.after)[1],
            },
            "gained": list(fix.gained),
            "lost": list(fix.lost),
            "sentence": self.sentence(),
            "time": None if found is None else as_json(found),
            "assumptions": assumptions(),
        }  # fmt: skip

    def sentence(self) -> str:
        """What a person who decides wants to know."""
        fix, title, total = self.fix, self.before.delegate.title, len(self.model.operators)
        if not fix.gained and not fix.lost:
            return f"{title} would take the same {len(self.before.taken):,} of {total:,} operators."
        text = f"{title} would take {fix.delegated:,} of {total:,} operators in {counted(fix.partitions)} instead "
        text += f"of {len(self.before.taken):,} in {counted(len(self.before.partitions))}"
        more = set(fix.gained).difference(self.asked)
        if more:
            text += f"; {listed(self.model, more)} would come along, which the limits on partitions keep out as it is"
        if fix.lost:
            text += f"; {listed(self.model, fix.lost)} would drop out by these limits"
        return text + "."

    def report(self) -> Report:
        """The partitions that there would be, over operators, and what changes: for tables and regions of the graph."""
        found = report(self.model, self.after)
        inside = np.zeros((2, len(self.model.operators)), bool)
        for row, placed in enumerate((self.before, self.after)):
            inside[row, sorted(placed.taken)] = True
        codes = np.where(inside[1], np.where(inside[0], 0, 1), np.where(inside[0], 2, 3))
        column = Column(
            "change", Categories(codes, CHANGES), "1", "category", "simulated",
            f"what the what-if changes for the operator with {self.before.delegate.title}",
        )  # fmt: skip
        return replace(found, name=REPORT, columns=(*found.columns, column))


def ask(model: Model, delegate: Delegate, operators: Iterable[int], profiles: Sequence[Measured] = ()) -> WhatIf:
    """What there would be if a delegate accepted some operators.

    Args:
        model: the model.
        delegate: which.
        operators: global ids.
        profiles: of the model; see :func:`.estimate.chosen` for which are used.
    """
    asked = tuple(sorted(set(operators)))
    return WhatIf(model, place(model, delegate), place(model, delegate, also=set(asked)), asked, profiles)


def of_types(model: Model, types: Iterable[str]) -> set[int]:
    """All operators of some types.

    Raises:
        LookupError: naming a type that the model does not have.
    """
    names = list(model.operators.type_names)
    codes = []
    for name in types:
        if name not in names:
            raise LookupError(name)
        codes.append(names.index(name))
    return set(np.flatnonzero(np.isin(model.operators.type, codes)).tolist())


def _figures(model: Model, placed: Placement) -> dict[str, Any]:
    size, tensors = _crossing(model, placed)
    return {
        "delegated": len(placed.taken), "partitions": len(placed.partitions), "crossing_bytes": size,
        "crossing_tensors": tensors,
    }  # fmt: skip


def _crossing(model: Model, placed: Placement) -> tuple[int, int]:
    borders = borders_of(model, placed)
    return int(borders.partition_bytes.sum()), int(borders.partition_tensors.sum())
