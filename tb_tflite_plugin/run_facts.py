"""What a list of runs says of each."""

from __future__ import annotations

from typing import Any

from .runtime.error_file import ErrorFile
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


def facts_of_errors(errors: ErrorFile) -> dict[str, Any]:
    """What a list says of errors of layers."""
    summary = errors.report.summary
    same = ("kernels", "reference_kernels", "samples", "inputs", "seed", "compared", "operators", "source", "file")
    reference = summary.get("reference", {})
    return {
        "created": errors.created,
        "against": reference.get("name"),
        "against_itself": bool(reference) and reference.get("sha256") == errors.model,
        **{name: summary.get(name) for name in same},
    }
