"""Placing buffers, and what holds for every plan."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.memory import PLANNERS, buffers, report
from tb_tflite_plugin.analysis.memory.buffers import Buffers, best_fit, first_fit, live
from tb_tflite_plugin.analysis.memory.plan import make

SUMMARY = {
    "planner", "arena_bytes", "peak_live_bytes", "no_reuse_bytes", "persistent_bytes", "weight_bytes", "peak_operator",
}  # fmt: skip


def random_buffers(dice: random.Random, count: int, steps: int) -> Buffers:
    first = np.array([dice.randrange(-1, steps) for _ in range(count)])
    length = np.array([dice.choice((0, 1, 2, 5, 70, 400)) for _ in range(count)])
    last = np.where(first < 0, -1, np.minimum(first + length, steps - 1))
    size = np.array([dice.choice((16, 48, 64, 160, 1024)) for _ in range(count)])
    fixed = np.array([dice.choice((-1, -1, -1, 0, 256)) for _ in range(count)])
    zeros = np.zeros(count, np.int64)
    return Buffers(zeros, zeros, zeros, size, first, last, fixed)


def one_by_one(what: Buffers, order: list[int], alignment: int, fit: Any) -> list[int]:
    """The same with nothing but the definition."""
    offsets: dict[int, int] = {}
    for row in order:
        taken = [
            (offsets[other], offsets[other] + int(what.size[other]))
            for other in offsets
            if what.first[other] <= what.last[row] and what.last[other] >= what.first[row]
        ]
        fixed = int(what.fixed[row])
        offsets[row] = fixed if fixed >= 0 else fit(sorted(taken), int(what.size[row]), alignment)
    return [offsets[row] for row in range(len(what))]


@pytest.mark.parametrize("fit", [best_fit, first_fit])
def test_only_what_is_alive_at_the_same_time_is_in_the_way(fit: Any) -> None:
    dice = random.Random(3)
    for steps in (1, 10, 900):
        what = random_buffers(dice, 150, steps)
        order = dice.sample(range(150), 150)
        placed = buffers._placed(what, np.array(order), 64, fit)
        assert placed is not None
        assert placed.tolist() == one_by_one(what, order, 64, fit)


def test_best_fit_takes_the_smallest_gap_that_is_large_enough() -> None:
    taken = [(0, 64), (192, 256), (320, 384), (512, 576)]
    assert best_fit(taken, 64, 64) == 256
    assert best_fit(taken, 100, 64) == 64
    assert best_fit(taken, 128, 64) == 64
    assert best_fit(taken, 200, 64) == 576
    assert best_fit([(0, 65)], 8, 64) == 128
    assert best_fit([(64, 128)], 64, 64) == 0
    assert best_fit([], 8, 64) == 0


def test_first_fit_takes_the_first_gap_that_is_large_enough() -> None:
    taken = [(0, 64), (192, 256), (272, 384)]
    assert first_fit(taken, 16, 16) == 64
    assert first_fit(taken, 144, 16) == 384
    assert first_fit([(16, 32)], 16, 16) == 0
    assert first_fit([], 16, 16) == 0


def test_live_bytes_are_the_sum_of_what_is_alive() -> None:
    what = random_buffers(random.Random(5), 200, 50)
    expected = [int(what.size[(what.first <= step) & (what.last >= step)].sum()) for step in range(50)]
    assert live(what, 50, what.size).tolist() == expected


@pytest.mark.parametrize("planner", PLANNERS)
def test_no_two_buffers_that_are_alive_overlap(model_path: Path, planner: Any) -> None:
    plan = make(open_model(model_path), planner)
    what = plan.needed.buffers
    assert plan.offset is not None
    assert (plan.offset % plan.needed.alignment == 0).all()
    start, end = plan.offset, plan.offset + what.size
    overlaps = (start[:, None] < end) & (start < end[:, None])
    together = (what.first[:, None] <= what.last) & (what.first <= what.last[:, None])
    prescribed = (what.fixed[:, None] >= 0) & (what.fixed >= 0)
    others = ~np.eye(len(what), dtype=bool) & (what.arena[:, None] == what.arena)
    assert not (overlaps & together & others & ~prescribed).any()


@pytest.mark.parametrize("planner", PLANNERS)
def test_figures_of_every_model_hold_together(model_path: Path, planner: Any) -> None:
    model = open_model(model_path)
    operators, tensors = (report(model, planner, over) for over in ("operators", "tensors"))
    assert {column.provenance for column in operators.columns + tensors.columns} == {"simulated"}
    assert {column.additive for column in operators.columns + tensors.columns} == {False}
    assert operators.summary == tensors.summary
    assert operators.findings == tensors.findings
    summary = json.loads(json.dumps(operators.summary))
    assert summary.keys() >= SUMMARY
    assert summary["planner"] == planner
    assert (len(operators.rows()), len(tensors.rows())) == (len(model.operators), len(model.tensors))
    if "vela" not in model_path.stem:  # its tensors overlap: the file says where they are
        assert summary["peak_live_bytes"] <= summary["arena_bytes"]
    assert summary["arena_bytes"] <= summary["no_reuse_bytes"]
    live_bytes = operators.cells()["live_bytes"]
    if summary["peak_operator"] is not None:
        assert live_bytes[summary["peak_operator"]] == summary["peak_live_bytes"]
    for changed in summary["what_if"].values():
        assert changed["peak_live_bytes"] >= 0


def test_too_many_tensors_at_a_time_are_not_placed(handmade: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = [handmade.tensor([64], "INT8") for _ in range(40)]
    handmade.op("CONCATENATION", tensors, [handmade.tensor([64], "INT8")])
    handmade.graph.inputs = tensors
    monkeypatch.setattr(buffers, "_MOST_COMPARED", 100)
    for planner in PLANNERS:
        result = report(handmade.open(), planner, "tensors")
        assert "memory-unplanned" in [finding.code for finding in result.findings]
        assert result.summary["arena_bytes"] is None
        assert result.summary["fragmentation_bytes"] is None
        assert result.summary["what_if"] == {}
        assert result.summary["peak_live_bytes"] == 41 * 64
        offset = next(column for column in result.columns if column.name == "offset")
        assert offset.cells() == [None] * 41


@pytest.mark.parametrize("planner", PLANNERS)
def test_empty_models_need_nothing(handmade: Any, planner: Any) -> None:
    for _ in range(2):  # without a subgraph, then with an empty one
        summary = report(handmade.open(), planner, "tensors").summary
        assert [summary[name] for name in ("arena_bytes", "peak_live_bytes", "no_reuse_bytes")] == [0, 0, 0]
        assert summary["peak_operator"] is None
        handmade.subgraph()


@pytest.mark.parametrize("planner", PLANNERS)
def test_a_subgraph_without_operators_keeps_its_inputs(handmade: Any, planner: Any) -> None:
    handmade.graph.inputs = [handmade.tensor([64], "INT8")]
    handmade.graph.outputs = [0]
    summary = report(handmade.open(), planner, "tensors").summary
    assert (summary["arena_bytes"], summary["peak_live_bytes"], summary["peak_operator"]) == (64, 64, None)


def test_subgraphs_that_run_each_other_over_and_over_do_not_overflow(handmade: Any) -> None:
    from ai_edge_litert import schema_py_generated as tfl

    for graph in range(200):
        handmade.subgraph(f"g{graph}")
        handmade.tensor([2**31 - 1, 63], "COMPLEX128")
        if graph < 198:
            options = tfl.IfOptionsT(thenSubgraphIndex=graph + 1, elseSubgraphIndex=graph + 2)
            handmade.op("IF", [0], [0], options)
        handmade.graph.inputs = [0]
    result = report(handmade.open(), "litert", "operators")
    assert 2**61 <= result.summary["arena_bytes"] < 2**63
    assert all(0 < row < 2**63 for column in result.columns for row in column.cells())
