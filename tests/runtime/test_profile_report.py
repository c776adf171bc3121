"""The report of a trace: its figures from a trace whose times are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime.errors import TraceError
from tb_tflite_plugin.runtime.profile_report import report, times_of
from tb_tflite_plugin.runtime.trace import Environment, Events, ModelRef, Partition, Timing, Trace

RUNS = 40


@pytest.fixture
def model(models: Path) -> Model:
    return open_model(models / "tiny_mlp.tflite")  # three FULLY_CONNECTED


def known(**changes: object) -> Trace:
    """100 µs: 10 before and 80 in the subgraph, of which 30 + 5 are operator 0's, 20 operator 1's and 7 nobody's."""
    us = np.array([10, 80, 30, 5, 20, 7]) * 1000
    events = Events.of(
        ["LiteRT::Run", "Invoke", "Fully Connected (NC, F32) GEMM", "Clamp (NC)", "FULLY_CONNECTED", "mystery (NC)"],
        ["runtime", "invoke", "kernel", "kernel", "operator", "kernel"],
        parent=[-1, -1, 1, 1, 1, 1],
        partition=[-1, -1, 0, 0, -1, 0],
        calls=1.0,
        samples=np.repeat(us[:, None], RUNS, axis=1),
        operators=[[], [], [0], [0], [1], []],
        confidence=[np.nan, np.nan, 0.8, 0.9, 1.0, np.nan],
    )
    trace = Trace(
        ModelRef("ab", "tiny"),
        Environment(kernels="xnnpack", clock_ns=1000, delegates=("XNNPACK",)),
        events=events,
        latency=Timing(np.full(RUNS, 90_000)),
        profiled=Timing(np.full(RUNS, 100_000)),
        partitions=(Partition(0, 3, "XNNPACK", (0, 2)),),
        startup={"load_ns": 1500, "compile_ns": 2500, "first_inference_ns": 3500},
        memory={"before_bytes": 10, "after_bytes": 30},
    )
    return replace(trace, **changes)  # type: ignore[arg-type]


def test_summary(model: Model) -> None:
    found = report(known(), model)
    summary = found.summary
    assert (summary["load_us"], summary["compile_us"], summary["first_inference_us"]) == (1.5, 2.5, 3.5)
    assert summary["inference_us"] == {"median": 90, "p5": 90, "p95": 90, "mad": 0, "drift": 0, "runs": RUNS}
    assert summary["overhead"] == pytest.approx(1 / 9)
    assert summary["overhead_us"] == pytest.approx(10)
    assert (summary["total_us"], summary["attributed_us"], summary["unattributed_us"]) == (100, 55, 45)
    assert summary["delegated_us"] == 35
    apart = summary["unattributed"]
    assert [(row["tag"], row["self_us"]) for row in apart["rows"]] == [
        ("Invoke", 18),
        ("LiteRT::Run", 10),
        ("mystery (NC)", 7),
    ]
    assert (apart["rows_us"], apart["outside_us"]) == (35, 10)
    assert summary["environment"]["delegates"] == ["XNNPACK"]
    assert summary["memory"] == {"before_bytes": 10, "after_bytes": 30}


def test_columns(model: Model) -> None:
    found = report(known(), model)
    assert found.over == "operators"
    assert found.cells()["self_us"] == [35, 20, None]
    assert found.cells()["share"] == [35, 20, None]
    assert found.cells()["kernel"] == ["Fully Connected (NC, F32) GEMM + Clamp (NC)", "built-in", None]
    assert found.cells()["partition"] == [0, None, 0]
    assert found.cells()["confidence"] == [0.8, 1.0, None]
    assert found.cells()["calls"] == [1, 1, None]
    units = {c.name: (c.unit, c.provenance) for c in found.columns}
    assert units["self_us"] == ("us", "measured")
    assert units["op"] == ("1", "declared")


def test_findings(model: Model) -> None:
    found = {finding.code: finding for finding in report(known(), model).findings}
    assert found["uncertain-attribution"].operators == (0,)
    assert "mystery" in found["unmatched-rows"].message
    assert "coarse-clock" not in found  # 3 rows of a microsecond in 100
    assert "not-settled" not in found
    short = replace(known(), profiled=Timing(np.full(RUNS, 20_000)))
    assert "up to 3 of 20 µs" in {f.code: f.message for f in report(short, model).findings}["coarse-clock"]
    noise = np.random.default_rng(0).integers(0, 60_000, RUNS)
    events = known().events
    loud = replace(events, samples=events.samples + np.outer([0, 1, 0, 0, 1, 0], noise))
    assert {f.code: f.operators for f in report(known(events=loud), model).findings}["not-settled"] == (1,)


def test_cycles_are_no_times(model: Model) -> None:
    events = replace(known().events, unit=("ns", "ns", "cycles", "ns", "ns", "ns"))
    summary = report(known(events=events), model).summary
    assert summary["cycles"] == {"Fully Connected (NC, F32) GEMM": 30_000}
    assert summary["attributed_us"] == 25


def test_reference_kernels_are_called_so(model: Model) -> None:
    found = report(known(environment=Environment(kernels="reference")), model)
    assert found.cells()["kernel"][1] == "reference"


def test_averages_alone(model: Model) -> None:
    events = known().events
    averages = replace(events, samples=np.zeros((len(events), 0), np.int64), given={"mean": events.typical})
    trace = known(events=averages, profiled=Timing(), latency=Timing(given={"mean": 100_000.0, "count": 7}))
    found = report(trace, model)
    assert (found.summary["total_us"], found.summary["attributed_us"]) == (100, 55)
    assert found.summary["inference_us"]["median"] == 100
    assert found.summary["inference_us"]["runs"] == 7
    assert found.summary["overhead_us"] is None
    assert found.cells()["self_us"] == [35, 20, None]


def test_nothing_known(model: Model) -> None:
    found = report(Trace(ModelRef(), Environment()), model)
    assert found.summary["total_us"] is None
    assert found.summary["unattributed_us"] is None
    assert found.cells()["self_us"] == [None] * 3
    assert times_of(Trace(ModelRef(), Environment())).total is None


def test_a_trace_of_another_model(model: Model) -> None:
    events = replace(known().events, operators=Events.of(["a"] * 6, ["kernel"] * 6, operators=[[99]] * 6).operators)
    with pytest.raises(TraceError, match=r"operators that .*tiny_mlp\.tflite does not have"):
        report(known(events=events), model)
