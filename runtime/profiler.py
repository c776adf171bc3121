"""Runs a model in a child process and times it: start-up, whole inferences with and without the profiler, operators.

The child compiles the model twice. One copy is as it ships; its inferences are the latency. The other has the runtime's
profiler in it; its inferences give the operators. Blocks of both alternate, so that whatever else the machine does
meets both, and the difference is what profiling itself costs.
"""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from ..analysis.model import Model
from ..analysis.ragged import Array
from ..analysis.report import Finding
from . import gpu, inputs, litert, steady, trace_file, worker
from .attribution import attribute
from .delegated import partitions_of
from .errors import InputError, RuntimeCrash, RuntimeFailure, RuntimeRefused, TraceError
from .events import Table, split
from .model_file import model_file
from .tflite_c import Spy
from .trace import Environment, ModelRef, Timing, Trace
from .trace_file import from_json
from .worker import Limits, Progress

KERNELS = tuple(litert.KERNELS)
CLOCK_NS = 1000  # the profiler's events count whole microseconds
_BLOCK_NS = 5_000_000  # a block of inferences lasts about so long
_MOST_IN_BLOCK = 50
_FEWEST, _MOST = 10, 5000  # inferences of each kind when their number is not given
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

    A model that does not run with XNNPACK is run without it, and a finding says why.

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
        RuntimeFailure: one of its kinds, when the model cannot be run.
    """
    settings = settings or Settings()
    litert.require_tested()
    key, subgraph, declared = inputs.entry_point(model, settings.signature)
    values, assumed = inputs.make(
        declared, shapes=settings.shapes, given=settings.inputs, zeros=settings.zeros, seed=settings.seed
    )
    findings = [_assumed(name, shape) for name, shape in assumed.items()]

    def run(kernels: str) -> Any:
        with model_file(model) as path:
            arguments = {
                "path": path, "kernels": kernels, "threads": settings.threads, "signature": key, "values": values,
                "runs": settings.runs, "warmup": settings.warmup, "seconds": settings.seconds,
            }  # fmt: skip
            return worker.run(measure, arguments, limits=limits, progress=progress, cancel=cancel)

    kernels = settings.kernels
    try:
        found = run(kernels)
    except (RuntimeRefused, RuntimeCrash) as error:
        if kernels != "xnnpack":
            raise explained(error) from None
        found, kernels = _without_xnnpack(run, error), "builtin"
        text = f"the model does not run with XNNPACK ({explained(error)}); it was run with the built-in kernels"
        findings.append(Finding("warning", "xnnpack-refused", text))
    trace = _believed(found)
    partitions = partitions_of(model, trace.settings.get("graphs"))
    asked = {
        "runs": settings.runs, "warmup": settings.warmup, "signature": key, "subgraph": subgraph,
        "inputs": {name: "given" if name in settings.inputs else _kind(settings) for name in values},
        "shapes": {name: list(value.shape) for name, value in values.items()}, "seed": settings.seed,
    }  # fmt: skip
    trace = replace(
        trace,
        model=ModelRef(model.sha256, os.path.basename(model.name), int(model.source.data.size), len(model.operators)),
        environment=replace(
            trace.environment, kernels=kernels, delegates=tuple(dict.fromkeys(p.delegate for p in partitions))
        ),
        settings=asked,
        source={"format": "tflite-viz profile", "tool": "tflite-viz"},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    trace = attribute(trace, model, partitions)
    return replace(trace, findings=(*findings, *trace.findings, *_findings(model, trace)))


def _kind(settings: Settings) -> str:
    return "zeros" if settings.zeros else "random"


def _without_xnnpack(run: Callable[[str], Any], first: RuntimeFailure) -> Any:
    try:
        return run("builtin")
    except (RuntimeRefused, RuntimeCrash) as second:
        both = explained(first), explained(second)
        if str(both[0]) == str(both[1]):
            raise both[0] from None
        raise type(second)(f"{both[1]} (and with XNNPACK: {both[0]})", second.log) from None


def explained(error: RuntimeFailure) -> RuntimeFailure:
    """The same with the reasons that the runtime printed, where it is one that the runtime gives reasons for."""
    words = litert.reasons(error.log) if isinstance(error, RuntimeRefused) else []
    return type(error)(f"{error}: {'; '.join(words[:4])}", error.log) if words else error


def _believed(found: Any) -> Trace:
    """The trace that a child sent, which may be anything."""
    try:
        return from_json(found, "the child process")
    except TraceError as error:
        raise RuntimeCrash(f"unreadable result of the child process: {error}") from None


def _assumed(name: str, shape: tuple[int, ...]) -> Finding:
    text = ",".join(map(str, shape))
    return Finding("note", "dynamic-shape", f"input {name} has no fixed shape; it was run with {text}, see --shape")


def _findings(model: Model, trace: Trace) -> Iterator[Finding]:
    """What a person should know of the run as a whole."""
    plain, profiled = trace.latency, trace.profiled
    if bool(model.tensors.is_variable.any()) or "VAR_HANDLE" in model.operators.type_names:
        yield Finding("note", "stateful", "the model keeps state between inferences; each run went on from the last")
    drift = steady.drift(plain.samples)
    if drift is not None and abs(drift) > _BUSY:
        word = "slower" if drift > 0 else "faster"
        text = (
            f"the last quarter of the inferences was {abs(drift):.0%} {word} than the first: the machine was not steady"
        )
        yield Finding("warning", "latency-drift", text)
    typical, timed = plain.typical(), profiled.typical()
    if typical and timed and timed / typical - 1 > _OVERHEAD:
        text = (
            f"with the profiler an inference takes {(timed - typical) / 1000:.0f} µs ({timed / typical - 1:.0%})"
            " longer: times of operators are upper bounds, most of all in loops"
        )
        yield Finding("warning", "profiling-overhead", text)


# In the child process.


def measure(
    progress: Progress,
    path: str,
    kernels: str,
    threads: int,
    signature: str | None,
    values: dict[str, Array],
    runs: int | None,
    warmup: int,
    seconds: float,
) -> dict[str, Any]:
    """The whole measurement; arguments as in :class:`Settings`. A trace as JSON, without the model's side of it."""
    version = litert.require_tested()
    memory = {"before_bytes": resident()}
    startup: dict[str, int] = {}
    spy = Spy()
    kept: list[Any] = []  # functions of ours that the runtime calls until its objects are gone
    with contextlib.ExitStack() as stack:
        progress("load of the model", 0, 0)
        environment = stack.enter_context(litert.Environment())
        with _timed(startup, "load_ns"):
            model = stack.enter_context(litert.Model(environment, path))
        memory["loaded_bytes"] = resident()
        plain = _Runner(environment, model, signature, values)
        progress(f"compilation for {kernels}", 0, 0)
        with _timed(startup, "compile_ns"):
            plain.compile(stack, litert.Options(kernels, threads))
        memory["compiled_bytes"] = resident()
        plain.fill(stack)
        progress("first inference", 0, 0)
        startup["first_inference_ns"] = plain.run()
        memory["first_bytes"], memory["peak_bytes"] = resident(), peak()
        for done in range(warmup):
            progress("warm-up", done, warmup)
            plain.run()
        memory["after_bytes"] = resident()

        progress("compilation with the profiler", 0, 0)
        spied = stack.enter_context(litert.Environment())
        kept += gpu.register_spy(spied, spy)
        profiled = _Runner(spied, stack.enter_context(litert.Model(spied, path)), signature, values)
        profiled.compile(stack, litert.Options(kernels, threads, profiling=True))
        profiled.fill(stack)
        progress("first inference with the profiler", 0, 0)
        latency = [profiled.run() for _ in range(max(warmup, 1))][-1]
        rounds = _Rounds(plain, profiled, kernels != "gpu")
        rounds.go(progress, min(latency, plain.run()), runs, seconds)
        trace = Trace(
            ModelRef(),
            _environment(version, threads),
            events=rounds.table.events(),
            partitions=tuple(rounds.table.partitions()),
            latency=Timing(np.array(rounds.plain, np.int64)),
            profiled=Timing(np.array(rounds.profiled, np.int64)),
            startup=startup,
            memory={name: value for name, value in memory.items() if value is not None},
            settings={"graphs": spy.results()},
        )
        return trace_file.to_json(trace)


