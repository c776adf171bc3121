"""Traces in the formats of other programs."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import traces
from tb_tflite_plugin.runtime.trace import Environment, Events, ModelRef, Timing, Trace
from tb_tflite_plugin.runtime.traces import timeline
from tb_tflite_plugin.runtime.traces.bind import bind
from tb_tflite_plugin.runtime.traces.export import csv_text, node_data, self_times

Log = Callable[..., str]


@pytest.fixture
def gru_trace(gru: Model, log_of: Log) -> Trace:
    return bind(traces.read_bytes(log_of(gru).encode(), "log"), gru, "log")


def slices_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The slices, after all rules of the format have been checked."""
    content = json.loads(json.dumps(content, allow_nan=False))
    tracks: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    named = set()
    for event in content["traceEvents"]:
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name")
            named.add((event["pid"], event["tid"]))
            continue
        assert event["ph"] == "X"
        assert event["ts"] >= 0
        assert event["dur"] >= 0
        # Perfetto counts in nanoseconds: what is finer would be rounded, and might then not nest.
        assert round(event["ts"] * 1000) == pytest.approx(event["ts"] * 1000, abs=1e-6)
        tracks[event["pid"], event["tid"]].append(event)
    assert named == set(tracks)
    for events in tracks.values():
        open_until: list[int] = []
        for event in sorted(events, key=lambda e: (round(e["ts"] * 1000), -round(e["dur"] * 1000))):
            start, end = round(event["ts"] * 1000), round((event["ts"] + event["dur"]) * 1000)
            while open_until and open_until[-1] <= start:
                open_until.pop()
            assert not open_until or end <= open_until[-1], "slices of one track overlap without nesting"
            open_until.append(end)
    return [event for event in content["traceEvents"] if event["ph"] == "X"]


def test_chrome_without_starts_is_laid_out(gru_trace: Trace, gru: Model) -> None:
    slices = slices_of(timeline.chrome(gru_trace, gru))
    rows = [piece for piece in slices if piece["name"] != "inference"]
    assert len(rows) == 23
    assert all(piece["args"]["synthetic"] for piece in rows)
    loop = next(piece for piece in rows if piece["name"] == "WHILE")
    inside = [piece for piece in rows if piece["args"]["subgraph"] > 0]
    assert all(loop["ts"] <= piece["ts"] and piece["ts"] + piece["dur"] <= loop["ts"] + loop["dur"] for piece in inside)
    # Longer than it was: what lies in it must fit.
    assert loop["dur"] == pytest.approx(sum(piece["dur"] for piece in inside))
    assert next(piece for piece in rows if piece["name"] == "LESS")["args"]["layer"] == "while/Less"


def test_chrome_keeps_measured_starts(mnet: Model) -> None:
    count = 20
    events = Events.of(
        mnet.operators.ops, ["operator"] * count, samples=np.full((count, 2), 5_000), subgraph=0, node=np.arange(count),
        start=np.arange(count) * 7_001, calls=1.0, operators=[[k] for k in range(count)], confidence=1.0,
    )  # fmt: skip
    trace = Trace(ModelRef(), Environment(), events, profiled=Timing(np.array([150_000, 160_000])))
    slices = slices_of(timeline.chrome(trace, mnet))
    assert [round(piece["ts"] * 1000) for piece in slices[1:]] == [k * 7_001 for k in range(count)]
    assert not any("synthetic" in piece["args"] for piece in slices)
    assert (slices[0]["name"], slices[0]["dur"]) == ("inference", 155.0)
    # Where they cannot be, because rows would overlap, all are laid out.
    trace = replace(trace, events=replace(events, start=np.arange(count) * 4_999))
    assert all(piece["args"]["synthetic"] for piece in slices_of(timeline.chrome(trace, mnet))[1:])


def test_chrome_draws_cycles_apart(mnet: Model) -> None:
    events = Events.of(
        ["Supernode", "SOFTMAX"], ["kernel", "operator"], unit=["cycles", "ns"], given={"mean": [12_000, 300]},
        operators=[[0], [19]], subgraph=0, node=[0, 19],
    )  # fmt: skip
    slices = slices_of(timeline.chrome(Trace(ModelRef(), Environment(), events), mnet))
    assert [(piece["pid"], piece["dur"]) for piece in slices] == [(1, 0.3), (2, 12.0)]
    assert slices[1]["args"]["cycles"] == 12_000


def test_csv(gru_trace: Trace, gru: Model) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(gru_trace, gru))))
    assert len(rows) == 23
    loop = next(row for row in rows if row["tag"] == "WHILE")
    assert (loop["operators"], loop["op"], loop["unit"], loop["calls"]) == ("1", "WHILE", "ns", "1")
    assert float(loop["mean"]) == 2e6
    assert (loop["median"], loop["partition"], loop["delegate"]) == ("", "", "")


def test_csv_computes_statistics_of_samples(mnet: Model) -> None:
    samples = [[4_000, 2_000, 6_000, -1], [-1, -1, -1, -1]]
    events = Events.of(["CONV_2D", "ADD"], ["operator"] * 2, samples=samples, operators=[[0], [4]])
    first, second = csv.DictReader(io.StringIO(csv_text(Trace(ModelRef(), Environment(), events), mnet)))
    assert {key: first[key] for key in ("count", "mean", "median", "min", "max", "first")} == {
        "count": "3", "mean": "4000", "median": "4000", "min": "2000", "max": "6000", "first": "4000",
    }  # fmt: skip
    assert second["median"] == ""


def test_node_data(gru_trace: Trace, gru: Model) -> None:
    graphs = node_data(gru_trace, gru)
    assert list(graphs) == ["main", "while_cond", "while_body"]
    # Nodes are called by the operator's index; WHILE has what its subgraphs leave of its two milliseconds.
    assert graphs["main"]["results"] == {"0": {"value": 1000.0}, "1": {"value": 0.0}, "2": {"value": 3000.0}}
    assert set(graphs["while_body"]["results"]) == {str(k) for k in range(19)}
    assert {stop["stop"] for stop in graphs["main"]["gradient"]} == {0, 1}


def test_self_times_leave_out_what_lies_inside() -> None:
    events = Events.of(
        ["WHILE", "ADD", "MUL", "kernel"], ["operator"] * 3 + ["kernel"], unit=["ns", "ns", "ns", "cycles"],
        parent=[-1, 0, 0, 0], given={"mean": [100.0, 30.0, np.nan, 1e9]},
    )  # fmt: skip
    np.testing.assert_array_equal(self_times(events), [70.0, 30.0, np.nan, 1e9])
