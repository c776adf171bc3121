"""A profile as estimates for one delegate use it: times by operator, and which operators ran in its partitions."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from ..analysis.delegates.estimate import Measured
from ..analysis.model import Model
from ..analysis.ragged import Array
from .profile_report import times_of
from .trace import Trace


def measured(trace: Trace, model: Model, delegate: str, label: str) -> Measured:
    """What a profile says of a delegate, in microseconds.

    Args:
        trace: a profile of the model whose rows are attributed to its operators.
        model: the model.
        delegate: the delegate's name, as ``analysis/delegates`` has it.
        label: the profile's name for people; what ran it and where is added.
    """
    times, environment = times_of(trace), trace.environment
    us = times.operators(len(model.operators)) / 1000
    whole = times.total / 1000 if times.total else float(np.nansum(us))
    threads = environment.threads
    where = [
        " + ".join(environment.delegates) or (environment.kernels and f"{environment.kernels} kernels"),
        threads and f"{threads} thread{'' if threads == 1 else 's'}",
        " ".join(filter(None, (environment.device, environment.cpu))),
    ]
    runtime = " ".join(filter(None, (environment.runtime, environment.runtime_version)))
    return Measured(
        label=f"{label} ({', '.join(part for part in where if part)})" if any(where) else label,
        machine=(environment.device, environment.cpu, threads, runtime),
        us=us,
        total_us=whole,
        inside=_inside(trace, model, delegate),
        step_us=(environment.clock_ns or 0) / 1000,
    )


def _inside(trace: Trace, model: Model, delegate: str) -> Array:
    found = np.zeros(len(model.operators), bool)
    for partition in trace.partitions:
        if goes_by(partition.delegate, delegate):
            found[[operator for operator in partition.operators or () if operator < len(found)]] = True
    return found


def goes_by(runtime_name: str, delegate: str) -> bool:
    """Whether what a runtime calls a delegate, ``TfLiteGpuDelegateV2`` say, is one that is known by a name here."""
    return _plain(delegate).removesuffix("legacy") in _plain(runtime_name)


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def all_measured(traces: Iterable[tuple[str, Trace]], model: Model, delegate: str) -> list[Measured]:
    """The same of several profiles with their names, in their order."""
    return [measured(trace, model, delegate, label) for label, trace in traces]
