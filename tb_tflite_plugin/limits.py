"""Limits that a model must keep, for continuous integration: how they are written, and what is compared with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .analysis.model import Model
from .analysis.reports import analyse
from .errors import UsageError

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)\s*([A-Za-zµ%]*)")
_BYTES = {"": 1, "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_COUNTS = {"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_TIMES = {"us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9}


@dataclass(frozen=True)
class Limit:
    """A kind of limit.

    Attributes:
        units: what may follow the number, and what each is in the figure's own unit.
        figure: the model's figure, None where it is not known.
        doc: one sentence.
        unit: how the figure is called.
    """

    units: Mapping[str, float]
    figure: Callable[[Model], float | None]
    doc: str
    unit: str


def _of(report: str, *path: str) -> Callable[[Model], float | None]:
    def figure(model: Model) -> float | None:
        value: Any = analyse(model, report).summary
        for name in path:
            value = value[name]
        return None if value is None else float(value)

    return figure


LIMITS = {
    "max-size": Limit(_BYTES, lambda model: float(model.source.data.size), "bytes of the file", "B"),
    "max-weights": Limit(_BYTES, _of("inspect", "weight_bytes"), "bytes of weights", "B"),
    "max-parameters": Limit(_COUNTS, _of("inspect", "parameters"), "elements of weights", ""),
    "max-operators": Limit(_COUNTS, lambda model: float(len(model.operators)), "operators", ""),
    "max-macs": Limit(_COUNTS, _of("compute", "macs"), "multiply-accumulates of one run", "MAC"),
    "max-arena": Limit(_BYTES, _of("memory", "arena_bytes"), "bytes of LiteRT's arena, planned", "B"),
    "max-micro-arena": Limit(
        _BYTES, _of("memory_micro", "arena_bytes"), "bytes of the head of TensorFlow Lite Micro's arena, planned", "B"
    ),
}  # fmt: skip
OTHERS = ("max-runtime", "max-latency", "min-delegated")


def number(text: str, units: Mapping[str, float]) -> float:
    """A number with a unit, in the unit that these are given in.

    Raises:
        UsageError: when it is none.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None or found[2] not in units:
        raise UsageError(f"{text!r} is no number with one of the units {', '.join(unit or '(none)' for unit in units)}")
    return float(found[1]) * units[found[2]]


def read(path: str) -> dict[str, Any]:
    """Limits from a TOML file: names as on the command line, dashes or underscores.

    Raises:
        UsageError: when it cannot be read, is no TOML or names a limit that there is not.
    """
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
    named = {name.replace("_", "-"): value for name, value in found.items()}
    unknown = sorted(set(named) - set(LIMITS) - set(OTHERS))
    if unknown:
        raise UsageError(f"{path}: no limit is called {', '.join(unknown)}")
    return named


def static_breaches(model: Model, wanted: Mapping[str, str]) -> Iterator[str]:
    """A line for every limit of :data:`LIMITS` that the model breaks, or of which nothing can be said."""
    for name, text in wanted.items():
        limit = LIMITS[name]
        most, figure = number(text, limit.units), limit.figure(model)
        if figure is None:
            yield f"{name}: {limit.doc} are not known for this model, so {text} cannot be promised"
        elif figure > most:
            yield f"{name}: {figure:,.0f} {limit.unit}".rstrip() + f" is more than {text}"


def version_breach(model: Model, text: str) -> str | None:
    """Whether the operators need a later runtime than the one given."""
    parts = text.split(".")
    if not all(part.isdigit() for part in parts):
        raise UsageError(f"{text!r} is no version such as 2.15.0")
    needed = analyse(model, "compatibility").summary["least_runtime"]
    if needed is None:
        return f"max-runtime: the runtime that the operators need is not known, so {text} cannot be promised"
    if [int(part) for part in needed.split(".")] > [*map(int, parts), *[0] * (3 - len(parts))]:
        return f"max-runtime: TensorFlow Lite {needed} is needed, which is later than {text}"
    return None


def delegated_breach(model: Model, text: str) -> str | None:
    """Whether a delegate takes fewer of the operators than wanted (``xnnpack=95%``).

    The delegate is asked where it can be; otherwise it is foretold.
    """
    from .analysis.delegates import delegates
    from .analysis.delegates.simulation import place, report
    from .runtime.partitions import NAMED, measure

    delegate, equals, share = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} must be DELEGATE=PERCENT, such as xnnpack=95%")
    least = number(share, {"%": 1.0, "": 1.0})
    if delegate not in NAMED and delegate in delegates():
        summary = report(model, place(model, delegates()[delegate])).summary
    else:
        summary = measure(model, delegate).summary
    if summary["delegated"] is None:
        return f"min-delegated: {delegate} does not load the model, so {share} cannot be promised"
    found = 100 * summary["delegated"] / max(summary["operators"], 1)
    if found < least:
        counts = f"{summary['delegated']:,} of {summary['operators']:,}, {summary['provenance']}"
        return f"min-delegated: {delegate} takes {found:.1f} % of the operators ({counts}), fewer than {share}"
    return None


def latency_breach(model: Model, text: str, threads: int) -> str | None:
    """Whether the median of inferences on this machine takes longer."""
    from .runtime.profiler import Settings, profile

    most = number(text, _TIMES)
    trace = profile(model, Settings(threads=threads))
    typical = trace.latency.typical()
    if typical is None or typical <= most:
        return None
    count = trace.latency.samples.size
    return f"max-latency: an inference takes {typical / 1e6:.3f} ms here (median of {count}), longer than {text}"