class _Runner:
    """A compiled model with its buffers."""

    def __init__(
        self, environment: litert.Environment, model: litert.Model, key: str | None, values: dict[str, Array]
    ) -> None:
        self.environment, self.model, self.values = environment, model, values
        found = [s for s in model.signatures() if key in (None, s.key)]
        if not found:
            raise RuntimeRefused(f"the runtime knows no signature {key}")
        self.signature = found[0]
        missing = [tensor.name for tensor in self.signature.inputs if tensor.name not in values]
        if missing:
            raise RuntimeRefused(f"the runtime wants an input {missing[0]} that the model's file does not name")

    def compile(self, stack: contextlib.ExitStack, options: litert.Options) -> None:
        """Compiles and allocates, which has delegates prepare their kernels."""
        self.compiled = stack.enter_context(litert.CompiledModel(self.environment, self.model, options))
        for row, tensor in enumerate(self.signature.inputs):
            if self.values[tensor.name].shape != tensor.layout.shape:
                self.compiled.resize(self.signature, row, self.values[tensor.name].shape)
        self.layouts = self.compiled.allocate(self.signature)

    def fill(self, stack: contextlib.ExitStack) -> None:
        """Makes buffers and writes the inputs."""
        ins, outs = [], []
        for row, tensor in enumerate(self.signature.inputs):
            layout = self.compiled.input_layout(self.signature, row)
            ins.append(stack.enter_context(self.compiled.buffer(self.signature, "Input", row, layout)))
            ins[-1].write(self.values[tensor.name].tobytes())
        for row, layout in enumerate(self.layouts):
            outs.append(stack.enter_context(self.compiled.buffer(self.signature, "Output", row, layout)))
        self.inputs, self.outputs = litert.Buffers(ins), litert.Buffers(outs)

    def run(self) -> int:
        """One inference in ns."""
        begin = time.perf_counter_ns()
        self.compiled.run(self.signature, self.inputs, self.outputs)
        return time.perf_counter_ns() - begin


