"""The figures of the compute report, by their definitions, and what other tools say."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.compute import compute
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.overview import inspect

Shape = list[int] | None
# Operator types by Vela's names, without those that it counts differently (see docs/compute.md).
VELA = {
    "CONV_2D": "Conv2D", "DEPTHWISE_CONV_2D": "DepthwiseConv2D", "FULLY_CONNECTED": "FullyConnected",
    "BATCH_MATMUL": "BatchMatMul",
}  # fmt: skip


def of_one(handmade: Any, op: str, inputs: list[Shape], output: Shape, options: Any = None) -> dict[str, Any]:
    """The row of one operator with inputs and an output of the given shapes; an input of None is left out."""
    ids = [-1 if shape is None else handmade.tensor(shape) for shape in inputs]
    handmade.op(op, ids, [handmade.tensor(output)], options)
    report = compute(handmade.open())
    return {column.name: column.cells()[0] for column in report.columns}


@pytest.mark.parametrize(
    ("op", "inputs", "output", "macs", "rule"),
    [
        ("CONV_2D", [[2, 8, 8, 4], [16, 3, 3, 4], [16]], [2, 4, 4, 16], 2 * 4 * 4 * 16 * 3 * 3 * 4, "convolution"),
        ("CONV_2D", [[1, 4, 4, 8], [16, 1, 1, 2], None], [1, 4, 4, 16], 16 * 16 * 2, "convolution"),
        ("DEPTHWISE_CONV_2D", [[1, 8, 8, 4], [1, 3, 3, 8], [8]], [1, 8, 8, 8], 64 * 72, "convolution"),
        ("CONV_3D", [[1, 4, 4, 4, 2], [3, 3, 3, 2, 5]], [1, 2, 2, 2, 5], 8 * 270, "convolution"),
        ("TRANSPOSE_CONV", [[4], [6, 3, 3, 4], [1, 5, 5, 4]], [1, 10, 10, 6], 25 * 216, "transposed convolution"),
        ("CONV_3D_TRANSPOSE", [[5], [2, 2, 2, 6, 4], [1, 3, 3, 3, 4]], [1, 6, 6, 6, 6], 27 * 192,
         "transposed convolution"),
        ("Convolution2DTransposeBias", [[1, 5, 5, 4], [6, 3, 3, 4], [6]], [1, 10, 10, 6], 25 * 216,
         "transposed convolution"),
        ("FULLY_CONNECTED", [[3, 8], [5, 8], [5]], [3, 5], 3 * 40, "fully connected"),
        ("FULLY_CONNECTED", [[2, 2, 4], [5, 8], None], [2, 5], 2 * 40, "fully connected"),
        ("RNN", [[2, 4], [3, 4], [3, 3], [3], [2, 3]], [2, 3], 2 * (12 + 9), "recurrent"),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", [[2, 7, 4], [3, 4], [3, 3], [3], [2, 3]], [2, 7, 3], 14 * 21, "recurrent"),
        ("BIDIRECTIONAL_SEQUENCE_RNN",
         [[2, 7, 4], [3, 4], [3, 3], [3], [2, 3], [5, 4], [5, 5], [5], [2, 5], None, None, None], [2, 7, 8],
         14 * (21 + 45), "recurrent"),
        ("SVDF", [[2, 4], [6, 4], [6, 10], [6], [2, 60]], [2, 6], 2 * (24 + 60), "recurrent"),
        ("LSTM", [[2, 4], [2, 3], [12, 7], [12], [2, 3]], [2, 3], 2 * 84, "recurrent"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM",
         [[2, 7, 4], None, *[[3, 4]] * 3, None, *[[3, 3]] * 3, None, [3], [3], None, *[[3]] * 3, [2, 3], None, [2, 2],
          [2, 3]], [2, 7, 2], 14 * (3 * 12 + 3 * 9 + 6), "recurrent"),
        ("BIDIRECTIONAL_SEQUENCE_LSTM",
         [[2, 7, 4], *[[3, 4]] * 4, *[[3, 3]] * 4, *[None] * 3, *[[3]] * 4, None, None,
          *[[5, 4]] * 4, *[[5, 5]] * 4, *[None] * 3, *[[5]] * 4, None, None,
          [2, 3], [2, 3], [2, 5], [2, 5], *[None] * 9], [2, 7, 8], 14 * 4 * (12 + 9 + 20 + 25), "recurrent"),
        ("ADD", [[2, 4], [2, 4]], [2, 4], 0, "none"),
        ("AVERAGE_POOL_2D", [[1, 4, 4, 2]], [1, 2, 2, 2], 0, "none"),
        ("MyOp", [[1, 4, 4, 2]], [1, 2, 2, 2], None, None),
        ("FlexErf", [[4]], [4], None, None),
        ("DELEGATE", [[4]], [4], None, None),
        ("STABLEHLO_DOT_GENERAL", [[4, 3], [3, 2]], [4, 2], None, None),
    ],
)  # fmt: skip
def test_macs_by_type(handmade: Any, op: str, inputs: list[Shape], output: Shape, macs: int, rule: str) -> None:
    row = of_one(handmade, op, inputs, output)
    assert (row["macs"], row["rule"]) == (macs, rule)


@pytest.mark.parametrize("adjoint", [False, True])
def test_a_matrix_product_takes_the_axis_that_both_share(handmade: Any, adjoint: bool) -> None:
    left = [2, 7, 3] if adjoint else [2, 3, 7]
    row = of_one(handmade, "BATCH_MATMUL", [left, [2, 7, 5]], [2, 3, 5], tfl.BatchMatMulOptionsT(adjX=adjoint))
    assert (row["macs"], row["rule"]) == (2 * 3 * 5 * 7, "matrix product")


def test_a_stablehlo_convolution_names_its_output_axis(handmade: Any) -> None:
    options = tfl.StablehloConvolutionOptionsT(kernelOutputFeatureDimension=3)
    row = of_one(handmade, "STABLEHLO_CONVOLUTION", [[1, 8, 8, 4], [3, 3, 4, 16]], [1, 6, 6, 16], options)
    assert (row["macs"], row["rule"]) == (36 * 16 * 36, "convolution")


@pytest.mark.parametrize(
    ("op", "inputs", "output"),
    [
        ("CONV_2D", [[1, 4, 4, 2]], [1, 4, 4, 3]),
        ("CONV_2D", [[1, 4, 4, 2], None], [1, 4, 4, 3]),
        ("CONV_2D", [[1, 4, 4, 2], [3, 1, -1, 2]], [1, 4, 4, 3]),
        ("CONV_2D", [[1, 4, 4, 2], [3, 1, 1, 2]], []),
        ("CONV_2D", [[1, 4, 4, 2], [2**15, 2**15, 2**15, 2]], [2**10, 4, 4, 3]),
        ("FULLY_CONNECTED", [[3, 7], [5, 8]], [3, 5]),
        ("FULLY_CONNECTED", [[3, 8], [5, 1, 8]], [3, 5]),
        ("FULLY_CONNECTED", [[3, 8], [5, 0]], [3, 5]),
        ("BATCH_MATMUL", [[7], [7, 5]], [5]),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", [[2, 7, 4], [3], [3], [3], [2, 3]], [2, 7, 3]),
        ("SVDF", [[2, 4]], [2, 6]),
    ],
)
def test_macs_are_missing_where_shapes_do_not_say(handmade: Any, op: str, inputs: list[Shape], output: Shape) -> None:
    row = of_one(handmade, op, inputs, output)
    assert (row["macs"], row["intensity"]) == (None, None)


def test_an_operator_without_outputs_has_no_figures_but_does_no_harm(handmade: Any) -> None:
    handmade.op("CONV_2D", [], [])
    handmade.op("CALL_ONCE", [], [])
    report = compute(handmade.open())
    assert report.cells()["macs"] == [None, 0]
    assert report.cells()["output_bytes"] == [0, 0]
    assert report.cells()["intensity"] == [None, None]


def test_bytes_and_parameters(handmade: Any) -> None:
    scale = tfl.QuantizationParametersT(scale=[0.5], zeroPoint=[0])
    data, twice = handmade.tensor([2, 8], "INT8"), handmade.tensor([2, 3], "INT8")
    weights = handmade.tensor([3, 8], "INT4", data=bytes(12))
    bias = handmade.tensor([3], "INT32", data=bytes(12), quantization=scale)
    shape = handmade.tensor([2], "INT32", data=bytes(8))
    handmade.op("FULLY_CONNECTED", [data, weights, bias], [twice])
    handmade.op("ADD", [twice, twice], [handmade.tensor([2, 3], "INT8")])
    handmade.op("RESHAPE", [twice, shape], [handmade.tensor([3, 2], "INT8")])
    handmade.op("RESHAPE", [twice, shape], [handmade.tensor([3, 2], "STRING")])
    report = compute(handmade.open())
    assert report.cells()["parameters"] == [27, 0, 0, 0]
    assert report.cells()["weight_bytes"] == [24, 0, 8, 8]
    assert report.cells()["input_bytes"] == [16, 6, 6, 6]
    assert report.cells()["output_bytes"] == [6, 6, 6, None]
    assert report.cells()["macs"] == [48, 0, 0, 0]
    assert report.cells()["intensity"] == [48 / 46, 0, 0, None]
    assert {column.name: column.provenance for column in report.columns} == {
        "macs": "simulated", "rule": "simulated", "parameters": "declared", "weight_bytes": "declared",
        "input_bytes": "declared", "output_bytes": "declared", "intensity": "simulated",
    }  # fmt: skip


def test_an_open_batch_counts_as_stored_and_other_open_axes_are_unknown(handmade: Any) -> None:
    filters = handmade.tensor([4, 1, 1, 2], data=bytes(32))
    for signature in ([-1, 3, 3, 2], [1, -1, 3, 2], [1, 3, 3, 2]):
        data = handmade.tensor([1, 3, 3, 2], shapeSignature=signature)
        handmade.op("CONV_2D", [data, filters], [handmade.tensor([1, 3, 3, 4], shapeSignature=[*signature[:3], 4])])
    report = compute(handmade.open())
    assert report.cells()["macs"] == [72, None, 72]
    assert report.cells()["input_bytes"] == [72, None, 72]
    assert report.cells()["output_bytes"] == [144, None, 144]
    assert report.summary["macs"] == 144
    assert report.summary["unknown_operators"] == 1
    assert {finding.code: finding.operators for finding in report.findings} == {
        "open-batch": (0,),
        "macs-unknown": (1,),
    }


def test_subgraphs_that_operators_run_are_counted_once(handmade: Any) -> None:
    handmade.subgraph("main")
    handmade.tensor([1])
    for _ in range(2):
        handmade.op("WHILE", [0], [0], tfl.WhileOptionsT(condSubgraphIndex=1, bodySubgraphIndex=2))
    for name in ("cond", "body"):
        handmade.subgraph(name)
        handmade.tensor([1, 4])
        handmade.op("FULLY_CONNECTED", [0, handmade.tensor([2, 4], data=bytes(32))], [handmade.tensor([1, 2])])
    ends = [tfl.TensorMapT(name="x", tensorIndex=0)]
    handmade.model.signatureDefs = [tfl.SignatureDefT(signatureKey="k", subgraphIndex=0, inputs=ends, outputs=ends)]
    report = compute(handmade.open())
    assert report.cells()["macs"] == [0, 0, 8, 8]
    assert report.summary["macs"] == 16
    assert [(g["name"], g["macs"], g["run_by"], g["signatures"]) for g in report.summary["subgraphs"]] == [
        ("main", 0, [], ["k"]), ("cond", 8, [0, 1], []), ("body", 8, [0, 1], []),
    ]  # fmt: skip
    assert [(finding.code, finding.operators) for finding in report.findings] == [("counted-once", (0, 1))]


def test_sums_of_the_largest_figures_are_exact(handmade: Any) -> None:
    data, weights = handmade.tensor([2**25, 2**10]), handmade.tensor([2**17 - 1, 2**10])
    for _ in range(3000):
        handmade.op("FULLY_CONNECTED", [data, weights], [data])
    one = 2**25 * 2**10 * (2**17 - 1)
    report = compute(handmade.open())
    assert set(report.cells()["macs"]) == {one}
    assert report.summary["macs"] == 3000 * one > 2**63
    (row,) = report.summary["by_type"]
    assert row["output_bytes"] == 3000 * 2**37


def test_sums_by_type_are_those_of_the_columns(model_path: Path) -> None:
    model = open_model(model_path)
    report = compute(model)
    expected: dict[str, Counter[str]] = {}
    names = ("macs", "parameters", "weight_bytes", "input_bytes", "output_bytes")
    for place, op in enumerate(model.operators.ops):
        figures = {name: report.cells()[name][place] for name in names}
        unknown = {"unknown_operators": int(figures["macs"] is None)}
        expected.setdefault(op, Counter()).update({"operators": 1} | unknown)
        expected[op].update({name: value for name, value in figures.items() if value is not None})
    for row in report.summary["by_type"]:
        wanted = expected.pop(row["op"])
        assert {name: row[name] for name in wanted} == wanted
    assert not expected
    overview = inspect(model).summary
    assert {name: report.summary[name] for name in ("parameters", "weight_bytes", "operators")} == {
        name: overview[name] for name in ("parameters", "weight_bytes", "operators")
    }
    assert sum(graph["macs"] for graph in report.summary["subgraphs"]) == report.summary["macs"]


def test_all_encodings_of_a_network_compute_the_same(models: Path) -> None:
    for path in models.glob("mnet_*.tflite"):
        if "_v2_" not in path.stem and "vela" not in path.stem and "numericverify" not in path.stem:
            assert compute(open_model(path)).summary["macs"] == 1_373_824, path.stem


def test_the_converter_counts_what_follows_from_these(models: Path) -> None:
    """TensorFlow 2.21 logged 2.834 M arithmetic ops for this network: two for each multiply-accumulate and so many for
    each output element of other types. The number comes out with biases of convolutions counted, of dense layers not.
    """
    model = open_model(models / "mnet_float32.tflite")
    per_output = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "ADD": 1, "TANH": 64, "SOFTMAX": 64, "MAX_POOL_2D": 3 * 3}
    outputs = model.tensors.elements[[row[0] for row in model.operators.outputs.tolist()]].tolist()
    rows = zip(model.operators.ops, compute(model).cells()["macs"], outputs, strict=True)
    total = sum(2 * macs + per_output.get(op, 0) * output for op, macs, output in rows)
    assert total == 2_833_920


@pytest.mark.skipif(importlib.util.find_spec("ethosu") is None, reason="ethos-u-vela has no wheel for this platform")
@pytest.mark.parametrize("name", ["mnet_int8", "opzoo_int8", "fc_aeq_static_wi8_ai8"])
def test_vela_counts_the_same(name: str, models: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ethosu.vela", str(models / f"{name}.tflite"), "--verbose-performance"]
    subprocess.run([*command, "--output-dir", str(tmp_path)], check=True, capture_output=True, timeout=100)
    # By type: Vela names a layer by its last fused operator, and a convolution with groups becomes several.
    vela: Counter[str] = Counter()
    with open(tmp_path / f"{name}_per-layer.csv", newline="") as file:
        for row in csv.DictReader(file):
            vela[row["Original Operator"]] += int(row["MAC Count"])
    model = open_model(models / f"{name}.tflite")
    ours: Counter[str] = Counter()
    for op, macs in zip(model.operators.ops, compute(model).cells()["macs"], strict=True):
        if op in VELA:
            ours[VELA[op]] += macs
    assert min(ours.values()) > 0
    assert {op: vela[op] for op in ours} == ours
