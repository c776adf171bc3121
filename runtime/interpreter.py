"""Runs a model with the runtime's interpreter, in the child process: what its compiled models do not take.

The interpreter has no profiler that can be reached, so inferences are timed as a whole.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from . import litert, trace_file
from .errors import RuntimeRefused
from .measure import environment, peak, resident, timed
from .spy import graphs_of, refusals_as_errors
from .trace import ModelRef, Timing, Trace
from .worker import Progress

_FEWEST, _MOST = 10, 5000
RESOLVERS = {"xnnpack": "BUILTIN", "builtin": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "reference": "BUILTIN_REF"}


def measure(
    progress: Progress, jobs: list[dict[str, Any]], runs: int | None, warmup: int, seconds: float
) -> dict[str, Any]:
    """Child function: like :func:`.measure.measure` for one model, without its operators."""
    version = litert.require_tested()
    (job,) = jobs
    memory = {"before_bytes": resident()}
    startup: dict[str, int] = {}
    with refusals_as_errors():
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        progress("load of the model", 0, 0)
        with timed(startup, "load_ns"):
            interpreter = Interpreter(
                job["path"],
                num_threads=job["threads"],
                experimental_op_resolver_type=OpResolverType[RESOLVERS[job["kernels"]]],
            )
        memory["loaded_bytes"] = resident()
        progress(f"compilation for {job['kernels']}", 0, 0)
        with timed(startup, "compile_ns"):
            invoke = _prepared(interpreter, job)
        memory["compiled_bytes"] = resident()
        progress("first inference", 0, 0)
        with timed(startup, "first_inference_ns"):
            invoke()
        memory |= {"first_bytes": resident(), "peak_bytes": peak()}
        for done in range(warmup):
            progress("warm-up", done, warmup)
            invoke()
        memory["after_bytes"] = resident()
        samples = _samples(progress, invoke, runs, seconds)
        progress("read-back of the partition", 0, 0)
        graphs = graphs_of(interpreter)
    trace = Trace(
        ModelRef(),
        environment(version, job["threads"]),
        latency=Timing(np.array(samples, np.int64)),
        startup=startup,
        memory={name: value for name, value in memory.items() if value is not None},
        settings={"graphs": graphs},
    )
    return {"traces": [trace_file.to_json(trace)], "rounds": [1] * len(samples)}


def _prepared(interpreter: Any, job: dict[str, Any]) -> Any:
    """What runs the entry point, with its inputs in place. Other subgraphs than the first copy them each time."""
    if job["subgraph"]:
        runner = interpreter.get_signature_runner(job["signature"])
        return lambda: runner(**job["values"])
    shapes = {detail["index"]: tuple(detail["shape"]) for detail in interpreter.get_input_details()}
    for name, value in job["values"].items():
        index = job["tensors"][name]
        if index not in shapes:
            raise RuntimeRefused(f"the runtime has no input {index}, which the model calls {name}")
        if shapes[index] != value.shape:
            interpreter.resize_tensor_input(index, value.shape)
    interpreter.allocate_tensors()
    for name, value in job["values"].items():
        interpreter.set_tensor(job["tensors"][name], value)
    return interpreter.invoke


def _samples(progress: Progress, invoke: Any, runs: int | None, seconds: float) -> list[int]:
    samples: list[int] = []
    end = time.monotonic() + seconds
    while len(samples) < (runs or _MOST):
        if runs is None and len(samples) >= _FEWEST and time.monotonic() > end:
            break
        if not len(samples) % 50:
            progress("inferences", len(samples), runs or 0)
        begin = time.perf_counter_ns()
        invoke()
        samples.append(time.perf_counter_ns() - begin)
    return samples
