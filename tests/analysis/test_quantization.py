"""Modes, parameters and findings of quantization, on fixtures and on models made to be wrong in one way."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.quantization import quantization, quantization_tensors
from tb_tflite_plugin.analysis.quantization.one_tensor import tensor_channels
from tb_tflite_plugin.analysis.report import Report
from tb_tflite_plugin.analysis.values import stored

MODELS = Path(__file__).parents[1] / "models"


def codes(report: Report) -> dict[str, tuple[int, ...]]:
    return {finding.code: finding.operators for finding in report.findings}


def quant(scale: list[float], zero: list[int] | None = None, axis: int = 0, **fields: Any) -> Any:
    zeros = [0] * len(scale) if zero is None else zero
    return tfl.QuantizationParametersT(scale=scale, zeroPoint=zeros, quantizedDimension=axis, **fields)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mnet_float32", {"float": 20}),
        ("mnet_dynrange", {"float": 15, "dynamic range int8": 5}),
        ("mnet_fp16", {"dequantize": 26, "float16 weights": 13, "float": 7}),
        ("mnet_int16x8", {"quantize": 2, "16x8": 13, "int16": 7, "dequantize": 1}),
        ("mnet_int8_mixed", {"quantize": 5, "int8": 16, "dequantize": 5, "float": 4}),
        ("fc_aeq_dynamic_wi2", {"float": 3, "dynamic range int2": 3}),
        ("fc_aeq_dynamic_wi4_block32", {"float": 3, "dynamic range int4, blockwise": 3}),
        ("fc_aeq_weight_only_wi4", {"float": 3, "dequantize": 3, "weight-only int4": 3}),
        ("fc_block1x16_sparse_dynrange", {"float": 4, "dynamic range int8, sparse": 2}),
        ("mnet_pruned80_sparse_fp16",
         {"dequantize": 26, "densify": 8, "float16 weights": 5, "float16 weights, sparse": 8, "float": 7}),
        ("legacy_uint8", {"uint8": 3}),
        ("lstm_int8", {"int8": 2}),  # its state of 16 bits does not make it 16x8
        ("lstm_dynrange", {"dynamic range int8": 1, "float": 1}),
        ("text_embed_dynrange", {"int8": 1, "dequantize": 1, "float": 3}),
    ],
)  # fmt: skip
def test_modes(name: str, expected: dict[str, int]) -> None:
    report = quantization(open_model(str(MODELS / f"{name}.tflite")))
    assert Counter(report.cells()["mode"]) == expected
    assert report.summary["modes"] == expected
    assert sum(expected.values()) == report.summary["operators"]


def test_findings_of_the_fixtures() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(MODELS.glob("*.tflite")):
        for finding in quantization(open_model(str(path))).findings:
            found.setdefault(finding.code, set()).add(path.stem)
    assert found == {
        "quant-float-island": {"mnet_int8_mixed"},
        "quant-float-ends": {"mnet_int8_numericverify"},  # float twins of its operators, whose results are compared
        "quant-per-tensor-weak": {"mnet_int8_per_tensor"},
        "quant-per-tensor": {"mnet_int8_per_tensor", "qat_int8"},
        "quant-requantize": {"mnet_int16x8"},
    }


def test_real_person_detection_has_an_axis_that_the_runtime_refuses(handmade: Any) -> None:
    """As in old models: a bias of rank 1 with the axis of a depthwise filter."""
    x, y = handmade.tensor([1, 4], "INT8"), handmade.tensor([1, 2], "INT8")
    bias = handmade.tensor([2], "INT32", bytes(8), quantization=quant([1.0, 1.0], axis=3))
    handmade.op("FULLY_CONNECTED", [x, x, bias], [y])
    assert codes(quantization(handmade.open())) == {"quant-axis": (0,)}


@pytest.mark.parametrize(
    ("kind", "parameters", "code"),
    [
        ("INT8", quant([1.0], []), "quant-counts"),
        ("INT8", quant([1.0, 2.0]), "quant-channels"),
        ("INT8", quant([0.0]), "quant-scale"),
        ("INT8", quant([float("nan")]), "quant-scale"),
        ("INT8", quant([1.0], [128]), "quant-zero-point"),
        ("UINT8", quant([1.0], [-1]), "quant-zero-point"),
        ("INT16", quant([1.0], [1]), "quant-int16-zero-point"),
        ("INT32", quant([1.0], [1]), "quant-bias-zero-point"),
        ("INT8", quant([1e-9]), "quant-tiny-scale"),
        ("INT8", quant([1e3]), "quant-huge-range"),
        ("INT8", quant([0.1], [-128]), None),
        ("UINT8", quant([0.1], [255]), None),
        ("INT16", quant([0.1]), None),
        ("INT32", quant([1e-9]), None),
        ("INT8", quant([1.0, 2.0, 3.0, 4.0], axis=1), None),
    ],
)
def test_parameters_of_a_tensor(handmade: Any, kind: str, parameters: Any, code: str | None) -> None:
    x, y = handmade.tensor([1, 4]), handmade.tensor([1, 4], kind, quantization=parameters)
    handmade.op("ABS", [x], [y])
    assert codes(quantization(handmade.open())) == ({} if code is None else {code: (0,)})


def test_a_tiny_scale_of_a_constant_that_is_zero_is_none(handmade: Any) -> None:
    x, y = handmade.tensor([1, 2]), handmade.tensor([1, 2])
    zero = handmade.tensor([2, 2], "INT8", bytes([0, 0, 1, 2]), quantization=quant([1e-9, 1.0]))
    handmade.op("ABS", [x, zero], [y])
    assert codes(quantization(handmade.open())) == {}
    other = handmade.tensor([2, 2], "INT8", bytes([0, 1, 0, 0]), quantization=quant([1e-9, 1.0]))
    handmade.op("ABS", [x, other], [y])
    assert list(codes(quantization(handmade.open()))) == ["quant-tiny-scale"]


def dense(handmade: Any, weights: Any, bias: Any = None, *, kind: str = "INT8", bias_data: bytes = bytes(8)) -> int:
    """FULLY_CONNECTED of two channels with an input and output of scale 0.5."""
    x = handmade.tensor([1, 2], kind, quantization=quant([0.5]))
    y = handmade.tensor([1, 2], kind, quantization=quant([0.5]))
    inputs = [x, handmade.tensor([2, 2], kind, bytes([127, 1, 2, 100]), quantization=weights)]
    if bias is not None:
        inputs.append(handmade.tensor([2], "INT32", bias_data, quantization=bias))
    operator: int = handmade.op("FULLY_CONNECTED", inputs, [y])
    return operator


@pytest.mark.parametrize(
    ("weights", "bias", "kind", "code"),
    [
        (quant([0.1, 0.2]), quant([0.05, 0.1]), "INT8", None),
        (quant([0.1, 0.2], [0, 1]), None, "INT8", "quant-asymmetric-weights"),
        (quant([0.1, 0.2]), quant([0.05, 0.2]), "INT8", "quant-bias-scale"),
        (quant([0.1]), quant([0.2]), "INT8", "quant-bias-refused"),
        (quant([0.1]), quant([0.0501]), "INT8", "quant-bias-scale"),
        (quant([0.1], [3]), quant([0.05]), "UINT8", None),
        (quant([0.1], [3]), quant([0.2]), "UINT8", "quant-bias-refused"),
        (quant([0.1, 0.2]), quant([]), "INT8", "quant-bias-bare"),
    ],
)
def test_weights_and_biases(handmade: Any, weights: Any, bias: Any, kind: str, code: str | None) -> None:
    dense(handmade, weights, bias, kind=kind)
    found = codes(quantization(handmade.open()))
    found.pop("quant-per-tensor", None)
    assert found == ({} if code is None else {code: (0,)})


def test_a_bias_near_its_limit(handmade: Any) -> None:
    dense(handmade, quant([0.1, 0.2]), quant([0.05, 0.1]), bias_data=struct.pack("<2i", -(2**30) - 1, 0))
    assert codes(quantization(handmade.open())) == {"quant-bias-limits": (0,)}


def test_values_of_weights(handmade: Any) -> None:
    for data in ([128, 1, 0, 0], [100, 1, 0, 0], [127, 1, 20, 0]):
        weights = handmade.tensor([2, 2], "INT8", bytes(data), quantization=quant([0.1, 0.2]))
        handmade.op("FULLY_CONNECTED", [handmade.tensor([1, 2], "INT8"), weights], [handmade.tensor([1, 2], "INT8")])
    assert codes(quantization(handmade.open())) == {
        "quant-range-use": (1,), "quant-narrow-range": (0,)
    }  # fmt: skip


def test_one_scale_for_channels_that_differ(handmade: Any) -> None:
    for data in ([127, 1, 2, 3], [127, 1, 100, 3]):
        weights = handmade.tensor([2, 2], "INT8", bytes(data), quantization=quant([0.1]))
        handmade.op("FULLY_CONNECTED", [handmade.tensor([1, 2], "INT8"), weights], [handmade.tensor([1, 2], "INT8")])
    model = handmade.open()
    assert codes(quantization(model)) == {"quant-per-tensor-weak": (0,), "quant-per-tensor": (1,)}
    assert quantization(model).cells()["weakest_bits"] == pytest.approx([np.log2(7), np.log2(201)])


@pytest.mark.parametrize(
    ("op", "scales", "code"),
    [
        ("CONCATENATION", (0.1, 0.2), "quant-scales-refused"),
        ("MAX_POOL_2D", (0.1, 0.2), "quant-scales-differ"),
        ("PACK", (0.1, 0.2), "quant-scales-refused"),
        ("PAD", (0.1, 0.2), "quant-scales-differ"),
        ("PAD", (0.1, 0.1), None),
        ("ADD", (0.1, 0.2), None),
        ("SOFTMAX", (0.1, 0.2), "quant-fixed-output"),
        ("SOFTMAX", (0.1, 1 / 256), "quant-fixed-output"),  # the zero point is another
        ("TANH", (0.1, 1 / 128), None),
        ("TANH", (0.1, 1 / 64), "quant-other-output"),
    ],
)
def test_scales_of_inputs_and_outputs(handmade: Any, op: str, scales: tuple[float, float], code: str | None) -> None:
    x, y = (handmade.tensor([1, 4], "INT8", quantization=quant([scale])) for scale in scales)
    handmade.op(op, [x], [y])
    assert codes(quantization(handmade.open())) == ({} if code is None else {code: (0,)})


def test_round_trips(handmade: Any) -> None:
    def chain(*steps: tuple[str, str, float]) -> None:
        last = handmade.tensor([4], steps[0][1], quantization=quant([steps[0][2]]))
        for op, kind, scale in steps[1:]:
            parameters = None if kind == "FLOAT32" else quant([scale])
            last, before = handmade.tensor([4], kind, quantization=parameters), last
            handmade.op(op, [before], [last])

    chain(("", "INT8", 0.1), ("DEQUANTIZE", "FLOAT32", 0), ("QUANTIZE", "INT8", 0.1))
    chain(("", "INT8", 0.1), ("DEQUANTIZE", "FLOAT32", 0), ("QUANTIZE", "INT8", 0.2))
    chain(("", "FLOAT32", 1.0), ("QUANTIZE", "INT8", 0.1), ("DEQUANTIZE", "FLOAT32", 0))
    chain(("", "INT8", 0.1), ("QUANTIZE", "INT8", 0.2))
    chain(("", "INT8", 0.1), ("DEQUANTIZE", "FLOAT32", 0), ("ABS", "FLOAT32", 0), ("QUANTIZE", "INT8", 0.1))
    assert codes(quantization(handmade.open())) == {
        "quant-round-trip": (1,), "quant-through-float": (3,), "quant-for-nothing": (5,), "quant-requantize": (6,),
    }  # fmt: skip


def dense_of(handmade: Any, data: np.ndarray, scale: list[float] | None = None) -> Any:
    """FULLY_CONNECTED with the given int8 weights, one scale for every output channel; the model."""
    parameters = quant([0.1] * len(data) if scale is None else scale)
    weights = handmade.tensor(list(data.shape), "INT8", data.astype(np.int8).tobytes(), quantization=parameters)
    x, y = handmade.tensor([1, data.shape[1]], "INT8"), handmade.tensor([1, len(data)], "INT8")
    handmade.op("FULLY_CONNECTED", [x, weights], [y])
    return handmade.open()


def test_channels_that_were_clipped(handmade: Any) -> None:
    whole = np.random.default_rng(0).normal(0, 40, (3, 2000))
    stored_values = np.clip(np.round(whole), -127, 127)
    stored_values[0, 0] = 127  # one at the end is what a scale from the largest weight gives
    stored_values[1:] = np.clip(np.round(whole[1:] * 2), -127, 127)
    (finding,) = quantization(dense_of(handmade, stored_values)).findings
    assert finding.code == "quant-clipped"
    assert "2 of 3 channels" in finding.message


def test_clustered_and_ternary_weights_are_not_clipped(handmade: Any) -> None:
    clusters = np.random.default_rng(0).choice([-127, -100, -31, 0, 12, 60, 110, 127], (3, 2000))
    assert quantization(dense_of(handmade, clusters)).findings == ()


def test_channels_of_nothing_but_zero(handmade: Any) -> None:
    data = np.array([[127, 3], [0, 0], [0, 0]])
    model = dense_of(handmade, data, [0.1, 1e-9, 0.1])
    report = quantization(model)
    assert codes(report) == {}  # not that a scale is tiny; that they are zero is a finding on weights
    assert (report.cells()["zero_channels"], report.cells()["outlier_channels"]) == ([2], [0])


def test_an_operator_tells_its_gravest_finding(handmade: Any) -> None:
    report = quantization(dense_of(handmade, np.array([[-128, 3], [0, 0]]), [5e4, 5e4]))
    assert report.cells()["severity"] == ["warning"]
    assert report.cells()["findings"] == ["quant-huge-range quant-narrow-range"]
    assert report.summary["findings"] == {"error": 0, "warning": 1, "note": 1}


def test_work_and_bytes_of_modes() -> None:
    report = quantization(open_model(str(MODELS / "mnet_fp16.tflite")))
    work = report.summary["work"]
    assert work["float16 weights"]["macs"] == 1_373_824
    assert work["dequantize"] == {"macs": 0, "unknown_macs": 0, "constant_bytes": 0}
    # Seen through DEQUANTIZE, the weights are those of the convolutions.
    half = open_model(str(MODELS / "mnet_fp16.tflite"))
    stored_bytes = int(half.constant_bytes[half.tensors.type == tfl.TensorType.FLOAT16].sum())
    assert work["float16 weights"]["constant_bytes"] == stored_bytes


def test_figures_of_blocks() -> None:
    model = open_model(str(MODELS / "fc_aeq_dynamic_wi4_block32.tflite"))
    row = quantization_tensors(model).cells()
    (wide,) = [tensor for tensor, shape in enumerate(model.tensors.shape.tolist()) if shape == [64, 768]]
    assert (row["scheme"][wide], row["channels"][wide], row["block_size"][wide]) == ("blockwise", 64 * 24, 32)
    assert row["weakest_bits"][wide] == pytest.approx(np.log2(15))
    assert row["range_use"][wide] == 1
    # The runtime's reader of the schema gives the same scales.
    scales = stored(model, model.quantization.details[wide]["scales"])
    assert scales is not None
    half = scales.read(0, scales.count)
    assert (row["scale_min"][wide], row["scale_max"][wide]) == (half.min(), half.max())


def test_sparse_weights_are_made_dense() -> None:
    model = open_model(str(MODELS / "mnet_pruned80_sparse_int8.tflite"))
    row = quantization_tensors(model).cells()
    sparse = np.flatnonzero(model.is_sparse).tolist()
    assert len(sparse) == 8
    assert all(row["range_use"][tensor] == 1 for tensor in sparse)
    # Pruning left channels of nothing but zero, with the tiny scales that TensorFlow gives them.
    dead = {tensor: row["zero_channels"][tensor] for tensor in sparse if row["zero_channels"][tensor]}
    assert dead
    for tensor, count in dead.items():
        assert count == (model.quantization.scale[tensor] < 1e-7).sum()
        assert row["scale_ratio"][tensor] < 100
    assert "quant-tiny-scale" not in codes(quantization(model))


def test_inner_scales_of_an_lstm() -> None:
    model = open_model(str(MODELS / "lstm_int8.tflite"))
    report = quantization_tensors(model)
    assert report.summary["intermediates"] == sum(report.cells()["intermediate"]) == 5
    inner = [row for row, flag in enumerate(report.cells()["intermediate"]) if flag]
    assert report.cells()["scale"][inner[4]] > 0  # of the hidden state
    assert quantization(model).cells()["weakest_bits"][0] == pytest.approx(np.log2(255))


@pytest.mark.parametrize(("name", "group"), [("fc_aeq_dynamic_wi4_block32", 32), ("fc_aeq_dynamic_wi4_block64", 64)])
def test_block_scales_are_looked_at(name: str, group: int) -> None:
    model = open_model(str(MODELS / f"{name}.tflite"))
    details = model.quantization.details
    assert {record["block_size"] for record in details.values()} == {group}
    assert "quant-block-scales" not in codes(quantization(model))


def test_block_scales_that_are_missing(handmade: Any) -> None:
    details = tfl.BlockwiseQuantizationT(scales=-1, zeroPoints=-1, blockSize=2)
    block = tfl.QuantizationParametersT(details=details, detailsType=tfl.QuantizationDetails.BlockwiseQuantization)
    weights = handmade.tensor([2, 2], "INT8", bytes([1, 2, 3, 4]), quantization=block)
    handmade.op("FULLY_CONNECTED", [handmade.tensor([1, 2]), weights], [handmade.tensor([1, 2])])
    assert codes(quantization(handmade.open())) == {"quant-block-scales": (0,)}


def test_columns_of_tensors(handmade: Any) -> None:
    data = np.array([[[[127, 4, 0], [-127, -8, 0]]]], np.int8)
    filters = handmade.tensor([1, 1, 2, 3], "INT8", data.tobytes(), quantization=quant([0.1, 1.0, 0.1], axis=3))
    x = handmade.tensor([1, 1, 2, 3], "INT8", quantization=quant([0.5], [-128]))
    handmade.op("DEPTHWISE_CONV_2D", [x, filters], [handmade.tensor([1, 1, 1, 3], "INT8")])
    report = quantization_tensors(handmade.open())
    row = report.cells()
    assert row["scheme"] == ["per-channel", "per-tensor", None]
    assert (row["scale"][1], row["zero_point"][1], row["real_min"][1], row["real_max"][1]) == (0.5, -128, 0, 127.5)
    assert (row["channels"][0], row["axis"][0]) == (3, 3)
    assert row["scale_ratio"][0] == pytest.approx(10)
    assert row["weakest_bits"][0] == pytest.approx(np.log2(17))
    assert row["median_bits"][0] == pytest.approx(np.log2(17))
    assert row["range_use"][0] == 1
    assert (row["zero_channels"][0], row["outlier_channels"][0]) == (1, 1)
    assert [cell for name in ("weakest_bits", "zero_channels") for cell in row[name][1:]] == [None] * 4
    assert report.summary["schemes"] == {"per-tensor": 1, "per-channel": 1}


@pytest.mark.parametrize("name", ["fc_aeq_dynamic_wi4", "fc_aeq_dynamic_wi2", "mnet_int8", "legacy_uint8"])
def test_stored_values_are_those_of_the_runtime(child: Any, name: str, tmp_path: Path) -> None:
    path, kept = MODELS / f"{name}.tflite", tmp_path / "values.npz"
    child(
        """
        import sys
        import numpy as np
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
        kind = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = Interpreter(sys.argv[1], experimental_op_resolver_type=kind)
        interpreter.allocate_tensors()
        values = {}
        for detail in interpreter.get_tensor_details():
            try:
                values[str(detail["index"])] = interpreter.get_tensor(detail["index"])
            except ValueError:
                pass
        np.savez(sys.argv[2], **values)
        """,
        path,
        kept,
    )
    model = open_model(str(path))
    compared = 0
    with np.load(kept) as values:
        for tensor in np.flatnonzero(model.is_constant).tolist():
            ours = stored(model, tensor)
            assert ours is not None
            theirs = values[str(tensor)]
            assert np.array_equal(ours.read(0, ours.count).reshape(theirs.shape), theirs)
            half = ours.count // 2 + 1
            assert np.array_equal(ours.read(half, ours.count), theirs.reshape(-1)[half:])
            compared += 1
    assert compared >= 3


def test_one_tensor_channel_by_channel(handmade: Any) -> None:
    data = np.array([[[[127, 4, 0], [-127, -8, 0]]]], np.int8)
    filters = handmade.tensor([1, 1, 2, 3], "INT8", data.tobytes(), quantization=quant([0.5, 8.0, 0.5], axis=3))
    x = handmade.tensor([1, 1, 2, 3], "INT8", quantization=quant([0.5]))
    handmade.op("DEPTHWISE_CONV_2D", [x, filters], [handmade.tensor([1, 1, 1, 3], "INT8")])
    found = tensor_channels(handmade.open(), filters)
    assert found is not None
    assert (found["scheme"], found["axis"], found["channels"], found["values_each"]) == ("per-channel", 3, 3, 2)
    assert (found["low"], found["high"]) == ([-127, -8, 0], [127, 4, 0])
    assert (found["outlier"], found["zero"]) == ([False, True, False], [False, False, True])
    levels = {-127: 1, -8: 1, 0: 2, 4: 1, 127: 1}
    assert {level - 128: n for level, n in enumerate(found["stored"]["counts"]) if n} == levels
    # -63.5, -64, 0, 0, 32, 63.5 in 96 bins from -64 to 63.5
    low, high, counts = (found["real"][key] for key in ("low", "high", "counts"))
    assert (low, high) == (-64, 63.5)
    expected = np.histogram(data.reshape(-1) * np.tile([0.5, 8.0, 0.5], 2), len(counts), (low, high))[0]
    assert counts == expected.tolist()
    assert tensor_channels(handmade.open(), x) is None


@pytest.mark.parametrize("name", ["mnet_int8", "mnet_int8_per_tensor", "fc_aeq_dynamic_wi4_block32", "legacy_uint8"])
def test_histograms_hold_every_value(name: str) -> None:
    model = open_model(str(MODELS / f"{name}.tflite"))
    told = 0
    for tensor in np.flatnonzero(model.is_constant).tolist():
        found = tensor_channels(model, tensor)
        if found is not None:
            told += 1
            assert sum(found["stored"]["counts"]) == sum(found["real"]["counts"]) == model.tensors.elements[tensor]
            assert found["channels"] * found["values_each"] == model.tensors.elements[tensor]
    assert told >= 2
