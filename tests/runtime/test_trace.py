"""Traces: what they hold, and that what was written is read again or refused with the place."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tb_tflite_plugin.analysis.report import Finding
from tb_tflite_plugin.runtime.errors import TraceError
from tb_tflite_plugin.runtime.trace import Environment, Events, ModelRef, Partition, Timing, Trace
from tb_tflite_plugin.runtime.trace_file import from_json, load, loads, save, to_json


def measured() -> Trace:
    """A trace with samples, as the profiler makes them."""
    events = Events.of(
        ["Invoke", "SOFTMAX", "Fully Connected (NC, F32) GEMM"],
        ["invoke", "operator", "kernel"],
        subgraph=0,
        node=[-1, 28, 0],
        partition=[-1, -1, 0],
        parent=[-1, 0, 0],
        calls=[1, 1, 1.5],
        start=[0, 57_000, -1],
        samples=[[60_000, 61_000, 59_000], [1_000, 0, -1], [40_000, 41_000, 39_000]],
        operators=[[], [28], [3, 4]],
        confidence=[np.nan, 1.0, 0.75],
    )
    return Trace(
        model=ModelRef("ab" * 32, "m.tflite", 1234, 29),
        environment=Environment(
            cpu="a CPU", cores=2, threads=1, clock_ns=1000, delegates=("XNNPACK",), extra={"a": "b"}
        ),
        events=events,
        latency=Timing(np.array([58_000, 59_000])),
        profiled=Timing(np.array([60_500, 61_500, 59_500])),
        partitions=(Partition(0, 29, "XNNPACK", (3, 4)), Partition(1, -1, "", None)),
        startup={"load_ns": 5, "compile_ns": 7},
        memory={"before_bytes": 1 << 33},
        settings={"runs": 3, "shapes": {"x": [1, 2]}},
        source={"format": "tflite-viz"},
        created="2026-01-02T03:04:05+00:00",
        attribution="by hand",
        findings=(Finding("warning", "code", "text", (3,)),),
    )


def averages() -> Trace:
    """A trace as it is read from a tool that keeps neither samples nor nanoseconds nor the model's hash."""
    events = Events.of(
        ["CONV_2D", "Hexagon"], ["operator", "kernel"], unit=["ns", "cycles"],
        given={"mean": [1500.5, 77], "median": [np.nan, 70], "count": [10, 10]},
    )  # fmt: skip
    return Trace(ModelRef(), Environment(), events, latency=Timing(given={"mean": 2000.0, "count": 10}))


