"""The rows of the table: what is done with which model, by which rivals too, and what ours is held to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import actions
from environment import OPERATORS_PER_LAYER, Real, Synthetic

FLAT, OWN_MASKS = "--flat", "--no-shared-mask"


@dataclass(frozen=True)
class Target:
    """``figure`` of ours is at most ``most`` times the same figure of ``tool`` in ``row``; absolutely without these.

    Attributes:
        figure: name of a figure; its unit is the last part.
        most: the factor, or the limit in that unit.
        tool: the viewer compared with.
        row: the row compared with, empty for the same one.
    """

    figure: str
    most: float
    tool: str = ""
    row: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    key: str
    title: str
    model: Synthetic | Real
    action: Callable[..., actions.Figures]
    targets: tuple[Target, ...]
    rivals: tuple[str, ...] = ()

    @property
    def is_large(self) -> bool:
        """Whether rivals take so long that they run less often."""
        return isinstance(self.model, Synthetic) and self.model.layers * OPERATORS_PER_LAYER > 5000


BOTH = ("me", "netron")
HALF_OF_NETRON = (Target("drawn_ms", 0.5, "netron"),)
FLATTENED = Target("longest_task_ms", 100)
ROWS = (
    Row("small", "open", Synthetic(3), actions.navigate, HALF_OF_NETRON, BOTH),
    Row("real", "open", Real(), actions.navigate, HALF_OF_NETRON, BOTH),
    Row("named-10k", "open", Synthetic(270), actions.navigate, (Target("drawn_ms", 1 / 10, "me"),), BOTH),
    Row(
        "named-50k", "open", Synthetic(1351), actions.navigate,
        (Target("drawn_ms", 1 / 25, "me"), Target("heap_mb", 200)), ("me",),
    ),
    Row(
        "flat-10k", "open, flat names", Synthetic(270, (FLAT,)), actions.navigate,
        (Target("drawn_ms", 1.5, "ours", "named-10k"),), ("me",),
    ),
    Row(
        "flat-50k", "open, flat names", Synthetic(1351, (FLAT,)), actions.navigate,
        (Target("drawn_ms", 1.5, "ours", "named-50k"),), ("me",),
    ),
    Row("flatten-10k", "flatten", Synthetic(270), actions.flatten, (Target("drawn_ms", 2000), FLATTENED)),
    Row("flatten-50k", "flatten", Synthetic(1351), actions.flatten, (Target("drawn_ms", 6000), FLATTENED)),
    Row(
        "open-1000", "open all groups, flat names", Synthetic(27, (FLAT,)), actions.open_all,
        (Target("drawn_ms", 500),), ("me",),
    ),
    Row(
        "move", "zoom and pan, all in view", Synthetic(271), actions.move,
        (Target("zoom_ms", 42), Target("pan_ms", 42), Target("script_ms", 12)),
    ),
    Row(
        "move-masks", "zoom and pan, own masks", Synthetic(271, (OWN_MASKS,)), actions.move,
        (Target("zoom_ms", 42), Target("pan_ms", 42), Target("script_ms", 12)), ("netron",),
    ),
)  # fmt: skip
