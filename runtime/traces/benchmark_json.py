"""The JSON of ``litert-benchmark --result_json``: whole inferences, no operators."""

from __future__ import annotations

import math
from typing import Any

from ..errors import TraceError
from ..foreign_json import parse
from .capture import Capture, Times


def match(head: bytes) -> bool:
    """Whether a file may be such a result."""
    return head.lstrip()[:1] == b"{" and b'"latency"' in head and b'"accelerators"' in head


def read(data: bytes, name: str) -> Capture:
    """Reads the result.

    Raises:
        TraceError: when it is not one.
    """
    result = parse(data, name)
    latency = result.get("latency") if isinstance(result, dict) else None
    if not isinstance(latency, dict):
        raise TraceError(name, "there is no object latency")
    figure = {key: _us(latency[key], key, name) for key in latency if key.endswith("_ms")}
    if "avg_ms" not in figure:
        raise TraceError(name, "latency has no avg_ms")
    return Capture(
        "litert-benchmark-json",
        inference=Times(
            figure["avg_ms"],
            _count(latency.get("num_runs", 0), name),
            minimum=figure.get("min_ms"),
            maximum=figure.get("max_ms"),
            std=figure.get("std_ms"),
            median=figure.get("median_ms"),
            p5=figure.get("p5_ms"),
            p95=figure.get("p95_ms"),
        ),
        load_us=figure.get("init_ms"),
        first_inference_us=figure.get("warmup_first_ms"),
        warmup_us=figure.get("warmup_avg_ms"),
        environment={
            key: " ".join(map(str, value)) if isinstance(value, list) else str(value)
            for key, value in result.items()
            if key != "latency" and isinstance(value, str | int | float | bool | list)
        },
        warnings=("this format has the time of whole inferences only, in steps of 10 µs",),
    )


def _us(value: Any, key: str, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12 or math.isnan(value):
        raise TraceError(name, f"latency.{key} is not a time")
    return round(value * 1000, 6)


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise TraceError(name, "latency.num_runs is not a count")
    return value
