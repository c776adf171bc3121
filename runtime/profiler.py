"""Profiles a model on this machine: the asking side. What happens in the child process is in ``measure.py``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from threading import Event
from typing import Any

from ..analysis.model import Model
from ..analysis.options import control_flow
from ..analysis.ragged import Array
from ..analysis.report import Finding
from . import gpu, inputs, interpreter, litert, measure, steady, worker
from .attribution import attribute
from .delegated import partitions_of
from .errors import InputError, RuntimeCrash, RuntimeFailure, RuntimeRefused, TraceError
from .model_file import model_file
from .trace import ModelRef, Trace
from .trace_file import from_json
from .worker import Limits, Progress

KERNELS = tuple(litert.KERNELS)
_BUSY = 0.1  # drift beyond which a finding says so
_OVERHEAD = 0.05


@dataclass(frozen=True)
class Settings:
    """How a model is profiled.

    Attributes:
        kernels: one of :data:`KERNELS`.
        threads: for kernels on the CPU.
        runs: inferences that are timed, of each kind; None goes on until operators have settled or time is up.
        warmup: inferences before the first that counts.
        seconds: for the timed inferences, where ``runs`` does not say.
        signature: key of the entry point; None for the first.
        shapes: shapes of inputs by name.
        inputs: values of inputs by name; the others are random.
        zeros: zeros instead of random values.
        seed: of the random values.
    """

    kernels: str = "xnnpack"
    threads: int = 1
    runs: int | None = None
    warmup: int = 10
    seconds: float = 5.0
    signature: str | None = None
    shapes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    inputs: Mapping[str, Array] = field(default_factory=dict)
    zeros: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kernels not in KERNELS:
            raise InputError(f"no kernels {self.kernels}; there are {', '.join(KERNELS)}")
        if not 1 <= self.threads <= 256:
            raise InputError(f"{self.threads} threads: from 1 to 256")
        if self.warmup < 0 or (self.runs is not None and not 1 <= self.runs <= 1_000_000):
            raise InputError("runs must be from 1 to a million, warm-up runs not negative")


def profile(
    model: Model,
    settings: Settings | None = None,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Trace:
    """Profiles a model on this machine.

    A model that does not run with XNNPACK is run without it; one that the runtime's compiled models do not take is run
    by its interpreter, which times the whole only. Findings say so and why.

    Args:
        model: the model.
        settings: how; the defaults of :class:`Settings` when not given.
        limits: for the child process.
        progress: told what is being done.
        cancel: set by another thread to stop.

    Returns:
        The trace, its rows attributed to the model's operators.

    Raises:
        InputError: when inputs, shapes or the signature do not fit the model.
        RuntimeMissing: where there is no runtime, or no GPU for ``gpu``.
        RuntimeFailure: one of its other kinds, when the model cannot be run.
    """
    settings = settings or Settings()
    litert.require_tested()
    job, assumed = job_of(model, settings)
    refusals: list[RuntimeFailure] = []
    with model_file(model) as path:
        for function, kernels in _attempts(settings, job):
            arguments = {
                "jobs": [{**job, "path": path, "kernels": kernels}],
                "runs": settings.runs, "warmup": settings.warmup, "seconds": settings.seconds,
            }  # fmt: skip
            try:
                found = worker.run(function, arguments, limits=limits, progress=progress, cancel=cancel)
                break
            except (RuntimeRefused, RuntimeCrash) as error:
                if kernels == "gpu":
                    gpu.require_driver(error.log)
                refusals.append(explained(error))
        else:
            raise refusals[0]
    trace = completed(believed(found, 1)[0], model, settings, job, kernels)
    fallbacks = _fallbacks(settings, function, kernels, refusals)
    return replace(trace, findings=(*assumed, *fallbacks, *trace.findings))


def job_of(model: Model, settings: Settings) -> tuple[dict[str, Any], list[Finding]]:
    """What a child needs to know to run a model, but its path and the kernels, and what had to be assumed for it.

    Raises:
        InputError: when inputs, shapes or the signature do not fit the model.
    """
    key, subgraph, declared = inputs.entry_point(model, settings.signature)
    values, assumed = inputs.make(
        declared, shapes=settings.shapes, given=settings.inputs, zeros=settings.zeros, seed=settings.seed
    )
    first = int(model.subgraphs.tensor_offsets[subgraph]) if len(model.subgraphs) else 0
    job = {
        "threads": settings.threads,
        "signature": key,
        "subgraph": subgraph,
        "values": values,
        "tensors": {item.name: item.tensor - first for item in declared},
        "links": links_of(model),
    }
    return job, [_assumed(name, shape) for name, shape in assumed.items()]


def links_of(model: Model) -> list[tuple[int, int, list[int]]]:
    """The operators that run other subgraphs: their subgraph, their node in it, the subgraphs."""
    operators = model.operators
    return [
        (int(operators.subgraph[row]), int(operators.index[row]), sorted(set(roles.values())))
        for row, roles in control_flow(model).items()
    ]


def _attempts(settings: Settings, job: Mapping[str, Any]) -> list[tuple[Callable[..., Any], str]]:
    """Ways to run the model, the wanted one first."""
    kernels = [settings.kernels, *(["builtin"] if settings.kernels == "xnnpack" else [])]
    texts = any(value.dtype.kind == "S" for value in job["values"].values())  # compiled models take none
    compiled = [] if texts else [(measure.measure, kind) for kind in kernels]
    return compiled + [(interpreter.measure, kind) for kind in kernels if kind != "gpu"]


def _fallbacks(
    settings: Settings, function: Callable[..., Any], kernels: str, refusals: list[RuntimeFailure]
) -> Iterator[Finding]:
    """What a person should know of a run that is not the wanted one."""
    if kernels != settings.kernels:
        text = f"the model does not run with XNNPACK ({refusals[0]}); it was run with the built-in kernels"
        yield Finding("warning", "xnnpack-refused", text)
    if kernels == "gpu":
        text = "the GPU's delegate does not run with a profiler: inferences were timed whole, outputs fetched"
        yield Finding("note", "operators-not-timed", text)
    if function is interpreter.measure:
        why = f" ({refusals[0]})" if refusals else ", which take no texts"
        text = f"compiled models do not take it{why}; the interpreter ran it, which times no operators"
        yield Finding("warning", "operators-not-timed", text)


def completed(trace: Trace, model: Model, settings: Settings, job: Mapping[str, Any], kernels: str) -> Trace:
    """A child's trace with the model's side of it, attributed, with findings."""
    partitions = partitions_of(model, trace.settings.get("graphs"))
    asked = {
        "runs": settings.runs, "warmup": settings.warmup, "signature": job["signature"], "subgraph": job["subgraph"],
        "inputs": {name: "given" if name in settings.inputs else _kind(settings) for name in job["values"]},
        "shapes": {name: list(value.shape) for name, value in job["values"].items()}, "seed": settings.seed,
    }  # fmt: skip
    delegates = tuple(dict.fromkeys(partition.delegate for partition in partitions))
    trace = replace(
        trace,
        model=ModelRef(model.sha256, os.path.basename(model.name), int(model.source.data.size), len(model.operators)),
        environment=replace(trace.environment, kernels=kernels, delegates=delegates),
        settings=asked,
        source={"format": "tflite-viz profile", "tool": "tflite-viz"},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    trace = attribute(trace, model, partitions)
    return replace(trace, findings=tuple(_findings(model, trace)))


def _kind(settings: Settings) -> str:
    return "zeros" if settings.zeros else "random"


def explained(error: RuntimeFailure) -> RuntimeFailure:
    """The same with the reasons that the runtime printed, where it is one that the runtime gives reasons for."""
    words = litert.reasons(error.log) if isinstance(error, RuntimeRefused) else []
    return type(error)(f"{error}: {'; '.join(words[:4])}", error.log) if words else error


def believed(found: Any, count: int) -> list[Trace]:
    """The traces that a child sent, which may be anything.

    Raises:
        RuntimeCrash: when it is not that many traces.
    """
    try:
        traces = [from_json(trace, "the child process") for trace in found["traces"]]
        if len(traces) == count:
            return traces
        raise TraceError("the child process", f"{len(traces)} traces of {count}")
    except (TraceError, TypeError, KeyError) as error:
        raise RuntimeCrash(f"unreadable result of the child process: {error}") from None


def _assumed(name: str, shape: tuple[int, ...]) -> Finding:
    text = ",".join(map(str, shape))
    return Finding("note", "dynamic-shape", f"input {name} has no fixed shape; it was run with {text}, see --shape")


def _findings(model: Model, trace: Trace) -> Iterator[Finding]:
    """What a person should know of the run as a whole."""
    plain = trace.latency
    if bool(model.tensors.is_variable.any()) or "VAR_HANDLE" in model.operators.type_names:
        yield Finding("note", "stateful", "the model keeps state between inferences; each run went on from the last")
    drift = steady.drift(plain.samples)
    if drift is not None and abs(drift) > _BUSY:
        word = "slower" if drift > 0 else "faster"
        text = (
            f"the last quarter of the inferences was {abs(drift):.0%} {word} than the first: the machine was not steady"
        )
        yield Finding("warning", "latency-drift", text)
    typical, ratio = plain.typical(), steady.ratio_in_turn(plain.samples, trace.profiled.samples)
    if typical and ratio and ratio - 1 > _OVERHEAD:
        text = (
            f"with the profiler an inference takes {(ratio - 1) * typical / 1000:.0f} µs ({ratio - 1:.0%}) longer:"
            " times of operators are upper bounds, most of all in loops"
        )
        yield Finding("warning", "profiling-overhead", text)
