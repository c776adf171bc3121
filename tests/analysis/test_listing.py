"""The figures of the ops and tensors reports, by their definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import listing
from tb_tflite_plugin.analysis.containers import open_model


def test_ops_has_one_row_per_operator(dense_model: Any) -> None:
    report = listing.ops(dense_model.open())
    assert report.cells()["id"] == [0, 1]
    assert report.cells()["op"] == ["FULLY_CONNECTED", "RESHAPE"]
    assert report.cells()["family"] == ["matmul", "data"]
    assert report.cells()["name"] == ["out", "reshaped"]
    assert report.cells()["inputs"] == [[0, 1, 2], [3, 4]]
    assert report.cells()["dtype"] == ["FLOAT32", "FLOAT32"]
    assert report.cells()["shape"] == [[1, 3], [3, 1]]
    assert report.cells()["weight_bytes"] == [24, 8]
    assert report.cells()["output_bytes"] == [12, 12]
    assert report.cells()["bytes"] == [36, 20]


def test_a_constant_read_twice_by_an_operator_is_counted_once(handmade: Any) -> None:
    handmade.tensor([4], data=bytes(16))
    handmade.op("MUL", [0, 0], [handmade.tensor([4])])
    assert listing.ops(handmade.open()).cells()["weight_bytes"] == [16]


def test_bytes_are_missing_where_an_output_has_no_size(handmade: Any) -> None:
    handmade.tensor([2, -1])
    handmade.tensor([2], "STRING")
    handmade.tensor([2])
    for tensor in range(3):
        handmade.op("ABS", [2], [tensor])
    handmade.op("CALL_ONCE", [], [])
    report = listing.ops(handmade.open())
    assert report.cells()["output_bytes"] == [None, None, 8, 0]
    assert report.cells()["bytes"] == [None, None, 8, 0]
    assert report.cells()["dtype"] == ["FLOAT32", "STRING", "FLOAT32", None]


def test_sums_of_sizes_that_no_file_has_do_not_overflow(handmade: Any) -> None:
    handmade.tensor([2**31 - 1, 64], "COMPLEX128", externalBuffer=1)
    outputs = [handmade.tensor([2**31 - 1, 63], "COMPLEX128") for _ in range(200)]
    handmade.model.externalBuffers = [tfl.ExternalBufferT(id=1, length=2**64 - 1)]
    for _ in range(40):
        handmade.op("SPLIT", [0], outputs)
    report = listing.ops(handmade.open())
    assert report.cells()["output_bytes"] == [200 * (2**31 - 1) * 63 * 16] * 40
    assert all(value > 0 for value in report.cells()["bytes"])


def test_tensors_have_one_role_each(dense_model: Any) -> None:
    dense_model.tensor([1], name="unused")
    dense_model.tensor([1], name="state", isVariable=True)
    report = listing.tensors(dense_model.open())
    assert report.over == "tensors"
    assert dict(zip(report.cells()["name"], report.cells()["role"], strict=True)) == {
        "in": "input", "filter": "constant", "bias": "constant", "out": "activation", "shape": "constant",
        "reshaped": "output", "unused": "unused", "state": "variable",
    }  # fmt: skip


def test_tensors_say_what_they_hold(dense_model: Any) -> None:
    scales = tfl.QuantizationParametersT(scale=[0.5, 0.25], zeroPoint=[3, 4])
    dense_model.tensor([2, 2], "INT4", name="channels", quantization=scales)
    dense_model.tensor([2, -1], name="unknown")
    report = listing.tensors(dense_model.open())
    assert report.cells()["bytes"] == [16, 12, 12, 12, 8, 12, 2, None]
    assert report.cells()["constant_bytes"] == [0, 12, 12, 0, 8, 0, 0, 0]
    assert report.cells()["quantization"] == [None, None, "per-tensor", None, None, None, "per-channel", None]
    assert report.cells()["scale"] == [None, None, 0.5, None, None, None, None, None]
    assert report.cells()["zero_point"] == [None, None, 0, None, None, None, None, None]
    assert report.cells()["producer"] == [None, None, None, 0, None, 1, None, None]
    assert report.cells()["consumers"] == [1, 1, 1, 1, 1, 0, 0, 0]
    assert report.cells()["dtype"][5:7] == ["FLOAT32", "INT4"]


def test_sparse_tensors_are_flagged(models: Path) -> None:
    report = listing.tensors(open_model(models / "fc_block1x4_sparse.tflite"))
    assert sum(report.cells()["sparse"]) == 2
