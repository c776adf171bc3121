"""Runs models and times them: what happens in the child process.

Every model is compiled twice. One copy is as it ships; its inferences are the latency. The other has the runtime's
profiler in it; its inferences give the operators. Blocks of all copies take turns, so that whatever else the machine
does meets them all, and the difference between the two is what profiling itself costs.
"""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.ragged import Array
from . import gpu, litert, steady, trace_file
from .errors import RuntimeRefused
from .events import Table, split
from .tflite_c import Spy
from .trace import Environment, ModelRef, Timing, Trace
from .worker import Progress

CLOCK_NS = 1000  # the profiler's events count whole microseconds
# A block of inferences lasts about so long, and is long enough that most of it finds its own weights in the caches.
_BLOCK_NS, _LEAST_IN_BLOCK, _MOST_IN_BLOCK = 20_000_000, 5, 20
_SLOW_NS = 50_000_000  # from here on filling the caches is a small part of an inference
# When their number is not given: inferences of each kind, and rounds before it may be over early.
_FEWEST, _MOST, _FEWEST_ROUNDS = 10, 5000, 30


def measure(
    progress: Progress,
    jobs: list[dict[str, Any]],
    runs: int | None,
    warmup: int,
    seconds: float,
) -> dict[str, Any]:
    """Child function: the whole measurement of one model, or of several in turn.

    Args:
        progress: told what is being done.
        jobs: one per model: ``path``, ``kernels``, ``threads``, ``signature`` (None for the first), ``values`` of
            the inputs by name, and ``links``, see :class:`.events.Table`.
        runs: timed inferences of each kind; None goes on until operators have settled, for several models until the
            time is up.
        warmup: inferences before the first that counts.
        seconds: at most so long, where ``runs`` does not say.

    Returns:
        ``traces`` as JSON, without what a child does not know of the model, and ``rounds``: how many samples of every
        latency belong together, in turn. A trace's settings hold ``graphs``, as the spy saw them.

    Raises:
        RuntimeRefused: when the runtime does not run a model.
    """
    version = litert.require_tested()
    kept: list[Any] = []  # functions of ours that the runtime calls until its objects are gone
    with contextlib.ExitStack() as stack:
        candidates = [_Candidate(progress, stack, job, warmup) for job in jobs]
        for candidate in candidates:
            kept += candidate.add_profiler(progress, stack, warmup)
        rounds = _rounds(progress, candidates, runs, seconds)
        traces = [trace_file.to_json(candidate.trace(version)) for candidate in candidates]
    return {"traces": traces, "rounds": rounds}


