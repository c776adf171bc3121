"""Errors of layers: against figures made here with the public interpreter and with numpy, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.report import Report
from tb_tflite_plugin.runtime import worker
from tb_tflite_plugin.runtime.accuracy import Settings, compare
from tb_tflite_plugin.runtime.accuracy_files import read
from tb_tflite_plugin.runtime.accuracy_report import report
from tb_tflite_plugin.runtime.errors import InputError, RuntimeFailure, RuntimeRefused, RuntimeTimeout, TraceError
from tb_tflite_plugin.runtime.worker import Limits


def errors(models: Path, first: str, second: str, **settings: Any) -> tuple[Report, Model, Model]:
    reference, model = (open_model(str(models / f"{name}.tflite")) for name in (first, second))
    return report(compare(reference, model, Settings(**settings)), model, reference), reference, model


def reals(interpreter: Any, tensor: int) -> np.ndarray:
    detail = next(d for d in interpreter.get_tensor_details() if d["index"] == tensor)
    scale, zero = detail["quantization"]
    values = interpreter.get_tensor(tensor).astype(np.float64)
    return (values - zero) * np.float64(scale) if scale else values


def test_accumulated_figures_against_the_public_interpreter(models: Path, interpreted: Any) -> None:
    reference = open_model(str(models / "mnet_float32.tflite"))
    shape = reference.tensors.shape[int(reference.subgraphs.inputs[0][0])].tolist()
    samples = np.random.default_rng(5).uniform(-1.2, 1.2, (3, *shape)).astype(np.float32)
    name = next(iter(reference.signatures[0].inputs))
    found, _, model = errors(models, "mnet_float32", "mnet_int8", inputs={name: samples}, local=False)
    table = found.cells()
    runs = [[interpreted(models / f"{side}.tflite", one) for side in ("mnet_float32", "mnet_int8")] for one in samples]
    for row, theirs in enumerate(table["reference"]):
        wanted_at, own_at = int(reference.operators.outputs[theirs][0]), int(model.operators.outputs[row][0])
        wanted = np.stack([reals(first, wanted_at) for first, _ in runs])
        own = np.stack([reals(second, own_at) for _, second in runs])
        difference = own - wanted
        assert table["sqnr_db"][row] == pytest.approx(10 * np.log10((wanted**2).sum() / (difference**2).sum()))
        assert table["rmse"][row] == pytest.approx(np.sqrt((difference**2).mean()))
        assert table["mean_error"][row] == pytest.approx(difference.mean(), abs=1e-12)
        assert table["max_error"][row] == pytest.approx(np.abs(difference).max())
        place = np.unravel_index(np.argmax(np.abs(difference)), difference.shape)
        assert (table["max_error_sample"][row], table["max_error_at"][row]) == (place[0], ",".join(map(str, place[1:])))
        cosine = (wanted * own).sum() / np.sqrt((wanted**2).sum() * (own**2).sum())
        assert table["cosine"][row] == pytest.approx(cosine)
        stored = np.stack([second.get_tensor(own_at) for _, second in runs])
        scale, zero = float(model.quantization.scale[own_at][0]), int(model.quantization.zero_point[own_at][0])
        low, high = (-128 - zero) * scale, (127 - zero) * scale
        beyond = ((stored == -128) & (wanted < low - scale / 2)) | ((stored == 127) & (wanted > high + scale / 2))
        assert table["clipped"][row] == pytest.approx(100 * beyond.mean())
        assert table["at_low"][row] == pytest.approx(100 * (stored == -128).mean())
        assert table["rmse_scale"][row] == pytest.approx(table["rmse"][row] / scale)
        assert table["local_rmse"][row] is None
    assert any(table["clipped"])  # the inputs reach beyond what the model was calibrated for
    assert found.summary["inputs"] == "given"


def test_local_figures_against_numpy(models: Path, interpreted: Any) -> None:
    reference, model = (open_model(str(models / f"{name}.tflite")) for name in ("mnet_float32", "mnet_int8"))
    row = model.operators.ops.index("FULLY_CONNECTED", model.operators.ops.index("FULLY_CONNECTED") + 1)
    shape = reference.tensors.shape[int(reference.subgraphs.inputs[0][0])].tolist()
    name = next(iter(reference.signatures[0].inputs))
    sample = np.random.default_rng(7).uniform(-1, 1, shape).astype(np.float32)
    table = errors(models, "mnet_float32", "mnet_int8", inputs={name: sample})[0].cells()
    run = interpreted(models / "mnet_float32.tflite", sample)
    data, weights, bias = (int(tensor) for tensor in model.operators.inputs[row])
    output = int(model.operators.outputs[row][0])
    scale, zero = ([float(x[0]) for x in (c[t] for t in (data, output))] for c in
                   (model.quantization.scale, model.quantization.zero_point))  # fmt: skip
    given = reals(run, int(reference.operators.inputs[table["reference"][row]][0]))
    stored = np.clip(np.round(given / scale[0]) + zero[0], -128, 127) - zero[0]
    own = interpreted(models / "mnet_int8.tflite", sample)
    multiplied = stored @ own.get_tensor(weights).astype(np.float64).T + own.get_tensor(bias)
    real = multiplied * scale[0] * model.quantization.scale[weights].astype(np.float64)
    rounded = (np.clip(np.round(real / scale[1]) + zero[1], -128, 127) - zero[1]) * scale[1]
    difference = rounded - reals(run, int(reference.operators.outputs[table["reference"][row]][0]))
    assert table["local_rmse"][row] == pytest.approx(np.sqrt((difference**2).mean()), rel=1e-6)
    assert table["local_max_error"][row] == pytest.approx(np.abs(difference).max(), rel=1e-6)


@pytest.mark.parametrize("name", ["mnet_int8", "mnet_int16x8", "mnet_dynrange", "opzoo_int8", "mnet_fp16"])
def test_a_model_against_itself_loses_nothing(models: Path, name: str) -> None:
    """Cutting a model apart changes no value: every operator computes what it did in the whole."""
    found, _, model = errors(models, name, name, samples=2)
    table = found.cells()
    computes = [row for row, how in enumerate(table["matched_by"]) if how]
    assert len(computes) >= 20
    for row in computes:
        assert table["rmse"][row] == 0
        # What reads behind QUANTIZE is given values that are rounded here; they may fall on the other side of a half.
        first = int(model.operators.inputs[row][0])
        behind = model.producer[first] >= 0 and model.operators.ops[model.producer[first]] == "QUANTIZE"
        if behind:
            assert table["local_rmse_scale"][row] < 0.1, model.operators.ops[row]
        else:
            assert table["local_rmse"][row] == 0, model.operators.ops[row]
    assert found.summary["equal"] == len(computes)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ("mnet_float32", "mnet_int8", 30, 60),
        ("mnet_float32", "mnet_uint8io", 30, 60),
        ("mnet_float32", "mnet_int16x8", 40, 70),
        ("mnet_float32", "mnet_dynrange", 40, 70),
        ("mnet_float32", "mnet_fp16", 60, 100),
        ("opzoo_float32", "opzoo_int8", 5, 60),
        ("text_embed_float32", "text_embed_dynrange", 30, 100),
    ],
)
def test_pairs_of_fixtures(models: Path, first: str, second: str, low: float, high: float) -> None:
    found, _, _ = errors(models, first, second)
    table = found.cells()
    known = [value for value in table["sqnr_db"] if value is not None]
    assert known
    assert low < min(known)
    assert max(known) < high
    assert found.summary["worst"]["sqnr_db"] == min(known)
    assert "layer-no-local" not in {finding.code for finding in found.findings}
    better = [a >= b - 3 for a, b in zip(table["local_sqnr_db"], table["sqnr_db"], strict=True) if a and b]
    assert all(better)  # less noise comes in, so not more goes out but by chance


def test_random_inputs_are_the_same_again(models: Path) -> None:
    first, second, other = (
        errors(models, "tiny_mlp", "tiny_mlp_int8", seed=seed, samples=3)[0].cells()["rmse"] for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_kernels_of_one_model(models: Path) -> None:
    found, _, _ = errors(models, "mnet_int8", "mnet_int8", kernels="reference", reference_kernels="builtin")
    assert (found.summary["kernels"], found.summary["reference_kernels"]) == ("reference", "builtin")
    assert found.summary["compared"] == 20


def test_what_cannot_be_run_or_compared(models: Path) -> None:
    with pytest.raises(RuntimeRefused):
        errors(models, "custom_op", "custom_op")
    with pytest.raises(InputError, match="no input x"):
        errors(models, "mnet_float32", "mnet_int8", inputs={"x": np.zeros(1)})
    with pytest.raises(InputError, match="no operator"):
        errors(models, "tiny_mlp", "mnet_int8_numericverify")
    with pytest.raises(InputError, match="no kernels gpu"):
        Settings(kernels="gpu")
    model = open_model(str(models / "mnet_int8.tflite"))
    with pytest.raises(RuntimeTimeout):
        compare(model, model, limits=Limits(seconds=0.05))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("whole", np.nan),
        ("local", np.inf),
        ("shape", 1 << 40),
        ("scale", None),
        ("fed", None),
        ("points", None),
        ("channels", -1),
        ("channels", 1 << 40),
        ("channel_sums", None),
    ],
)
def test_a_child_that_lies(models: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: float | None) -> None:
    honest = worker.run

    def lying(*arguments: Any, **named: Any) -> Any:
        found = honest(*arguments, **named)
        if value is None:
            return {**found, name: "nothing"}
        found[name] = found[name].copy()
        found[name][..., -2:] = value
        return found

    monkeypatch.setattr(worker, "run", lying)
    with pytest.raises(RuntimeFailure, match="unreadable"):
        errors(models, "tiny_mlp", "tiny_mlp_int8", samples=1)


def test_a_child_that_sends_more_points_than_there_can_be(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = worker.run

    def lying(*arguments: Any, **named: Any) -> Any:
        found = honest(*arguments, **named)
        return {**found, "points": np.zeros((2, found["points"].shape[1], 100_000, 2), np.float32)}

    monkeypatch.setattr(worker, "run", lying)
    with pytest.raises(RuntimeFailure, match="unreadable"):
        errors(models, "tiny_mlp", "tiny_mlp_int8", samples=1)


def test_quantization_debugger(models: Path) -> None:
    path = models / "mnet_int8_numericverify.csv"
    found = read(str(path), open_model(str(models / "mnet_int8.tflite")))
    table = found.cells()
    assert found.summary == {"source": "QuantizationDebugger", "file": path.name, "rows": 20, "matched": 20}
    assert table["local_rmse"][0] == pytest.approx(4.6058462e-06**0.5)
    assert table["local_rmse_scale"][0] == pytest.approx(4.6058462e-06**0.5 / 0.007238601)
    assert table["local_max_error"][0] == pytest.approx(0.00981795)


def test_ai_edge_quantizer_files(models: Path, tmp_path: Path) -> None:
    model = open_model(str(models / "mnet_int8.tflite"))
    name = model.layer_names[3]
    result = {
        "reduced_size_bytes": 5, "reduced_size_percentage": 1.5,
        "serving_default": {
            "input_tensors": {"not there": {"mse": 1.0}}, "constant_tensors": {name: {"mse": 9.0}},
            "intermediate_tensors": {name: {"mse": 4e-4, "snr": 100.0, "cosine_similarity": 0.9}},
        },
    }  # fmt: skip
    path = tmp_path / "x_comparison_result.json"
    path.write_text(json.dumps(result))
    found = read(str(path), model)
    table = found.cells()
    assert (table["rmse"][3], table["sqnr_db"][3], table["cosine"][3]) == pytest.approx((0.02, 20.0, 0.9))
    assert table["rmse"][:3] == [None] * 3
    assert [finding.code for finding in found.findings] == ["layer-not-in-model"]
    path.write_text(json.dumps({"results": {name: {"value": 0.25}}, "thresholds": []}))
    assert read(str(path), model).cells()["value"][3] == 0.25


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "columns"),
        (b"a,b\n1,2\n", "columns op_name"),
        (b"\xff\xfe", "no UTF-8"),
        (b"{", "JSON"),
        (b"{}", "no comparison"),
        (b'{"results": {"t": 3}}', "not a number"),
        (b'{"s": {"output_tensors": {"t": 3}}}', "no object"),
        (b'{"s": {"output_tensors": {"t": {"mse": "many"}}}}', "not a number"),
        (b'{"s": {"output_tensors": {"t": {"mse": 1}}}}', "none of the tensors"),
        (b"[" * 100_000, "columns"),
        (b'{"a":' * 100_000, "JSON"),
        (b"op_name,tensor_name,stddev,mean_error,max_abs_error,mean_squared_error,scale\nA,b,1,2\n", "not a number"),
    ],
)
def test_malformed_files(models: Path, tmp_path: Path, text: bytes, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(text)
    with pytest.raises(TraceError, match=reason):
        read(str(path), open_model(str(models / "mnet_int8.tflite")))


@pytest.mark.filterwarnings("ignore:.*preserve_all_tensors:UserWarning")
def test_agrees_with_ai_edge_quantizer(models: Path) -> None:
    validator = pytest.importorskip("ai_edge_quantizer.model_validator")
    from ai_edge_quantizer.utils import validation_utils

    reference, model = (open_model(str(models / f"{name}.tflite")) for name in ("mnet_float32", "mnet_int8_float_io"))
    signature = reference.signatures[0]
    name, tensor = next(iter(signature.inputs.items()))
    samples = np.random.default_rng(3).uniform(-1, 1, (4, *reference.tensors.shape[tensor].tolist())).astype(np.float32)
    metric = validation_utils.ValidationErrorMetric.MSE
    found = validator.compare_model(
        *((models / f"{side}.tflite").read_bytes() for side in ("mnet_float32", "mnet_int8_float_io")),
        {signature.key: [{name: sample} for sample in samples]},
        [metric], use_xnnpack=False, num_threads=1,
    ).get_signature_comparison_result(signature.key)  # fmt: skip
    wanted = {tensor: figures["mse"] for tensor, figures in (found.output_tensors | found.intermediate_tensors).items()}
    table = report(compare(reference, model, Settings(inputs={name: samples})), model, reference).cells()
    compared = 0
    for row, rmse in enumerate(table["rmse"]):
        if rmse is not None and model.layer_names[row] in wanted:
            assert rmse**2 == pytest.approx(wanted[model.layer_names[row]], rel=1e-4)
            compared += 1
    assert compared > 10
