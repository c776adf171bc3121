"""Figures of repeated timings: what outliers do to them, and that parts add up."""

from __future__ import annotations

import numpy as np
import pytest
from tb_tflite_plugin.runtime import steady
from tb_tflite_plugin.runtime.trace import Events


def test_description() -> None:
    found = steady.describe(np.array([1000, 2000, 3000, 4000, 100_000]))
    assert (found["median"], found["mad"], found["runs"]) == (3, 1, 5)
    assert found["p5"] == pytest.approx(1.2)
    assert steady.describe(np.zeros(0, np.int64))["median"] is None


def test_drift_compares_the_ends() -> None:
    assert steady.drift(np.full(31, 100)) is None
    assert steady.drift(np.full(40, 100)) == 0
    assert steady.drift(np.array([100] * 20 + [130] * 20)) == pytest.approx(0.3)
    one_outlier = np.full(40, 100)
    one_outlier[-1] = 10_000
    assert steady.drift(one_outlier) == 0


def test_pairs_in_turn_share_what_the_machine_does() -> None:
    machine = np.array([1, 1, 1, 9, 9, 9, 9, 9]) * 1000
    assert steady.ratio_in_turn(machine, machine * 1.1) == pytest.approx(1.1)
    late = machine.copy()
    late[2] = 50_000
    assert steady.ratio_in_turn(machine, late) == 1
    assert steady.ratio_in_turn(machine, machine[1:]) is None
    assert steady.ratio_in_turn(machine[:0], machine[:0]) is None


def test_the_middle_half_leaves_outliers_out() -> None:
    totals = np.array([10, 11, 12, 13, 14, 15, 16, 1000])
    chosen = steady.middle(totals)
    assert 3 <= chosen.sum() <= 5
    assert not chosen[0]
    assert not chosen[-1]
    assert steady.middle(np.array([5, 900])).all()


def test_self_times_add_up() -> None:
    generator = np.random.default_rng(0)
    inner = generator.integers(1, 100, (3, 50)) * 1000
    whole = inner.sum(0) + 500
    samples = np.vstack([whole, inner[0] + inner[1], inner[0], inner[2]])
    tags, kinds = ["Invoke", "WHILE", "ADD", "MUL"], ["invoke", *["operator"] * 3]
    events = Events.of(tags, kinds, parent=[-1, 0, 1, 0], samples=samples)
    alone = steady.self_times(events)
    np.testing.assert_array_equal(alone[1], inner[1])
    np.testing.assert_array_equal(alone.sum(0), whole)


def test_a_row_that_did_not_run_takes_nothing_from_its_parent() -> None:
    events = Events.of(["IF", "ADD"], ["operator"] * 2, parent=[-1, 0], samples=[[10, 10], [4, -1]])
    assert steady.self_times(events).tolist() == [[6, 10], [4, 0]]


def test_settled() -> None:
    generator = np.random.default_rng(0)
    totals = np.full(400, 100_000) + generator.integers(-50, 50, 400)
    steady_row, loud, tiny = np.full(400, 20_000.0), generator.uniform(0, 80_000, 400), generator.uniform(0, 900, 400)
    few = np.vstack([steady_row, loud, tiny])[:, :40]
    assert steady.unsettled(few, totals[:40]).tolist() == [False, True, False]
    many = np.vstack([generator.uniform(19_000, 21_000, 400)])
    assert not steady.unsettled(many, totals).any()
    assert steady.unsettled(few[:, :3], totals[:3]).all()
