"""What a what-if may mean in time, as far as profiles tell. docs/delegates.md says what holds and what is assumed.

No speed of a delegate is made up: what was not measured is left as a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model import Model
from ..ragged import Array
from .simulation import Fix, Placement

_STEPS = 10  # a type has a speed of its own where its operators take this many steps of the clock on average


@dataclass(frozen=True)
class Measured:
    """A profile of a model, as far as an estimate uses it.

    Attributes:
        label: what and where it was, for people.
        machine: device, processor, threads and runtime; times of different ones are not compared.
        us: float64 per operator, its own time in an inference; NaN where it left none.
        total_us: the whole inference.
        inside: bool per operator, whether it ran in a partition of the delegate that is asked about.
        step_us: the step of the clock that timed what is inside, 0 where not known.
    """

    label: str
    machine: tuple[Any, ...]
    us: Array
    total_us: float
    inside: Array
    step_us: float = 0.0


@dataclass(frozen=True)
class Estimate:
    """Times of an inference before and after, in microseconds.

    Attributes:
        label: the profile's.
        with_delegate: whether the delegate took operators in that profile.
        total_us: the whole inference, measured.
        inside_us: what operators take that are in partitions as it is.
        then_inside_us: what operators take that would be.
        moved_us: the most that can move into the delegate: times of operators that join; where some of them have none,
            all that is no operator's besides.
        least_us: the whole inference if all that is then inside and was measured outside took no time.
        untimed: operators that join and have no time.
        dropped: operators that fall out of partitions.
        expected_us: the whole inference by the speeds of types that were measured both inside and outside; None where
            no operator that joins is of such a type.
        ratios: time inside as a share of time outside, by those types.
        unknown: types of the others that join; their times are counted as they are.
        other: label of the profile without the delegate, where there is one.
    """

    label: str
    with_delegate: bool
    total_us: float
    inside_us: float
    then_inside_us: float
    moved_us: float
    least_us: float
    untimed: int
    dropped: int
    expected_us: float | None
    ratios: dict[str, float]
    unknown: tuple[str, ...]
    other: str | None

    @property
    def moved_share(self) -> float:
        """Of the measured time the part that can move at most, 0 to 1."""
        return min(self.moved_us / self.total_us, 1.0)


def chosen(profiles: Iterable[Measured]) -> tuple[Measured | None, Measured | None]:
    """The profile that estimates are made from, and one that it is compared with.

    The first that ran with the delegate, else the first; and of the same machine the first that ran without it.
    """
    timed = [profile for profile in profiles if not np.isnan(profile.us).all() and profile.total_us > 0]
    base = next((profile for profile in timed if profile.inside.any()), timed[0] if timed else None)
    if base is None or not base.inside.any():
        return base, None
    others = (one for one in timed if one.machine == base.machine and not one.inside.any())
    return base, next(others, None)


def estimate(model: Model, placed: Placement, fix: Fix, base: Measured, other: Measured | None) -> Estimate:
    """What a what-if may mean in time.

    Args:
        model: the model.
        placed: what the delegate takes as it is.
        fix: the what-if.
        base: the profile whose times are meant.
        other: one of the same machine without the delegate, where ``base`` is with it.
    """
    us = np.nan_to_num(base.us)
    now = _mask(model, placed.taken)
    then = now.copy()
    then[list(fix.gained)], then[list(fix.lost)] = True, False
    joins = then & ~now & ~base.inside
    untimed = int(np.isnan(base.us[joins]).sum())
    nobodys = max(base.total_us - float(us.sum()), 0.0)
    spare = nobodys if untimed else 0.0
    falls = now & ~then & base.inside
    saved = float(us[(then & ~base.inside) | falls].sum()) + spare
    ratios = {} if other is None else _ratios(model, base, other)
    types = np.asarray(model.operators.type)
    by_type = np.full(len(model.operators.type_names), np.nan)
    for name, ratio in ratios.items():
        by_type[model.operators.type_names.index(name)] = ratio
    factor = by_type[types]
    known = joins & ~np.isnan(factor) & ~np.isnan(base.us)
    names = [model.operators.type_names[code] for code in np.unique(types[joins & ~known])]
    used = {model.operators.type_names[code] for code in np.unique(types[known])}
    return Estimate(
        label=base.label,
        with_delegate=bool(base.inside.any()),
        total_us=base.total_us,
        inside_us=float(us[now].sum()),
        then_inside_us=float(us[then].sum()),
        moved_us=float(us[joins].sum()) + spare,
        least_us=max(base.total_us - saved, 0.0),
        untimed=untimed,
        dropped=len(fix.lost),
        expected_us=base.total_us - float((us[known] * (1 - factor[known])).sum()) if known.any() else None,
        ratios={name: ratio for name, ratio in ratios.items() if name in used},
        unknown=tuple(names),
        other=None if other is None else other.label,
    )


def _mask(model: Model, operators: Iterable[int]) -> Array:
    found = np.zeros(len(model.operators), bool)
    found[list(operators)] = True
    return found


def _ratios(model: Model, base: Measured, other: Measured) -> dict[str, float]:
    """Time inside the delegate as a share of that outside, by types of operators that have times in both profiles.

    A delegate's clock may round each operator down to whole steps: types whose operators are too short for it are left
    out.
    """
    both = base.inside & ~np.isnan(base.us) & ~np.isnan(other.us)
    types = np.asarray(model.operators.type)[both]
    count = len(model.operators.type_names)
    inside, outside = (np.bincount(types, us[both], count) for us in (base.us, other.us))
    long_enough = inside >= _STEPS * base.step_us * np.bincount(types, minlength=count)
    there = np.flatnonzero(long_enough & (inside > 0) & (outside > 0))
    return {model.operators.type_names[code]: float(inside[code] / outside[code]) for code in there.tolist()}


def as_json(found: Estimate) -> dict[str, Any]:
    """The estimate as plain values, with its sentences."""
    return {
        "provenance": "estimated",
        **vars(found),
        "moved_share": found.moved_share,
        "sentences": sentences(found),
    }


def sentences(found: Estimate) -> list[str]:
    """What a person should know, the bound first, what was assumed last."""
    total = _time(found.total_us)
    text = [
        f"At most {found.moved_share:.0%} of the measured time could move: {_time(found.moved_us)} of {total}."
        if found.moved_us > 0
        else f"None of the measured time ({total}) would move.",
    ]
    if found.with_delegate and found.moved_us > 0:
        text.append(f"An inference would then take {_time(found.least_us)} or more.")
    elif not found.with_delegate:
        text.append(
            f"The profile is of a run without the delegate: {found.inside_us / found.total_us:.0%} of its time are in "
            f"operators that are taken as it is, {found.then_inside_us / found.total_us:.0%} would be then; "
            f"{_time(found.least_us)} stay outside."
        )
    if found.expected_us is not None:
        speeds = ", ".join(f"{name} {ratio:.0%}" for name, ratio in found.ratios.items())
        counts = "it counts as it is" if len(found.unknown) == 1 else "they count as they are"
        rest = f"; of {_listed(found.unknown)} none was measured, {counts}" if found.unknown else ""
        text.append(
            f"About {_time(found.expected_us)} if they ran at the speeds that were measured (time with the delegate as "
            f"a share of that without: {speeds}){rest}."
        )
    elif found.moved_us > 0:
        text.append("How fast the delegate would run it was not measured.")
    if found.untimed:
        text.append(
            f"{found.untimed:,} of the operators that would move {_have(found.untimed)} no time in the profile; "
            "all time that is no operator's is counted as theirs."
        )
    if found.dropped:
        text.append(
            f"{found.dropped:,} operators would fall out of partitions: what they take outside is not estimated."
        )
    return text


def assumptions() -> str:
    """What every estimate takes for granted."""
    return (
        "Estimated: what stays outside takes as long as it did, on the machine of the profile; copies across borders "
        "take no time, though their bytes are counted."
    )


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more types" if len(names) > 5 else "")


def _time(us: float) -> str:
    return f"{us / 1000:,.3g} ms" if us >= 1000 else f"{us:.3g} µs"