@pytest.mark.parametrize(
    "trace", [measured(), averages(), Trace(ModelRef(), Environment())], ids=["own", "other", "none"]
)
def test_what_was_saved_is_loaded(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "a.trace.json"
    save(trace, path)
    back = load(path)
    assert to_json(back) == to_json(trace)
    assert back.events.samples.dtype == np.int64
    assert [p.name for p in tmp_path.iterdir()] == ["a.trace.json"]


def test_typical_values() -> None:
    assert measured().events.typical.tolist() == [60_000, 500, 40_000]
    assert averages().events.typical.tolist() == [1500.5, 70]
    assert measured().latency.typical() == 58_500
    assert averages().latency.typical() == 2000
    assert Timing().typical() is None


def test_events_refuse_unknown_columns() -> None:
    with pytest.raises(TypeError, match="no column nodes"):
        Events.of(["a"], ["kernel"], nodes=[1])


def test_attribution_is_replaced() -> None:
    trace = averages().with_operators([[3], []], np.array([1, np.nan]), "by name")
    assert trace.events.operators.tolist() == [[3], []]
    assert trace.attribution == "by name"


def changed(path: str, value: Any) -> Any:
    """The JSON of a trace with one field replaced."""
    plain = json.loads(json.dumps(to_json(measured())))
    place = plain
    *way, last = path.split(".")
    for name in way:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = value
    return plain


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("format", "other", "x.json: not a trace"),
        ("version", 2, "x.json: version: version 2 of the format; this program reads version 1"),
        ("model", [], "model: must be an object, not list"),
        ("model.sha256", 3, "model.sha256: must be a text"),
        ("model.size_bytes", "1", "model.size_bytes: must be an integer"),
        ("model.size_bytes", True, "model.size_bytes: must be an integer"),
        ("model.size_bytes", 1 << 70, "model.size_bytes: must be an integer"),
        ("environment.delegates", "XNNPACK", "environment.delegates: must be a list of texts"),
        ("environment.extra", {"a": 1}, "environment.extra.a: must be a text"),
        ("startup", {"boot_ns": 1}, "startup.boot_ns: is none of load_ns"),
        ("latency.samples", [1.5], "latency.samples: must be integers"),
        ("latency.samples", [-1], "latency.samples: must not be negative"),
        ("latency.samples", [[1]], "latency.samples: has the shape 1 x 1, not n"),
        ("latency.given", {"mode": 1}, "latency.given.mode: must be a number under one of"),
        ("profiled.samples", [1], "profiled.samples: 1 samples for 3 of every event"),
        ("partitions", {}, "partitions: must be a list"),
        ("partitions.0", 1, r"partitions[0]: must be an object"),
        ("partitions.0.operators", ["a"], r"partitions[0].operators: must be integers"),
        ("findings.0.severity", "fatal", r"findings[0].severity: must be one of error, warning, note"),
        ("events.tag", [1], "events.tag: must be a list of texts"),
        ("events.kind", ["operator"], "events.kind: has 1 rows for 3 tags"),
        ("events.kind", ["x", "kernel", "kernel"], "events.kind: 'x' is none of operator"),
        ("events.unit", ["ns", "us", "ns"], "events.unit: 'us' is none of ns, cycles"),
        ("events.subgraph", [0, 0], "events.subgraph: has the shape 2, not 3"),
        ("events.subgraph", [0, 0, 1 << 40], "events.subgraph: must be integers from -1 to"),
        ("events.parent", [-1, 0, 2], "events.parent: must be the number of an earlier row"),
        ("events.partition", [-1, -1, 2], "events.partition: must be below 2"),
        ("events.samples", [[1, 2], [3]], "events.samples: must be integers in rows of equal length"),
        ("events.samples", [[1], [2]], "events.samples: has the shape 2 x 1, not 3 x n"),
        ("events.samples", [[1 << 80]] * 3, "events.samples: must be integers"),
        ("events.calls", [1, 1], "events.calls: must be a list of 3"),
        ("events.calls", [1, 1, -2], "events.calls: must be numbers that are not negative"),
        ("events.calls", [1, 1, float("nan")], "events.calls: must be numbers"),
        ("events.given", {"mode": [1, 1, 1]}, "events.given.mode: is none of"),
        ("events.operators", [[0], [1]], "events.operators: must be a list of 3 lists"),
        ("events.operators", [[0], [1], [-1]], "events.operators: must hold ids"),
    ],
)  # fmt: skip
def test_damage_is_named(path: str, value: Any, message: str) -> None:
    with pytest.raises(TraceError) as caught:
        from_json(changed(path, value), "x.json")
    assert str(caught.value).startswith(message if message.startswith("x.json") else f"x.json: {message}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1, column 1: not JSON"),
        (b'{"format":\n  oops}', "line 2, column 3: not JSON"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"[" * 200_000, "JSON beyond what is read"),
        (b"[]", "must be an object"),
        (b"1" * 10_000, "JSON beyond what is read"),
    ],
)
def test_what_is_no_json_is_said(data: bytes, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        loads(data, "x.json")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="No such file"):
        load(tmp_path / "none.json")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


SECTIONS = {name: section for name, section in to_json(measured()).items() if isinstance(section, dict)}
FIELDS = [*to_json(measured()), *(f"{name}.{field}" for name, section in SECTIONS.items() for field in section)]


@given(path=st.sampled_from(FIELDS), value=PLAIN)
def test_any_damage_is_a_trace_or_a_trace_error(path: str, value: Any) -> None:
    with contextlib.suppress(TraceError):
        to_json(from_json(changed(path, value)))
