"""What a list of profiles says of each."""

from __future__ import annotations

from typing import Any

from .runtime.trace import Trace


def facts_of(trace: Trace) -> dict[str, Any]:
    """What a list says of a profile."""
    environment, typical = trace.environment, trace.latency.typical() or trace.profiled.typical()
    return {
        "created": trace.created,
        "kernels": environment.kernels,
        "threads": environment.threads,
        "device": environment.device,
        "cpu": environment.cpu,
        "runtime": " ".join(filter(None, (environment.runtime, environment.runtime_version))) or None,
        "median_us": None if typical is None else typical / 1000,
        "runs": int(trace.latency.samples.size),
    }
