"""A trace as bytes for the page: what was timed as columns, the rest in the header.

The TypeScript twin is frontend/src/wire/profile-trace.ts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .analysis.ragged import Array, Ragged, Strings
from .runtime import steady
from .runtime.trace import KINDS, UNITS, Timing, Trace
from .runtime.trace_file import environment_json
from .wire import encode

_MOST_SAMPLES = 20_000  # of whole inferences; a strip on a screen has fewer places


def encode_trace(trace: Trace) -> bytes:
    """One container. Samples of single rows stay behind: the page shows one time of each."""
    events = trace.events
    tags: dict[str, int] = {}
    columns: dict[str, Array | Ragged | Strings] = {
        "latency": _thinned(trace.latency),
        "profiled": _thinned(trace.profiled),
        "event.tag": np.array([tags.setdefault(tag, len(tags)) for tag in events.tag], np.int32),
        "event.kind": np.array([KINDS.index(kind) for kind in events.kind], np.int32),
        "event.unit": np.array([UNITS.index(unit) for unit in events.unit], np.int32),
        "event.subgraph": events.subgraph,
        "event.node": events.node,
        "event.partition": events.partition,
        "event.parent": events.parent,
        "event.calls": events.calls,
        "event.start": events.start.astype(np.float64),
        "event.time": _times(trace),
        "event.operators": events.operators,
        "event.confidence": events.confidence,
    }
    header: dict[str, Any] = {
        "model": vars(trace.model),
        "environment": environment_json(trace.environment),
        "startup": dict(trace.startup),
        "memory": dict(trace.memory),
        "settings": {name: value for name, value in trace.settings.items() if name != "graphs"},
        "source": dict(trace.source),
        "created": trace.created,
        "attribution": trace.attribution,
        "latencyGiven": dict(trace.latency.given),
        "profiledGiven": dict(trace.profiled.given),
        "latencyRuns": int(trace.latency.samples.size),
        "partitions": [
            {
                "subgraph": part.subgraph,
                "node": part.node,
                "delegate": part.delegate,
                "operators": None if part.operators is None else list(part.operators),
            }
            for part in trace.partitions
        ],
        "findings": [
            {"severity": f.severity, "code": f.code, "message": f.message, "operators": list(f.operators)}
            for f in trace.findings
        ],
        "tags": list(tags),
        "kinds": KINDS,
        "units": UNITS,
    }
    return encode(header, columns)


def _thinned(timing: Timing) -> Array:
    """The samples in ns; of very many every n-th, which keeps their order and their distribution."""
    step = max(1, -(-timing.samples.size // _MOST_SAMPLES))
    return timing.samples[::step]


def _times(trace: Trace) -> Array:
    """Per row what it and all that it contains take, in its unit, averaged as the report averages; NaN: not known."""
    events, totals = trace.events, trace.profiled.samples
    if not totals.size or events.samples.shape[1] != totals.size:
        return events.typical
    there = (events.samples >= 0).any(1)
    mean = np.maximum(events.samples, 0)[:, steady.middle(totals)].mean(1)
    times: Array = np.where(there, mean, events.typical)
    return times
