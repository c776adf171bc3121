"""Statistics of weights against numpy's own figures, structure of zeros, packed sizes, findings."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.ragged import Array
from tb_tflite_plugin.analysis.report import Report
from tb_tflite_plugin.analysis.values import Stored
from tb_tflite_plugin.analysis.weights import weights
from tb_tflite_plugin.analysis.weights.statistics import Statistics, huffman_bytes, statistics
from tb_tflite_plugin.analysis.weights.structure import pattern

MODELS = Path(__file__).parents[1] / "models"
RANDOM = np.random.default_rng(7)


def of(values: Array, axis: int = -1, zero: int = 0) -> Statistics:
    name = {"f4": "FLOAT32", "f2": "FLOAT16", "i1": "INT8", "u1": "UINT8", "i2": "INT16", "i4": "INT32"}
    dtype = name[values.dtype.str[1:]]
    stored = Stored(np.ascontiguousarray(values).reshape(-1).view(np.uint8), dtype, values.shape, values.size)
    return statistics(stored, axis, zero)


@pytest.mark.parametrize(
    ("values", "axis"),
    [
        (RANDOM.integers(-128, 128, (5, 7), np.int8), 0),
        (RANDOM.integers(-128, 128, (300, 3), np.int8), 0),
        (RANDOM.integers(-20, 20, (3, 70_001), np.int8), 0),  # long channels of odd length, several blocks
        (RANDOM.integers(0, 256, (1, 5, 5, 600), np.uint8), 3),
        (RANDOM.integers(-9, 9, (1 << 18) + 1, np.int8), -1),
        (RANDOM.integers(-30_000, 30_000, 1000, np.int16), -1),
        (RANDOM.integers(-(2**30), 2**30, 1000, np.int32), -1),
        (RANDOM.normal(0, 1, (64, 9)).astype(np.float32), 0),
        (RANDOM.normal(5, 1, 300_007).astype(np.float32), -1),
        (RANDOM.normal(1000, 1, 300_007).astype(np.float32), -1),
        (RANDOM.normal(0, 1, (8, 50)).astype(np.float16), 0),
        (RANDOM.normal(0, 1, 300_007).astype(np.float16), -1),
    ],
    ids=lambda value: f"{value.dtype}{list(value.shape)}" if hasattr(value, "dtype") else str(value),
)
def test_figures_are_those_of_numpy(values: Array, axis: int) -> None:
    found, wide = of(values, axis), values.astype(np.float64)
    off = wide - wide.mean()
    assert (found.count, found.nonfinite, found.zeros) == (values.size, 0, int((values == 0).sum()))
    assert (found.low, found.high) == (wide.min(), wide.max())
    assert found.mean == pytest.approx(wide.mean(), rel=1e-6, abs=1e-5)
    assert found.deviation == pytest.approx(wide.std(), rel=1e-5)
    assert found.kurtosis == pytest.approx((off**4).mean() / wide.var() ** 2, rel=1e-4)
    distinct, counts = np.unique(values, return_counts=True)
    if found.unique is not None:
        share = counts / values.size
        assert found.unique == len(distinct)
        assert found.entropy == pytest.approx(float(-(share * np.log2(share)).sum()))
    if axis >= 0:
        rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
        each = [len(np.unique(row)) for row in rows]
        assert found.channel_unique == (min(each), max(each))
        assert found.zero_channels == sum(not row.any() for row in rows)


def test_what_is_no_number_is_counted_apart() -> None:
    for kind in (np.float32, np.float16):
        for count in (100, 1 << 19):
            values = RANDOM.normal(0, 1, count).astype(kind)
            values[[3, 40, 50]] = (np.nan, np.inf, -np.inf)
            found = of(values)
            good = values[np.isfinite(values)].astype(np.float64)
            assert (found.nonfinite, found.count, found.low) == (3, count, good.min())
            assert found.mean == pytest.approx(good.mean(), abs=1e-5)
    nothing = of(np.full(9, np.nan, np.float32))
    assert (nothing.nonfinite, nothing.kurtosis) == (9, None)
    assert np.isnan(nothing.low)


def test_equal_values_have_no_tails() -> None:
    for values in (np.full(50, 3, np.int8), np.full(50, 0.1, np.float32), np.full(50, 7, np.int32)):
        assert (of(values).deviation, of(values).kurtosis) == (pytest.approx(0, abs=1e-9), None)


def test_zero_is_the_zero_point() -> None:
    values = np.array([[3, 3], [3, 1]], np.uint8)
    assert (of(values, 0, 3).zeros, of(values, 0, 3).zero_channels) == (3, 1)


@pytest.mark.parametrize("counts", [[5], [1, 1], [1] * 5, [1] * 64, [9, 4, 1, 1], list(range(1, 40))])
def test_huffman(counts: list[int]) -> None:
    heap, bits = list(counts), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        bits += both
        heapq.heappush(heap, both)
    assert huffman_bytes(np.array(counts)) == ((bits or counts[0]) + 7) // 8


def zeros_in(shape: tuple[int, ...], keep: Array) -> Array:
    return np.where(keep, RANDOM.integers(1, 100, shape), 0).astype(np.int8)


def test_patterns() -> None:
    two_of_four = np.argsort(RANDOM.random((32, 16, 4)), axis=2).reshape(32, 64) < 2
    found = pattern(zeros_in((32, 64), two_of_four), 0, 0)
    assert found is not None
    assert (found.name, found.share) == ("2:4", 1.0)
    for rows, columns in ((1, 4), (4, 1), (4, 4), (1, 16), (2, 2)):
        blocks = np.kron(RANDOM.random((32 // rows, 64 // columns)) < 0.4, np.ones((rows, columns), bool))
        found = pattern(zeros_in((32, 64), blocks), 0, 0)
        assert found is not None
        assert found.name == f"blocks {rows}x{columns}"
        assert found.share == pytest.approx(1 - blocks.mean())
        assert found.chance == pytest.approx((1 - blocks.mean()) ** (rows * columns))


def test_zeros_by_chance_are_no_pattern() -> None:
    assert pattern(zeros_in((32, 64), RANDOM.random((32, 64)) < 0.3), 0, 0) is None
    assert pattern(zeros_in((32, 64), RANDOM.random((32, 64)) < 0.02), 0, 0) is None
    assert pattern(np.ones((4, 4), np.int8), 0, 0) is None
    assert pattern(np.zeros((4, 4), np.int8), 0, 0) is None


def found_in(name: str) -> tuple[Report, set[str]]:
    report = weights(open_model(str(MODELS / f"{name}.tflite")))
    return report, {finding.code for finding in report.findings}


def test_clusters_show_by_channel() -> None:
    report, codes = found_in("mnet_clustered16")
    largest = int(np.nanargmax([value or 0 for value in report.cells()["stored_bytes"]]))
    assert (report.cells()["unique"][largest], report.cells()["channel_unique"][largest]) == (945, 16)
    assert report.cells()["lut_bytes"][largest] == 3072 * 4 // 8 + 64 * 16 * 4
    assert codes == {"weights-clustered"}
    assert found_in("mnet_float32")[1] == set()
    assert found_in("mnet_clustered16_int8")[1] == {"weights-clustered"}


def test_sums_of_a_model() -> None:
    report, codes = found_in("fc_block1x16_sparse_int8")
    assert codes == {"weights-zero-channels"}
    assert report.summary["elements"] == 53_636
    assert (report.summary["stored_bytes"], report.summary["dense_bytes"]) == (14_096, 54_032)
    assert sum(value or 0 for value in report.cells()["stored_bytes"]) == 14_096


def test_findings(handmade: Any) -> None:
    x = handmade.tensor([1, 32])

    def layer(values: Array, **fields: Any) -> int:
        weight = handmade.tensor(list(values.shape), "FLOAT32", values.astype("<f4").tobytes(), **fields)
        return int(handmade.op("FULLY_CONNECTED", [x, weight], [handmade.tensor([1, len(values)])]))

    values = RANDOM.normal(0, 1, (4, 32))
    layer(values)
    layer(values)
    layer(np.where(np.arange(128).reshape(4, 32) == 9, np.inf, RANDOM.normal(0, 1, (4, 32))))
    layer(np.vstack([np.zeros((1, 32)), RANDOM.normal(0, 1, (3, 32))]))
    odd = handmade.tensor([4, 32], "FLOAT32", bytes(12))
    handmade.op("FULLY_CONNECTED", [x, odd], [handmade.tensor([1, 4])])
    report = weights(handmade.open())
    assert {finding.code: finding.operators for finding in report.findings} == {
        "weights-copied": (1,), "weights-nonfinite": (2,), "weights-zero-channels": (3,), "weights-unread": (4,),
    }  # fmt: skip
    assert report.summary["copied_bytes"] == 512
    assert report.summary["unreadable"] == 1


def test_a_buffer_that_tensors_share_is_there_once(handmade: Any) -> None:
    values = RANDOM.integers(-9, 9, (4, 8), np.int8)
    one = handmade.tensor([4, 8], "INT8", values.tobytes())
    other = handmade.tensor([4, 8], "INT8")
    handmade.graph.tensors[other].buffer = handmade.graph.tensors[one].buffer
    for weight in (one, other):
        handmade.op("FULLY_CONNECTED", [handmade.tensor([1, 8]), weight], [handmade.tensor([1, 4])])
    assert weights(handmade.open()).summary["stored_bytes"] == 32


def test_the_real_models(real_models: dict[str, Path]) -> None:
    for name in ("face_landmark", "hair"):
        path = real_models.get(name)
        if path is not None:
            report = weights(open_model(str(path)))
            assert report.summary["unreadable"] == 0
            assert report.summary["deflated_bytes"] <= 1.02 * report.summary["stored_bytes"]


def test_halves_behind_dequantize_have_channels() -> None:
    model = open_model(str(MODELS / "mnet_fp16.tflite"))
    known = [value for value in weights(model).cells()["channel_unique"] if value is not None]
    assert len(known) == 13
    assert tfl.TensorType.FLOAT16 in model.tensors.type.tolist()