class _Rounds:
    """Blocks of inferences without and with the profiler, in turn."""

    def __init__(self, plain: _Runner, profiled: _Runner, close_files: bool) -> None:
        self._plain, self._profiled, self._close_files = plain, profiled, close_files
        self._profiler = profiled.compiled.profiler()
        self.plain: list[int] = []
        self.profiled: list[int] = []
        self.table = Table()

    def go(self, progress: Progress, latency: int, runs: int | None, seconds: float) -> None:
        """Runs until there are ``runs`` of each kind, or until all has settled or time is up."""
        block = max(1, min(_MOST_IN_BLOCK, _BLOCK_NS // max(latency, 1)))
        end = time.monotonic() + seconds
        wanted, checked = runs or _MOST, 0
        while len(self.plain) < wanted:
            progress("inferences", len(self.plain), runs or 0)
            count = min(block, wanted - len(self.plain))
            # Which comes first changes: neither kind always runs on what the other left in the caches.
            order = (self._block, self._profiled_block)
            for step in order if len(self.plain) // block % 2 else reversed(order):
                step(count)
            late = time.monotonic() > end
            if runs is None and len(self.plain) >= _FEWEST and (late or len(self.plain) >= 2 * checked):
                checked = len(self.plain)
                if late or self._settled():
                    break

    def _settled(self) -> bool:
        events, totals = self.table.events(), np.array(self.profiled)
        return len(self.plain) >= 50 and not steady.unsettled(steady.self_times(events), totals).any()

    def _block(self, count: int) -> None:
        self.plain += [self._plain.run() for _ in range(count)]

    def _profiled_block(self, count: int) -> None:
        self._profiler.start()
        with _no_files() if self._close_files else contextlib.nullcontext():
            times = [self._profiled.run() for _ in range(count)]
        for events in split(self._profiler.stop(), count):
            self.table.add(events)
        self.profiled += times


@contextlib.contextmanager
def _no_files() -> Iterator[None]:
    """Keeps this process from opening files.

    The profiler reads /proc/self/status at both ends of every invocation of a subgraph, which takes 15 µs each time and
    adds up to more than a small model. Where it cannot open the file it leaves the figure out, which nothing here uses.
    """
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def _timed(into: dict[str, int], name: str) -> Iterator[None]:
    begin = time.perf_counter_ns()
    yield
    into[name] = time.perf_counter_ns() - begin


def resident() -> int | None:
    """Resident bytes of this process, None where the system does not say."""
    return _status("VmRSS")


def peak() -> int | None:
    """The most that was ever resident."""
    return _status("VmHWM")


def _status(name: str) -> int | None:
    with contextlib.suppress(OSError, IndexError, ValueError):
        text = Path("/proc/self/status").read_text()
        return int(text.partition(f"{name}:")[2].split()[0]) * 1024
    return None


def _environment(version: str, threads: int) -> Environment:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    extra = {"python": platform.python_version(), "machine": platform.machine()}
    with contextlib.suppress(OSError):
        extra["load"] = " ".join(f"{value:.2f}" for value in os.getloadavg())
    with contextlib.suppress(OSError):
        governor = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").read_text()
        extra["governor"] = governor.strip()
    return Environment(
        device=platform.node() or None,
        cpu=_cpu(),
        cores=cores,
        os=platform.platform(),
        runtime=litert.PACKAGE,
        runtime_version=version,
        threads=threads,
        clock_ns=CLOCK_NS,
        extra=extra,
    )


def _cpu() -> str | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Hardware", "Processor")):
                return line.partition(":")[2].strip()
    return platform.processor() or None
