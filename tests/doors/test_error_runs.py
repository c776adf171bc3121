"""Errors of layers for a page: what may be asked for, what comes out, and where results are found."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime.accuracy import Settings, compare
from tb_tflite_plugin.runtime.accuracy_files import read
from tb_tflite_plugin.runtime.accuracy_report import report
from tb_tflite_plugin.runtime.closeups import LISTS, Closeups, closeups
from tb_tflite_plugin.runtime.error_file import loads, to_json

from tb_tflite_plugin import open_model, tasks
from tb_tflite_plugin.static_report import static_report
from tb_tflite_plugin.summary import log_layer_error, log_model


@pytest.fixture
def model(models: Path) -> Model:
    return open_model(models / "tiny_mlp_int8.tflite")


@pytest.fixture
def reference(models: Path) -> Model:
    return open_model(models / "tiny_mlp.tflite")


@pytest.fixture
def server(serve_runs: Callable[..., Any], models: Path) -> Any:
    return serve_runs(models / "tiny_mlp_int8.tflite", models / "tiny_mlp.tflite")


def ask(server: Any, model: Model, **options: Any) -> Any:
    return server.post(f"/model/{model.sha256}/run", {"kind": "layer_error", "options": options})


def measured(model: Model, reference: Model) -> tuple[Any, Closeups]:
    errors = compare(reference, model, Settings(samples=2))
    return report(errors, model, reference), closeups(errors)


# What comes out.


def test_against_another_model_by_its_id(server: Any, model: Model, reference: Model) -> None:
    ended = server.ended(ask(server, model, reference=reference.sha256, samples=3, seed=5))
    assert (ended["state"], ended["error"]) == ("done", None)
    (entry,) = server.runs(model.sha256)
    assert server.runs(reference.sha256) == []
    wanted = {
        "id": ended["result"], "kind": "layer_error", "logged": False, "against": "tiny_mlp.tflite",
        "against_itself": False, "kernels": "builtin", "reference_kernels": "builtin", "samples": 3, "seed": 5,
        "inputs": "random", "compared": 3, "operators": 3, "source": None,
    }  # fmt: skip
    assert {name: entry[name] for name in wanted} == wanted

    header, columns = server.decode(server.client.get(f"/model/{model.sha256}/report/run-{entry['id']}").data)
    direct = report(compare(reference, model, Settings(samples=3, seed=5)), model, reference)
    (sqnr,) = (column for column in direct.columns if column.name == "sqnr_db")
    assert (header["report"], header["over"], header["rows"]) == ("layer_error", "operators", 3)
    np.testing.assert_array_equal(columns["sqnr_db"], sqnr.values)

    _, looks = server.decode(server.client.get(f"/model/{model.sha256}/closeups/{entry['id']}").data)
    assert looks["operator"].tolist() == [0, 1, 2]
    assert set(looks) == {"operator", *LISTS, *(f"{name}.offsets" for name in LISTS)}
    assert looks["value"].dtype == np.float32
    assert len(looks["value"]) == looks["value.offsets"][-1] == looks["reference.offsets"][-1]

    file = server.client.get(f"/model/{model.sha256}/errors/{entry['id']}.json")
    assert "attachment" in file.headers["Content-Disposition"]
    assert loads(file.data, "f", 3).report.rows() == direct.rows()
    assert server.client.get(f"/model/{model.sha256}/trace/{entry['id']}").status_code == 404


def test_kernels_of_one_model(server: Any, model: Model) -> None:
    ended = server.ended(ask(server, model, kernels="xnnpack", reference_kernels="reference"))
    assert ended["state"] == "done", ended
    (entry,) = server.runs(model.sha256)
    assert (entry["against_itself"], entry["kernels"], entry["reference_kernels"]) == (True, "xnnpack", "reference")


def test_what_a_page_is_told(server: Any) -> None:
    running = server.client.get("/models").json["running"]
    assert running["error_kernels"] == ["xnnpack", "builtin", "reference"]
    assert (running["samples"], running["seed"]) == (tasks.MOST_SAMPLES, tasks.MOST_SEED)


# What may be asked for.


@pytest.mark.parametrize(
    "options",
    [
        {"reference": 7}, {"reference": ["x"]}, {"path": "/etc/passwd"}, {"inputs": {}}, {"local": False},
        {"kernels": "gpu", "reference_kernels": "builtin"}, {"kernels": 1}, {"reference_kernels": "/tmp/x.so"},
        {"kernels": "xnnpack", "samples": 0}, {"kernels": "xnnpack", "samples": tasks.MOST_SAMPLES + 1},
        {"kernels": "xnnpack", "samples": "8"}, {"kernels": "xnnpack", "samples": None},
        {"kernels": "xnnpack", "samples": True}, {"kernels": "xnnpack", "samples": 1.5},
        {"kernels": "xnnpack", "seed": -1}, {"kernels": "xnnpack", "seed": 1 << 32},
        {"kernels": "xnnpack", "seed": None}, {}, {"reference": None},
        {"kernels": "xnnpack", "reference_kernels": "xnnpack"},
    ],
)  # fmt: skip
def test_what_is_not_an_option_starts_nothing(server: Any, model: Model, options: dict[str, Any]) -> None:
    answer = ask(server, model, **options)
    assert answer.status_code == 400
    assert answer.json["error"]["message"]
    assert server.client.get(f"/model/{model.sha256}/runs").json["jobs"] == []


def test_a_model_against_itself_by_its_id(server: Any, model: Model) -> None:
    assert ask(server, model, reference=model.sha256).status_code == 400
    assert server.ended(ask(server, model, reference=model.sha256, kernels="reference"))["state"] == "done"


@pytest.mark.parametrize("id", ["0" * 64, "", "tiny_mlp.tflite", "/etc/passwd", "../../x", "{path}"])
def test_no_reference_is_named_by_a_path(server: Any, model: Model, models: Path, id: str) -> None:
    answer = ask(server, model, reference=id.format(path=models / "tiny_mlp.tflite"))
    assert answer.status_code == 404
    assert server.client.get(f"/model/{model.sha256}/runs").json["jobs"] == []


def test_a_reference_that_is_no_model(serve_runs: Callable[..., Any], models: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.tflite", tmp_path / "bad.tflite"
    good.write_bytes((models / "tiny_mlp.tflite").read_bytes())
    bad.write_bytes(b"\x1c\0\0\0TFL3")
    server = serve_runs(tmp_path)
    entries = {entry["name"]: entry["id"] for entry in server.client.get("/models").json["models"]}
    model = open_model(good)
    assert ask(server, model, reference=entries["bad.tflite"]).status_code == 422


def test_models_that_have_nothing_in_common(serve_runs: Callable[..., Any], models: Path) -> None:
    server = serve_runs(models / "tiny_mlp.tflite", models / "gru_while.tflite")
    model, other = open_model(models / "tiny_mlp.tflite"), open_model(models / "gru_while.tflite")
    ended = server.ended(ask(server, model, reference=other.sha256))
    assert (ended["state"], ended["error"]["kind"]) == ("failed", "InputError")
    assert server.runs(model.sha256) == []


def test_cancel_and_a_time_limit(
    serve_runs: Callable[..., Any], models: Path, wait_for: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [models / f"{name}.tflite" for name in ("mnet_int8", "mnet_float32")]
    server, (model, reference) = serve_runs(*paths), map(open_model, paths)
    started = ask(server, model, reference=reference.sha256, samples=tasks.MOST_SAMPLES)
    wait_for(lambda: server.client.get(f"/job/{started.json['id']}").json["state"] == "running", "the job")
    server.post(f"/job/{started.json['id']}/cancel", {})
    assert server.ended(started)["state"] == "cancelled"
    assert server.runs(model.sha256) == []
    monkeypatch.setattr(tasks, "_LIMITS", replace(tasks._LIMITS, seconds=0.02))
    ended = server.ended(ask(server, model, reference=reference.sha256))
    assert ended["error"]["kind"] == "RuntimeTimeout"


# Results in files.


def test_logged_results_are_found_by_their_model(
    serve_runs: Callable[..., Any], tmp_path: Path, model: Model, reference: Model
) -> None:
    made, looks = measured(model, reference)
    first = log_layer_error(str(tmp_path / "a"), made, looks, model, tag="net", step=3)
    log_layer_error(str(tmp_path / "b"), made, looks, model, tag="net", step=4)
    assert Path(first).name == "3.tiny_mlp.errors.json"
    server = serve_runs(tmp_path)
    runs = server.runs(model.sha256)
    assert [(run["kind"], run["run"], run["tag"], run["step"], run["logged"]) for run in runs] == [
        ("layer_error", "a", "net", 3, True), ("layer_error", "b", "net", 4, True),
    ]  # fmt: skip
    assert runs[0]["against"] == "tiny_mlp.tflite"
    assert str(tmp_path) not in json.dumps(runs)
    assert str(reference.name) not in Path(first).read_text()  # no directory of who logged it
    header, columns = server.decode(server.client.get(f"/model/{model.sha256}/report/run-{runs[0]['id']}").data)
    assert header["summary"]["samples"] == 2
    assert np.isfinite(columns["sqnr_db"]).all()
    _, found = server.decode(server.client.get(f"/model/{model.sha256}/closeups/{runs[0]['id']}").data)
    np.testing.assert_allclose(found["local_value"], looks.lists["local_value"].values, rtol=1e-6)
    # The model was logged beside it.
    assert {entry["sha256"] for entry in server.client.get("/models").json["models"]} == {model.sha256}


def test_the_command_logs_and_keeps(
    viz: Any, serve_runs: Callable[..., Any], models: Path, tmp_path: Path, model: Model
) -> None:
    kept, logdir = tmp_path / "kept.json", tmp_path / "logs"
    arguments = [
        "quantization", models / "tiny_mlp_int8.tflite", "--against", models / "tiny_mlp.tflite", "--samples", "2",
        "-o", kept, "--logdir", logdir, "--tag", "mlp", "--step", "7", "--json",
    ]  # fmt: skip
    done = viz(*map(str, arguments))
    assert done.returncode == 0, done.stderr
    (run,) = serve_runs(logdir).runs(model.sha256)
    assert (run["tag"], run["step"], run["samples"]) == ("mlp", 7, 2)

    page = tmp_path / "report.html"
    arguments = ["report", models / "tiny_mlp_int8.tflite", "-o", page, "--errors", kept]
    done = viz(*map(str, arguments))
    assert done.returncode == 0, done.stderr
    found = json.loads(re.search(r'id="tflite-viz-data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)[1])
    (entry,) = (run["entry"] for run in found["runs"])
    assert (entry["kind"], entry["label"], entry["samples"]) == ("layer_error", "kept.json", 2)

    # Of another model it is refused, and so is what is no such file.
    for wrong, reason in ((kept, "another model"), (models / "mnet_int8_numericverify.csv", "not JSON")):
        arguments = ["report", models / "tiny_mlp.tflite", "-o", page, "--errors", wrong]
        done = viz(*map(str, arguments))
        assert (done.returncode, reason in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_what_another_tool_has_measured_is_shown_without_values(
    serve_runs: Callable[..., Any], models: Path, tmp_path: Path
) -> None:
    model = open_model(models / "mnet_int8.tflite")
    log_layer_error(str(tmp_path), read(str(models / "mnet_int8_numericverify.csv"), model), None, model, step=1)
    server = serve_runs(tmp_path)
    (run,) = server.runs(model.sha256)
    assert (run["source"], run["against"], run["file"]) == ("QuantizationDebugger", None, "mnet_int8_numericverify.csv")
    _, found = server.decode(server.client.get(f"/model/{model.sha256}/closeups/{run['id']}").data)
    assert list(found) == ["operator"]
    assert len(found["operator"]) == 0


def test_damaged_results_are_noted_and_harm_nothing(
    serve_runs: Callable[..., Any], tmp_path: Path, model: Model, reference: Model
) -> None:
    good = Path(log_layer_error(str(tmp_path), *measured(model, reference), model, step=1))
    for name, text in (("2", "{"), ("3", "[]"), ("4", good.read_text().replace('"version":1', '"version":99'))):
        good.with_name(f"{name}.tiny.errors.json").write_text(text)
    server = serve_runs(tmp_path)
    assert [run["step"] for run in server.runs(model.sha256)] == [1]
    notes = " ".join(server.client.get("/models").json["scan"]["notes"])
    assert all(f"{step}.tiny.errors.json" in notes for step in (2, 3, 4))


def test_a_result_with_other_operators_than_its_model(
    serve_runs: Callable[..., Any], models: Path, tmp_path: Path, model: Model, reference: Model
) -> None:
    other = open_model(models / "mnet_int8.tflite")
    made, looks = measured(model, reference)
    path = Path(log_model(str(tmp_path), str(models / "mnet_int8.tflite"))).with_name("0.x.errors.json")
    path.write_text(json.dumps(to_json(made, looks, {"sha256": other.sha256, "name": "x", "size_bytes": 1})))
    server = serve_runs(tmp_path)
    (run,) = server.runs(other.sha256)
    for what in (f"report/run-{run['id']}", f"closeups/{run['id']}"):
        answer = server.client.get(f"/model/{other.sha256}/{what}")
        assert answer.status_code == 422
        assert "3, and the model has 20 operators" in answer.json["error"]["message"]


def test_a_report_of_one_file_carries_them(model: Model, reference: Model) -> None:
    made, looks = measured(model, reference)
    found = loads(json.dumps(to_json(made, looks, {"sha256": model.sha256})).encode(), "f", 3)
    page = static_report(model, [], [("errors.json", found)])
    data = json.loads(re.search(r'id="tflite-viz-data">(.*?)</script>', page, re.DOTALL)[1])
    (run,) = data["runs"]
    assert (run["entry"]["kind"], "trace" in run) == ("layer_error", False)
    for part in ("report", "closeups"):
        assert gzip.decompress(b64decode(run[part]))[:4] == b"TFV1"
