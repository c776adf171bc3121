"""A closer look at operators: the values that are kept, sums by channel, and the bounds of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.runtime import layer_closeups
from tb_tflite_plugin.runtime.accuracy import Settings, compare
from tb_tflite_plugin.runtime.accuracy_report import report
from tb_tflite_plugin.runtime.closeups import closeups
from tb_tflite_plugin.runtime.layer_closeups import POINTS, Looks


def look(found: Looks, values: np.ndarray, error: np.ndarray, *, sample: int = 0, block: int = 1 << 20) -> None:
    """Looks at a reference and a value with this error, block by block."""
    one = found.look(0, 0, sample, values.shape)
    flat, off = values.reshape(-1), error.reshape(-1)
    for begin in range(0, flat.size, block):
        expected, real = flat[begin : begin + block], (flat + off)[begin : begin + block]
        one.add(begin, expected, real, np.isfinite(real))


def test_sums_by_channel_do_not_depend_on_the_blocks() -> None:
    random = np.random.default_rng(1)
    values, error = random.normal(size=(2, 9, 7, 5)), random.normal(size=(2, 9, 7, 5))
    for block in (1 << 20, 64, 11, 3):
        found = Looks(1, 1, 0)
        look(found, values, error, block=block)
        result = found.result()
        assert result["channels"].tolist() == [5]
        count, reference2, mean, error2 = result["channel_sums"][0]
        assert count.tolist() == [2 * 9 * 7] * 5
        np.testing.assert_allclose(reference2, (values**2).sum(axis=(0, 1, 2)))
        np.testing.assert_allclose(mean, error.sum(axis=(0, 1, 2)))
        np.testing.assert_allclose(error2, (error**2).sum(axis=(0, 1, 2)))


def test_points_are_elements_of_every_sample_and_the_same_again() -> None:
    values = np.arange(4 * 5000.0).reshape(4, 5000)
    runs = []
    for block in (1 << 20, 777):
        found = Looks(1, 4, 7)
        for sample in range(4):
            look(found, values[sample], np.ones(5000), sample=sample, block=block)
        points = found.result()["points"][0, 0]
        assert points.shape == (1 + POINTS, 2)
        assert np.isnan(points[0]).all()  # of the largest error, which nobody has told
        runs.append(points[1:])
    np.testing.assert_array_equal(*runs)
    np.testing.assert_array_equal(runs[0][:, 1], runs[0][:, 0] + 1)
    assert np.bincount((runs[0][:, 0] // 5000).astype(int)).tolist() == [POINTS // 4] * 4
    assert len(np.unique(runs[0][:, 0])) == POINTS
    other = Looks(1, 4, 8)
    look(other, values[0], np.ones(5000))
    assert not np.array_equal(other.points[0, 0, 1:101], runs[0][:100])


def test_all_elements_of_a_small_tensor() -> None:
    found = Looks(1, 2, 0)
    for sample in range(2):
        look(found, np.array([[1.0, 2.0, 3.0]]) * (1 + sample), np.zeros((1, 3)), sample=sample)
    kept = found.result()["points"][0, 0, :, 0]
    assert sorted(kept[np.isfinite(kept)].tolist()) == [1, 2, 2, 3, 4, 6]


def test_what_is_no_number_is_left_out() -> None:
    found = Looks(1, 1, 0)
    one = found.look(0, 0, 0, (2, 2))
    one.add(0, np.array([1.0, 0.0, 3.0, 1e300]), np.array([1.0, 0.0, 5.0, 1e300]), np.array([True, False, True, True]))
    kept = found.result()
    assert np.isfinite(kept["points"][0, 0]).all(axis=1).sum() == 2  # 1e300 is beyond float32
    assert kept["channel_sums"][0, 0].tolist() == [2, 1]


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Looks(100_000, 1, 0).points.shape[2] == 1 + layer_closeups._FEWEST_POINTS
    monkeypatch.setattr(layer_closeups, "_ALL_CHANNELS", 25)
    monkeypatch.setattr(layer_closeups, "MOST_CHANNELS", 20)
    found = Looks(5, 1, 0)
    for row, channels in enumerate((10, 21, 10, 6, 5)):
        one = found.look(0, row, 0, (3, channels))
        one.add(0, np.zeros(3 * channels), np.zeros(3 * channels), np.ones(3 * channels, bool))
    result = found.result()
    assert result["channels"].tolist() == [10, 0, 10, 0, 5]
    assert result["channel_sums"].shape == (2, 4, 25)
    # An output whose shape depends on the sample: what has other channels is not added to them.
    assert found.look(0, 0, 0, (3, 4)).sums is None
    for shape, channels in (((), 1), ((0,), 0)):
        assert (Looks(1, 1, 0).look(0, 0, 0, shape).sums is None) == (channels == 0)


def test_channels_and_points_against_the_public_interpreter(models: Path, interpreted: Any) -> None:
    reference, model = (open_model(str(models / f"{name}.tflite")) for name in ("mnet_float32", "mnet_int8"))
    shape = reference.tensors.shape[int(reference.subgraphs.inputs[0][0])].tolist()
    samples = np.random.default_rng(5).uniform(-1, 1, (3, *shape)).astype(np.float32)
    name = next(iter(reference.signatures[0].inputs))
    errors = compare(reference, model, Settings(inputs={name: samples}))
    found = closeups(errors)
    table = report(errors, model, reference).cells()
    assert found.operators.tolist() == list(range(20))
    for row in (0, 6, 19):
        wanted_at = int(reference.operators.outputs[table["reference"][row]][0])
        own_at = int(model.operators.outputs[row][0])
        scale, zero = float(model.quantization.scale[own_at][0]), int(model.quantization.zero_point[own_at][0])
        wanted, own = [], []
        for sample in samples:
            wanted.append(interpreted(models / "mnet_float32.tflite", sample).get_tensor(wanted_at))
            stored = interpreted(models / "mnet_int8.tflite", sample).get_tensor(own_at)
            own.append((stored.astype(np.float64) - zero) * scale)
        first, second = np.stack(wanted).astype(np.float64), np.stack(own)
        axes = tuple(range(first.ndim - 1))
        lists = {key: column[row] for key, column in found.lists.items()}
        error = second - first
        np.testing.assert_allclose(lists["channel_rmse"], np.sqrt((error**2).mean(axis=axes)), rtol=1e-5)
        np.testing.assert_allclose(lists["channel_mean_error"], error.mean(axis=axes), rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(lists["channel_reference_rms"], np.sqrt((first**2).mean(axis=axes)), rtol=1e-5)
        # The pairs are pairs that there are, and the first of them has the largest error.
        pairs = set(
            zip(first.astype(np.float32).ravel().tolist(), second.astype(np.float32).ravel().tolist(), strict=True)
        )
        kept = list(zip(lists["reference"].tolist(), lists["value"].tolist(), strict=True))
        assert set(kept) <= pairs
        assert abs(kept[0][1] - kept[0][0]) == pytest.approx(table["max_error"][row], rel=1e-5)
        assert len(kept) == min(1 + POINTS, 1 + first.size)
    # Sums over the channels are those of the whole.
    rmse = [np.sqrt((column.astype(np.float64) ** 2).mean()) for column in found.lists["local_channel_rmse"]]
    np.testing.assert_allclose(rmse, table["local_rmse"], rtol=1e-5)


def test_an_operator_that_was_not_given_its_inputs_has_no_local_values(models: Path) -> None:
    reference, model = (open_model(str(models / f"{name}.tflite")) for name in ("mnet_float32", "mnet_int8"))
    found = closeups(compare(reference, model, Settings(samples=1, local=False)))
    assert found.lists["local_value"].counts.sum() == 0
    assert np.isnan(found.lists["local_channel_rmse"].values).all()
    assert found.lists["value"].counts.min() > 0


def test_what_was_cut_is_told(models: Path) -> None:
    reference, model = (open_model(str(models / f"{name}.tflite")) for name in ("tiny_mlp", "tiny_mlp_int8"))
    errors = compare(reference, model, Settings(samples=1))
    summary = report(errors, model, reference).summary
    assert (summary["points_each"], summary["without_channels"]) == (POINTS, 0)
    channels, sums = errors.channels.copy(), errors.channel_sums
    cut = replace(
        errors,
        points=errors.points[:, :, :17],
        channels=np.where(np.arange(len(channels)) == 1, channels, 0),
        channel_sums=sums[:, :, channels[0] : channels[0] + channels[1]],
    )
    summary = report(cut, model, reference).summary
    assert (summary["points_each"], summary["without_channels"]) == (16, 2)
    found = closeups(cut)
    assert found.lists["channel_rmse"].counts.tolist() == [0, channels[1], 0]
    np.testing.assert_array_equal(found.lists["channel_rmse"][1], closeups(errors).lists["channel_rmse"][1])
