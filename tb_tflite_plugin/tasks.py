"""What a page may have done with a model: a profile, a delegate's partition, the errors of its layers.

Every option is checked before a start. Nothing here takes a path or a name of a file from a request: delegates are
those known by name, other models those that the library knows by id.
"""

from __future__ import annotations

import math
import os
import threading
from dataclasses import dataclass, replace
from typing import Any

from .analysis.model import Model
from .errors import UsageError
from .jobs import Work
from .library import Library
from .run_store import RunStore
from .runtime import accuracy, accuracy_report, ceilings, litert, partitions
from .runtime.closeups import closeups
from .runtime.errors import InputError, RuntimeCancelled, RuntimeFailure, RuntimeMissing
from .runtime.profiler import KERNELS, Settings, profile
from .runtime.trace import Trace
from .runtime.worker import Limits, Progress

KINDS = ("profile", "partition", "layer_error")
MOST_RUNS, MOST_WARMUP, MOST_SECONDS = 10_000, 1_000, 60.0
# Their values are made here, and all are held until both models have run on them.
MOST_SAMPLES, MOST_SEED = 128, (1 << 32) - 1
_MOST_DIMENSION = 1 << 24
# A model may load and compile for long; what is timed is bounded by the options.
_LIMITS = Limits(seconds=300.0)
# By number of threads, measured once: a machine does not change under a running server.
_known: dict[int, dict[str, Any]] = {}


@dataclass(frozen=True)
class Task:
    """Something to do that was checked.

    Attributes:
        title: what it is, for people.
        work: does it.
    """

    title: str
    work: Work


def capabilities() -> dict[str, Any]:
    """What can be asked for here; ``missing`` says why nothing runs at all, empty where all is there."""
    try:
        litert.require_tested()
        missing = ""
    except RuntimeMissing as error:
        missing = str(error)
    return {
        "missing": missing,
        "kernels": KERNELS,
        "delegates": partitions.NAMED,
        "threads": cores(),
        "runs": MOST_RUNS,
        "warmup": MOST_WARMUP,
        "seconds": MOST_SECONDS,
        "error_kernels": accuracy.KERNELS,
        "samples": MOST_SAMPLES,
        "seed": MOST_SEED,
    }


def cores() -> int:
    """Processors that this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(count or 1, 256))


def task_of(asked: Any, model: Model, store: RunStore, library: Library) -> Task:
    """The task that the body of a request describes.

    Args:
        asked: the decoded JSON: ``kind``, and ``options`` that are all optional.
        model: the model.
        store: where the result goes.
        library: knows the models that it may be compared with.

    Raises:
        UsageError: naming the option that is wrong.
        UnknownModel, NotReady, ModelError: for a model to compare with, as :meth:`.Library.model`.
    """
    if not isinstance(asked, dict) or set(asked) - {"kind", "options"}:
        raise UsageError("the request must be an object with kind and options")
    kind, options = asked.get("kind"), asked.get("options", {})
    if kind not in KINDS:
        raise UsageError(f"kind must be one of {', '.join(KINDS)}")
    if not isinstance(options, dict):
        raise UsageError("options must be an object")
    if kind == "layer_error":
        return _layer_error_task(options, model, store, library)
    return _profile_task(options, model, store) if kind == "profile" else _partition_task(options, model, store)


def _profile_task(options: dict[str, Any], model: Model, store: RunStore) -> Task:
    _only(options, "kernels", "threads", "runs", "warmup", "seconds", "signature", "shapes", "zeros")
    kernels = _one_of(options, "kernels", KERNELS, "xnnpack")
    threads = _integer(options, "threads", 1, cores(), 1)
    assert threads is not None
    try:
        settings = Settings(
            kernels=kernels,
            threads=threads,
            runs=_integer(options, "runs", 1, MOST_RUNS, None),
            warmup=_integer(options, "warmup", 0, MOST_WARMUP, 10) or 0,
            seconds=_number(options, "seconds", 0.1, MOST_SECONDS, 5.0),
            signature=_text(options, "signature"),
            shapes=_shapes(options),
            zeros=_flag(options, "zeros"),
        )
    except InputError as error:
        raise UsageError(str(error)) from None

    def work(progress: Progress, cancel: threading.Event) -> str:
        trace = profile(model, settings, limits=_LIMITS, progress=progress, cancel=cancel)
        trace = _with_ceilings(trace, progress, cancel)
        return store.add_trace(trace, model.sha256)

    return Task(f"profile with {kernels}, {threads} thread{'' if threads == 1 else 's'}", work)


def _with_ceilings(trace: Trace, progress: Progress, cancel: threading.Event) -> Trace:
    """The trace with this machine's ceilings among its settings, or why they are not known."""
    threads = trace.environment.threads or 1
    try:
        if threads not in _known:
            _known[threads] = ceilings.measure(threads, progress=progress, cancel=cancel).to_json()
    except RuntimeCancelled:
        raise
    except RuntimeFailure as error:
        return replace(trace, settings={**trace.settings, "ceilings_missing": str(error)})
    return replace(trace, settings={**trace.settings, "ceilings": _known[threads]})