class _Candidate:
    """A model with what was measured of it."""

    def __init__(self, progress: Progress, stack: contextlib.ExitStack, job: dict[str, Any], warmup: int) -> None:
        self.job = job
        self.startup: dict[str, int] = {}
        memory = {"before_bytes": resident()}
        if job["kernels"] == "gpu":  # its accelerator wants a directory that it may write to
            os.environ.setdefault("XDG_RUNTIME_DIR", os.getcwd())
        progress("load of the model", 0, 0)
        environment = stack.enter_context(litert.Environment())
        with timed(self.startup, "load_ns"):
            model = stack.enter_context(litert.Model(environment, job["path"]))
        memory["loaded_bytes"] = resident()
        # A GPU works on after the call has returned: an inference ends when its outputs are here.
        self.runner = _Runner(environment, model, job["signature"], job["values"], fetch=job["kernels"] == "gpu")
        progress(f"compilation for {job['kernels']}", 0, 0)
        with timed(self.startup, "compile_ns"):
            self.runner.compile(stack, litert.Options(job["kernels"], job["threads"]))
        memory["compiled_bytes"] = resident()
        self.runner.fill(stack)
        progress("first inference", 0, 0)
        self.startup["first_inference_ns"] = self.runner.run()
        memory |= {"first_bytes": resident(), "peak_bytes": peak()}
        for done in range(warmup):
            progress("warm-up", done, warmup)
            self.runner.run()
        memory["after_bytes"] = resident()
        self.memory = {name: value for name, value in memory.items() if value is not None}
        self.latency: list[int] = []
        self.profiled: list[int] = []
        self.table = Table(job["links"])
        self.profiler: litert.Profiler | None = None
        self.spy = Spy()

    def add_profiler(self, progress: Progress, stack: contextlib.ExitStack, warmup: int) -> list[Any]:
        """Compiles the second copy; what is returned must outlive it.

        The GPU's delegate does not run with a profiler ("Profile is not implemented"): of its copy only the graph is
        looked at.
        """
        progress("compilation with the profiler", 0, 0)
        environment = stack.enter_context(litert.Environment())
        kept = gpu.register_spy(environment, self.spy)
        model = stack.enter_context(litert.Model(environment, self.job["path"]))
        self.timed = _Runner(environment, model, self.job["signature"], self.job["values"])
        on_gpu = self.job["kernels"] == "gpu"
        self.timed.compile(stack, litert.Options(self.job["kernels"], self.job["threads"], profiling=not on_gpu))
        if on_gpu:
            return kept
        self.timed.fill(stack)
        progress("first inference with the profiler", 0, 0)
        for _ in range(max(warmup, 1)):
            self.timed.run()
        self.profiler = self.timed.compiled.profiler()
        return kept

    def plain_block(self, count: int) -> None:
        """Some inferences as they are."""
        self.latency += [self.runner.run() for _ in range(count)]

    def profiled_block(self, count: int) -> None:
        """Some inferences with their events."""
        if self.profiler is None:
            return
        self.profiler.start()
        with _no_files():
            times = [self.timed.run() for _ in range(count)]
        for events in split(self.profiler.stop(), count):
            self.table.add(events)
        self.profiled += times

    def settled(self) -> bool:
        """Whether the time of every row is known well enough."""
        totals = np.array(self.profiled, np.int64)
        return not steady.unsettled(steady.self_times(self.table.events()), totals).any()

    def trace(self, version: str) -> Trace:
        """What was measured."""
        return Trace(
            ModelRef(),
            environment(version, self.job["threads"]),
            events=self.table.events(),
            latency=Timing(np.array(self.latency, np.int64)),
            profiled=Timing(np.array(self.profiled, np.int64)),
            partitions=tuple(self.table.partitions()),
            startup=self.startup,
            memory=self.memory,
            settings={"graphs": self.spy.results()},
        )


def _rounds(progress: Progress, candidates: Sequence[_Candidate], runs: int | None, seconds: float) -> list[int]:
    """Times blocks of all in turn until there are enough; the number of inferences in each round."""
    latency = min(candidate.runner.run() for candidate in candidates)
    block = max(_LEAST_IN_BLOCK, min(_MOST_IN_BLOCK, _BLOCK_NS // max(latency, 1))) if latency < _SLOW_NS else 1
    steps = [step for candidate in candidates for step in (candidate.plain_block, candidate.profiled_block)]
    end = time.monotonic() + seconds
    wanted, checked = runs or _MOST, 0
    rounds: list[int] = []
    done = 0
    while done < wanted:
        progress("inferences", done, runs or 0)
        rounds.append(min(block, wanted - done))
        # Which comes first changes: none always runs on what the same other left in the caches.
        turn = len(rounds) % len(steps)
        for step in (*steps[turn:], *steps[:turn]):
            step(rounds[-1])
        done += rounds[-1]
        late = time.monotonic() > end
        if runs is None and done >= _FEWEST and (late or len(rounds) >= max(2 * checked, _FEWEST_ROUNDS)):
            checked = len(rounds)
            if late or (len(candidates) == 1 and candidates[0].settled()):
                break
    return rounds


class _Runner:
    """A compiled model with its buffers."""

    def __init__(
        self,
        environment: litert.Environment,
        model: litert.Model,
        key: str | None,
        values: dict[str, Array],
        *,
        fetch: bool = False,
    ) -> None:
        self.environment, self.model, self.values, self.fetch = environment, model, values, fetch
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
        if self.fetch:
            for buffer in self.outputs.buffers:
                buffer.read()
        return time.perf_counter_ns() - begin


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
def timed(into: dict[str, int], name: str) -> Iterator[None]:
    """Writes down how many ns the block took."""
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


def environment(version: str, threads: int) -> Environment:
    """This machine, as far as it says."""
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
