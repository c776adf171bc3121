"""Comparisons: what the interval does with noise, drift and real differences, and runs in turn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.runtime import comparison
from tb_tflite_plugin.runtime.comparison import compare, paired, ratio, report, same_structure
from tb_tflite_plugin.runtime.errors import InputError, RuntimeCrash, RuntimeRefused
from tb_tflite_plugin.runtime.profiler import Settings


def drawn(seed: int, factor: float, rounds: int = 40, block: int = 10, drift: float = 0.0) -> tuple[np.ndarray, ...]:
    """Samples of two sides that share what the machine does in each round."""
    generator = np.random.default_rng(seed)
    machine = np.repeat(1 + drift * np.linspace(0, 1, rounds) + generator.normal(0, 0.05, rounds), block)
    first, second = (
        (1e6 * machine * scale * generator.normal(1, 0.05, rounds * block)).astype(np.int64) for scale in (1, factor)
    )
    spikes = generator.random(rounds * block) < 0.03
    first[spikes] *= 20
    return first, second, np.full(rounds, block)


def test_the_same_is_never_called_different() -> None:
    verdicts = [ratio(*drawn(seed, 1.0)).verdict for seed in range(60)]
    assert set(verdicts) <= {"same", "unclear"}
    assert verdicts.count("same") > 50


def test_drift_meets_both() -> None:
    assert {ratio(*drawn(seed, 1.0, drift=0.8)).verdict for seed in range(20)} <= {"same", "unclear"}


def test_real_differences() -> None:
    for seed in range(20):
        slower, faster = ratio(*drawn(seed, 1.2)), ratio(*drawn(seed, 0.8))
        assert (slower.verdict, faster.verdict) == ("slower", "faster")
        assert slower.ratio == pytest.approx(1.2, rel=0.03)
        assert slower.low < slower.ratio < slower.high


def test_a_difference_below_the_threshold_is_none() -> None:
    small = ratio(*drawn(1, 1.02, rounds=400))
    assert small.low > 1
    assert small.verdict == "same"
    assert ratio(*drawn(1, 1.02, rounds=400), threshold=0.005).verdict == "slower"


def test_the_interval_covers_the_ratio() -> None:
    hits = 0
    for seed in range(100):
        found = ratio(*drawn(seed, 1.1, rounds=30))
        hits += found.low <= 1.1 <= found.high
    assert hits >= 88


def test_too_few_rounds_say_nothing() -> None:
    found = ratio(*drawn(0, 2.0, rounds=4))
    assert found.ratio == pytest.approx(2.0, rel=0.1)
    assert np.isnan(found.low)
    assert found.verdict == "unclear"


def test_kernels_of_one_model(models: Path) -> None:
    model = open_model(models / "mnet_float32.tflite")
    found = compare(model, model, Settings(runs=400, warmup=3), Settings(kernels="reference"))
    assert found.whole.verdict == "slower"
    assert found.rounds.sum() == found.first.latency.samples.size == found.second.latency.samples.size == 400
    assert found.operators is not None
    convolutions = [row for row, op in enumerate(model.operators.ops) if op == "CONV_2D"]
    assert np.nanmedian(found.operators[convolutions]) > 2
    rendered = report(found, model, model)
    assert [column.name for column in rendered.columns] == ["id", "op", "name", "first_us", "second_us", "ratio"]
    assert rendered.summary["second"]["kernels"] == "reference"
    assert rendered.summary["low"] > 1


def test_models_of_other_structure_are_compared_by_what_was_matched(models: Path) -> None:
    first, second = (open_model(models / f"{name}.tflite") for name in ("mnet_float32", "mnet_v2_float32"))
    assert not same_structure(first, second)
    assert same_structure(first, first)
    found = compare(first, second, Settings(runs=60))
    assert found.pairs is not None
    for one, other in enumerate(found.pairs.tolist()):
        if other >= 0:
            assert first.operators.ops[one] == second.operators.ops[other]
    assert (found.pairs >= 0).sum() >= 18
    rendered = report(found, first, second)
    assert "operators-matched" in {finding.code for finding in rendered.findings}
    cells = rendered.cells()
    named = [row for row, ratio in enumerate(cells["ratio"]) if ratio is not None]
    assert len(named) >= 5
    assert all(cells["second_us"][row] / cells["first_us"][row] == pytest.approx(cells["ratio"][row]) for row in named)


def test_models_with_little_in_common_are_compared_as_a_whole(models: Path) -> None:
    first, second = (open_model(models / f"{name}.tflite") for name in ("mnet_float32", "tiny_mlp"))
    assert paired(first, second) is None
    found = compare(first, second, Settings(runs=60))
    assert found.operators is None
    rendered = report(found, first, second)
    assert "structures-differ" in {finding.code for finding in rendered.findings}
    assert "ratio" not in {column.name for column in rendered.columns}


def test_names_do_not_matter_for_structure(models: Path) -> None:
    assert same_structure(*(open_model(models / f"{name}.tflite") for name in ("mnet_float32", "mnet_clustered16")))
    assert not same_structure(*(open_model(models / f"{name}.tflite") for name in ("mnet_float32", "mnet_int8")))


def test_what_cannot_be_run_is_said(models: Path) -> None:
    good, bad = (open_model(models / f"{name}.tflite") for name in ("tiny_mlp", "custom_op"))
    with pytest.raises(RuntimeRefused, match="Betainc"):
        compare(good, bad, Settings(runs=1))
    with pytest.raises(InputError, match="no signature"):
        compare(good, good, Settings(signature="none"))


def test_a_lying_child_is_not_believed(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model(models / "tiny_mlp.tflite")
    kept = {}
    real = comparison.worker.run

    def keep(*arguments: object, **others: object) -> object:
        kept["found"] = real(*arguments, **others)  # type: ignore[arg-type]
        return kept["found"]

    monkeypatch.setattr(comparison.worker, "run", keep)
    compare(model, model, Settings(runs=8))
    for rounds in (None, 3, [], [8, 8], [-1, 9], ["a"], [[8]]):
        monkeypatch.setattr(comparison.worker, "run", lambda *_, r=rounds, **__: {**kept["found"], "rounds": r})
        with pytest.raises(RuntimeCrash, match="rounds"):
            compare(model, model, Settings(runs=8))