def _partition_task(options: dict[str, Any], model: Model, store: RunStore) -> Task:
    _only(options, "delegate")
    delegate = _one_of(options, "delegate", partitions.NAMED, "xnnpack")

    def work(progress: Progress, cancel: threading.Event) -> str:
        report = partitions.measure(model, delegate, limits=_LIMITS, progress=progress, cancel=cancel)
        return store.add_partition(report, model.sha256)

    return Task(f"partition of {delegate}", work)


def _layer_error_task(options: dict[str, Any], model: Model, store: RunStore, library: Library) -> Task:
    _only(options, "reference", "kernels", "reference_kernels", "samples", "seed")
    id = _text(options, "reference")
    kernels = _one_of(options, "kernels", accuracy.KERNELS, "builtin")
    theirs = _one_of(options, "reference_kernels", accuracy.KERNELS, "builtin")
    samples = _integer(options, "samples", 1, MOST_SAMPLES, 8)
    seed = _integer(options, "seed", 0, MOST_SEED, 0)
    assert samples is not None
    assert seed is not None
    reference = model if id is None else library.model(id)
    if reference.sha256 == model.sha256 and kernels == theirs:
        raise UsageError("a model against itself needs other kernels on the other side")
    settings = accuracy.Settings(kernels=kernels, reference_kernels=theirs, samples=samples, seed=seed)

    def work(progress: Progress, cancel: threading.Event) -> str:
        errors = accuracy.compare(reference, model, settings, limits=_LIMITS, progress=progress, cancel=cancel)
        return store.add_errors(accuracy_report.report(errors, model, reference), closeups(errors), model)

    against = f"kernels {theirs}" if id is None else reference.name
    return Task(f"errors of layers against {against}", work)


# Options.


def _only(options: dict[str, Any], *names: str) -> None:
    if unknown := set(options) - set(names):
        raise UsageError(f"no option {min(map(str, unknown))[:50]!r}; there are {', '.join(names)}")


def _one_of(options: dict[str, Any], name: str, values: tuple[str, ...], default: str) -> str:
    value = options.get(name, default)
    if value not in values:
        raise UsageError(f"{name} must be one of {', '.join(values)}")
    return str(value)


def _integer(options: dict[str, Any], name: str, least: int, most: int, default: int | None) -> int | None:
    value = options.get(name, default)
    if value is None and default is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(f"{name} must be a whole number from {least} to {most}")
    return value


def _number(options: dict[str, Any], name: str, least: float, most: float, default: float) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{name} must be a number")
    if not least <= value <= most:
        raise UsageError(f"{name} must be from {least:g} to {most:g}")
    return float(value)


def _text(options: dict[str, Any], name: str) -> str | None:
    value = options.get(name)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} must be a text")
    return value


def _flag(options: dict[str, Any], name: str) -> bool:
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{name} must be true or false")
    return value


def _shapes(options: dict[str, Any]) -> dict[str, list[int]]:
    value = options.get("shapes", {})
    if not isinstance(value, dict) or len(value) > 64:
        raise UsageError("shapes must be an object of shapes by input")
    for shape in value.values():
        if not isinstance(shape, list) or len(shape) > 8 or not all(_is_dimension(size) for size in shape):
            raise UsageError(f"a shape is a list of up to 8 whole numbers from 1 to {_MOST_DIMENSION}")
    return value


def _is_dimension(size: Any) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= _MOST_DIMENSION
