"""The buffers that the Memory tab draws, against the plan and the other reports of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.memory import buffer_report, report
from tb_tflite_plugin.analysis.memory.plan import Planner


@pytest.mark.parametrize("planner", ["litert", "micro"])
def test_buffers_are_the_tensors_in_the_arena_and_scratch_memory(models: Path, planner: Planner) -> None:
    for name in ("mnet_int8", "lstm_int8", "gru_while"):
        model = open_model(models / f"{name}.tflite")
        buffers, tensors = buffer_report(model, planner), report(model, planner, "tensors")
        drawn = dict(zip(buffers.cells()["tensor"], buffers.cells()["offset"], strict=True))
        drawn.pop(-1, None)
        placed = zip(tensors.cells()["place"], tensors.cells()["offset"], strict=True)
        assert drawn == {tensor: offset for tensor, (place, offset) in enumerate(placed) if place == "arena"}
        operators = buffers.cells()["operator"]
        assert all((tensor < 0) != (op < 0) for tensor, op in zip(buffers.cells()["tensor"], operators, strict=True))
        assert any(op >= 0 for op in operators) == (planner == "micro" and name != "gru_while")


@pytest.mark.parametrize("planner", ["litert", "micro"])
def test_what_is_alive_at_its_steps_is_the_peak(models: Path, planner: Planner) -> None:
    model = open_model(models / "mnet_int8.tflite")
    buffers, summary = buffer_report(model, planner), report(model, planner, "operators").summary
    steps = buffers.summary["steps"]
    live = [0] * len(steps)
    columns = [buffers.cells()[name] for name in ("bytes", "first_step", "last_step")]
    for size, first, last in zip(*columns, strict=True):
        for step in range(first, last + 1):
            live[step] += size
    assert max(live) == summary["peak_live_bytes"]
    assert steps[live.index(max(live))] == summary["peak_operator"]
