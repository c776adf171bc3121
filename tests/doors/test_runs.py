"""Running models for a page: what may be asked for, what comes out, and how it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import ceilings, interpreter, litert, measure
from tb_tflite_plugin.runtime.errors import RuntimeMissing, RuntimeTimeout
from tb_tflite_plugin.runtime.profiler import Settings, profile
from tb_tflite_plugin.runtime.trace import ModelRef, Timing, Trace
from tb_tflite_plugin.runtime.trace_file import from_json, save
from werkzeug.test import Client

from tb_tflite_plugin import open_model, run_store, tasks
from tb_tflite_plugin.library import Library
from tb_tflite_plugin.run_store import RunStore, UnknownRun
from tb_tflite_plugin.summary import log_profile

QUICK = {"runs": 20, "warmup": 2}


@pytest.fixture
def model(models: Path) -> Model:
    return open_model(models / "tiny_mlp.tflite")


@pytest.fixture
def server(serve_runs: Callable[..., Any], models: Path) -> Any:
    return serve_runs(models / "tiny_mlp.tflite")


# What comes out.


def test_a_profile_from_a_page(server: Any, model: Model) -> None:
    assert server.client.get("/models").json["running"]["allowed"] is True
    ended = server.ended(server.post(f"/model/{model.sha256}/run", {"kind": "profile", "options": QUICK}))
    assert (ended["state"], ended["error"]) == ("done", None)
    (entry,) = server.runs(model.sha256)
    assert (entry["id"], entry["kind"], entry["logged"]) == (ended["result"], "profile", False)
    assert (entry["kernels"], entry["threads"], entry["runs"]) == ("xnnpack", 1, 20)
    assert entry["median_us"] > 0

    report, columns = server.decode(server.client.get(f"/model/{model.sha256}/report/run-{entry['id']}").data)
    assert (report["report"], report["over"], report["rows"]) == ("profile", "operators", len(model.operators))
    assert "self_us" in columns

    header, columns = server.decode(server.client.get(f"/model/{model.sha256}/trace/{entry['id']}").data)
    assert len(columns["latency"]) == header["latencyRuns"] == 20
    assert header["environment"]["runtime"] == "ai-edge-litert"
    assert header["settings"]["ceilings"]["flop_per_s"] > 1e6
    assert len(columns["event.tag"]) == len(columns["event.time"]) == len(columns["event.operators.offsets"]) - 1

    file = server.client.get(f"/model/{model.sha256}/trace/{entry['id']}.json")
    assert "attachment" in file.headers["Content-Disposition"]
    assert from_json(file.json).model.sha256 == model.sha256


def test_times_of_rows_are_averages_of_the_middle_half(server: Any, model: Model) -> None:
    ended = server.ended(server.post(f"/model/{model.sha256}/run", {"kind": "profile", "options": QUICK}))
    base = f"/model/{model.sha256}/trace/{ended['result']}"
    _, columns = server.decode(server.client.get(base).data)
    trace = from_json(server.client.get(f"{base}.json").json)
    low, high = np.percentile(trace.profiled.samples, [25, 75])
    middle = (trace.profiled.samples >= low) & (trace.profiled.samples <= high)
    wanted = np.maximum(trace.events.samples, 0)[:, middle].mean(1)
    np.testing.assert_allclose(columns["event.time"], wanted)


def test_a_partition_from_a_page(server: Any, model: Model) -> None:
    asked = {"kind": "partition", "options": {"delegate": "xnnpack"}}
    ended = server.ended(server.post(f"/model/{model.sha256}/run", asked))
    (entry,) = server.runs(model.sha256)
    assert (entry["kind"], entry["delegate"], entry["operators"]) == ("partition", "xnnpack", len(model.operators))
    report, columns = server.decode(server.client.get(f"/model/{model.sha256}/report/run-{entry['id']}").data)
    assert report["summary"]["delegated"] == entry["delegated"] == int(columns["partition.valid"].sum())
    assert server.client.get(f"/model/{model.sha256}/trace/{ended['result']}").status_code == 404


def test_shapes_and_signatures(serve_runs: Callable[..., Any], models: Path) -> None:
    dynamic = open_model(models / "mnet_dynamic_batch_float32.tflite")
    server = serve_runs(models / "mnet_dynamic_batch_float32.tflite", models / "multi_signature.tflite")
    (name,) = dynamic.signatures[0].inputs
    options = {**QUICK, "shapes": {name: [3, 32, 32, 3]}}
    ended = server.ended(server.post(f"/model/{dynamic.sha256}/run", {"kind": "profile", "options": options}))
    header, _ = server.decode(server.client.get(f"/model/{dynamic.sha256}/trace/{ended['result']}").data)
    assert header["settings"]["shapes"] == {name: [3, 32, 32, 3]}

    several = open_model(models / "multi_signature.tflite")
    key = several.signatures[-1].key
    ended = server.ended(
        server.post(f"/model/{several.sha256}/run", {"kind": "profile", "options": {**QUICK, "signature": key}})
    )
    header, _ = server.decode(server.client.get(f"/model/{several.sha256}/trace/{ended['result']}").data)
    assert header["settings"]["signature"] == key


# How it fails.


def test_a_refusal_is_told_in_the_words_of_the_runtime(serve_runs: Callable[..., Any], models: Path) -> None:
    server, model = serve_runs(models / "custom_op.tflite"), open_model(models / "custom_op.tflite")
    ended = server.ended(server.post(f"/model/{model.sha256}/run", {"kind": "profile", "options": QUICK}))
    assert (ended["state"], ended["result"], ended["error"]["kind"]) == ("failed", None, "RuntimeRefused")
    assert "Betainc" in ended["error"]["message"]
    assert "Betainc" in ended["error"]["log"]
    assert server.runs(model.sha256) == []


def test_a_crash_ends_the_child_only(
    server: Any, model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "crashing.py").write_text(
        "import os, signal\n"
        "def measure(progress, **_):\n"
        "    progress('first inference', 0, 0)\n"
        "    os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import crashing

    for module in (measure, interpreter):
        monkeypatch.setattr(module, "measure", crashing.measure)
    asked = {"kind": "profile", "options": {**QUICK, "kernels": "builtin"}}
    ended = server.ended(server.post(f"/model/{model.sha256}/run", asked))
    assert (ended["error"]["kind"], ended["error"]["message"]) == ("RuntimeCrash", "SIGSEGV in first inference")
    monkeypatch.undo()
    assert server.ended(server.post(f"/model/{model.sha256}/run", asked))["state"] == "done"


def test_a_model_that_reads_beyond_its_weights(serve_runs: Callable[..., Any], models: Path) -> None:
    path = models / "fc_block1x16_sparse_dynrange.tflite"
    server, model = serve_runs(path), open_model(path)
    for kernels in ("builtin", "xnnpack"):
        asked = {"kind": "profile", "options": {**QUICK, "kernels": kernels}}
        assert server.ended(server.post(f"/model/{model.sha256}/run", asked))["state"] in ("done", "failed")
    assert server.client.get("/models").status_code == 200


def test_cancel(server: Any, model: Model, wait_for: Callable[..., Any]) -> None:
    asked = {"kind": "profile", "options": {"runs": 10_000, "seconds": 60}}
    started = server.post(f"/model/{model.sha256}/run", asked)
    path = f"/job/{started.json['id']}"
    wait_for(lambda: server.client.get(path).json["state"] == "running", "the job")
    assert [job["id"] for job in server.client.get(f"/model/{model.sha256}/runs").json["jobs"]] == [started.json["id"]]
    assert server.post(f"{path}/cancel", {}).status_code == 200
    assert server.ended(started)["state"] == "cancelled"
    assert server.runs(model.sha256) == []


def test_a_time_limit(server: Any, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_LIMITS", replace(tasks._LIMITS, seconds=0.05))
    ended = server.ended(server.post(f"/model/{model.sha256}/run", {"kind": "profile"}))
    assert ended["error"]["kind"] == "RuntimeTimeout"


def test_a_queue_that_is_full(server: Any, model: Model) -> None:
    asked = {"kind": "profile", "options": {"runs": 10_000, "seconds": 60}}
    started = [server.post(f"/model/{model.sha256}/run", asked) for _ in range(5)]
    assert [answer.status_code for answer in started[:3]] == [202, 202, 202]
    assert started[-1].status_code == 429
    for answer in reversed([answer for answer in started if answer.status_code == 202]):
        server.post(f"/job/{answer.json['id']}/cancel", {})
        assert server.ended(answer)["state"] == "cancelled"


def test_ceilings_that_cannot_be_measured_are_missing_with_the_reason(
    server: Any, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any, **__: Any) -> Any:
        raise RuntimeTimeout("more than 60 s")

    monkeypatch.setattr(tasks, "_known", {})
    monkeypatch.setattr(ceilings, "measure", slow)
    ended = server.ended(server.post(f"/model/{model.sha256}/run", {"kind": "profile", "options": QUICK}))
    header, _ = server.decode(server.client.get(f"/model/{model.sha256}/trace/{ended['result']}").data)
    assert header["settings"]["ceilings_missing"] == "more than 60 s"
    assert "ceilings" not in header["settings"]


def test_without_the_runtime_the_page_is_told(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise RuntimeMissing("running models needs ai-edge-litert, which is not installed")

    monkeypatch.setattr(litert, "require_tested", missing)
    running = server.client.get("/models").json["running"]
    assert (running["allowed"], running["reason"]) == (
        False, "running models needs ai-edge-litert, which is not installed",
    )  # fmt: skip


# What may be asked for.


@pytest.mark.parametrize(
    "asked",
    [
        None, 7, [], "profile", {}, {"kind": "profil"}, {"kind": "profile", "path": "/etc/passwd"},
        {"kind": "profile", "options": []}, {"kind": "profile", "options": {"path": "/etc/passwd"}},
        {"kind": "profile", "options": {"kernels": "cuda"}}, {"kind": "profile", "options": {"kernels": ["xnnpack"]}},
        {"kind": "profile", "options": {"threads": 0}}, {"kind": "profile", "options": {"threads": 100_000}},
        {"kind": "profile", "options": {"threads": True}}, {"kind": "profile", "options": {"threads": "1"}},
        {"kind": "profile", "options": {"threads": None}}, {"kind": "profile", "options": {"runs": 0}},
        {"kind": "profile", "options": {"runs": 10_001}}, {"kind": "profile", "options": {"runs": 1.5}},
        {"kind": "profile", "options": {"warmup": -1}}, {"kind": "profile", "options": {"warmup": 10**9}},
        {"kind": "profile", "options": {"seconds": 0}}, {"kind": "profile", "options": {"seconds": 3600}},
        {"kind": "profile", "options": {"seconds": "5"}}, {"kind": "profile", "options": {"zeros": 1}},
        {"kind": "profile", "options": {"signature": 1}}, {"kind": "profile", "options": {"shapes": []}},
        {"kind": "profile", "options": {"shapes": {"x": "1,2"}}},
        {"kind": "profile", "options": {"shapes": {"x": [0]}}},
        {"kind": "profile", "options": {"shapes": {"x": [1] * 9}}},
        {"kind": "profile", "options": {"shapes": {"x": [1 << 40]}}},
        {"kind": "profile", "options": {"shapes": {str(i): [1] for i in range(65)}}},
        {"kind": "partition", "options": {"delegate": "/tmp/evil.so"}},
        {"kind": "partition", "options": {"delegate": "evil.so"}}, {"kind": "partition", "options": {"delegate": 1}},
        {"kind": "partition", "options": {"threads": 1}},
    ],
)  # fmt: skip
def test_what_is_not_an_option_starts_nothing(server: Any, model: Model, asked: Any) -> None:
    answer = server.post(f"/model/{model.sha256}/run", asked)
    assert answer.status_code == 400
    assert answer.json["error"]["message"]
    assert server.client.get(f"/model/{model.sha256}/runs").json["jobs"] == []


def test_a_name_that_the_model_does_not_have_is_an_answer(server: Any, model: Model) -> None:
    for options in ({"signature": "no such"}, {"shapes": {"no such": [1]}}):
        ended = server.ended(server.post(f"/model/{model.sha256}/run", {"kind": "profile", "options": options}))
        assert ended["error"]["kind"] == "InputError"
        assert "no such" in ended["error"]["message"]


def test_bodies_that_are_no_json_or_too_long(server: Any, model: Model) -> None:
    path = f"/model/{model.sha256}/run"
    headers = {**server.OWN, "Content-Type": "application/json"}
    assert server.client.post(path, data=b"{", headers=headers).status_code == 400
    assert server.client.post(path, data=b" " * (1 << 17), headers=headers).status_code == 413
    assert server.client.post(f"{path}?kind=profile", data=b"", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"}, {"X-Forwarded-For": "10.0.0.1"},
    ],
)  # fmt: skip
def test_other_sites_start_and_stop_nothing(server: Any, model: Model, changes: dict[str, str]) -> None:
    started = server.post(f"/model/{model.sha256}/run", {"kind": "profile", "options": {"runs": 10_000}})
    for path in (f"/model/{model.sha256}/run", f"/job/{started.json['id']}/cancel"):
        answer = server.post(path, {"kind": "profile"}, **changes)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in {name.lower() for name, _ in answer.headers}
    assert len(server.client.get(f"/model/{model.sha256}/runs").json["jobs"]) == 1
    server.post(f"/job/{started.json['id']}/cancel", {})
    assert server.ended(started)["state"] == "cancelled"


def test_starting_is_no_get_and_unknown_things_are_404(server: Any, model: Model) -> None:
    assert server.client.get(f"/model/{model.sha256}/run").status_code in (404, 405)
    assert server.post(f"/model/{'0' * 64}/run", {"kind": "profile"}).status_code == 404
    assert server.client.get("/job/none").status_code == 404
    assert server.post("/job/none/cancel", {}).status_code == 404
    for path in ("report/run-none", "trace/none", "trace/none.json", "report/run-../../x"):
        assert server.client.get(f"/model/{model.sha256}/{path}").status_code == 404


def test_a_server_that_was_not_told_to_runs_nothing(
    serve: Callable[..., Client], server: Any, models: Path, model: Model
) -> None:
    """What the page of one that may run models asks for."""
    client = serve(models / "tiny_mlp.tflite")
    running = client.get("/models").json["running"]
    assert (running["allowed"], bool(running["reason"])) == (False, True)
    answer = client.post(f"/model/{model.sha256}/run", json={"kind": "profile"}, headers=server.OWN)
    assert answer.status_code == 403
    assert client.get(f"/model/{model.sha256}/runs").json == {"runs": [], "jobs": [], "pending": False}


# What was logged.


def trace_of(model: Model, **changes: Any) -> Trace:
    """A profile of a model with two inferences and no rows."""
    made = Trace(ModelRef(model.sha256, "m", 1, 1), profile_environment(), latency=Timing(np.array([1000, 3000])))
    return replace(made, **changes)


def profile_environment() -> Any:
    from tb_tflite_plugin.runtime.trace import Environment

    return Environment(kernels="xnnpack", threads=2, device="phone")


def test_logged_profiles_are_found_by_their_model(
    serve_runs: Callable[..., Any], models: Path, tmp_path: Path, model: Model
) -> None:
    other = open_model(models / "mnet_int8.tflite")
    log_profile(str(tmp_path / "b"), trace_of(model), model=model, tag="net", step=7)
    log_profile(str(tmp_path / "a"), trace_of(model), tag="net", step=7)
    log_profile(str(tmp_path / "a"), trace_of(other), tag="other", step=1)
    server = serve_runs(tmp_path)
    runs = server.runs(model.sha256)
    assert [(run["run"], run["tag"], run["step"], run["logged"]) for run in runs] == [
        ("a", "net", 7, True), ("b", "net", 7, True),
    ]  # fmt: skip
    assert {run["median_us"] for run in runs} == {2.0}
    assert str(tmp_path) not in json.dumps(runs)
    header, columns = server.decode(server.client.get(f"/model/{model.sha256}/trace/{runs[0]['id']}").data)
    assert columns["latency"].tolist() == [1000, 3000]
    assert header["environment"]["device"] == "phone"
    # The models are those with a model beside them: a profile alone is no model.
    assert [entry["run"] for entry in server.client.get("/models").json["models"]] == ["b"]


def test_a_logged_profile_that_is_damaged_is_noted_and_harms_nothing(
    serve_runs: Callable[..., Any], tmp_path: Path, model: Model
) -> None:
    good = Path(log_profile(str(tmp_path), trace_of(model), model=model, tag="net", step=1))
    for name, text in (("2", "{"), ("3", "[]"), ("4", good.read_text().replace('"version":1', '"version":99'))):
        good.with_name(f"{name}.xnnpack.trace.json").write_text(text)
    nameless = replace(trace_of(model), model=ModelRef())
    save(nameless, good.with_name("5.xnnpack.trace.json"))
    server = serve_runs(tmp_path)
    assert [run["step"] for run in server.runs(model.sha256)] == [1]
    notes = " ".join(server.client.get("/models").json["scan"]["notes"])
    assert all(f"{step}.xnnpack.trace.json" in notes for step in (2, 3, 4, 5))


def test_a_logged_profile_that_names_operators_beyond_the_model(
    serve_runs: Callable[..., Any], tmp_path: Path, model: Model
) -> None:
    real = profile(model, Settings(runs=5, warmup=1))
    wrong = real.with_operators([[10**6]] * len(real.events), np.ones(len(real.events)), "by hand")
    log_profile(str(tmp_path), wrong, model=model)
    server = serve_runs(tmp_path)
    (run,) = server.runs(model.sha256)
    answer = server.client.get(f"/model/{model.sha256}/report/run-{run['id']}")
    assert answer.status_code == 422
    assert "operators that the model does not have" in answer.json["error"]["message"]


def test_a_link_to_a_profile_elsewhere_is_not_followed(
    serve_runs: Callable[..., Any], tmp_path: Path, model: Model
) -> None:
    log_profile(str(tmp_path / "elsewhere"), trace_of(model), tag="net", step=1)
    log_profile(str(tmp_path / "logs"), trace_of(model), model=model, tag="net", step=2)
    link = tmp_path / "logs" / "1.xnnpack.trace.json"
    link.symlink_to(next((tmp_path / "elsewhere").rglob("*.trace.json")))
    assert [run["step"] for run in serve_runs(tmp_path / "logs").runs(model.sha256)] == [2]


def test_the_oldest_runs_are_dropped(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    store = RunStore(Library([]))
    trace = trace_of(model)
    store.add_trace(trace, model.sha256)
    monkeypatch.setattr(run_store, "_KEPT_BYTES", 3 * store._made.popitem()[1][1])
    ids = [store.add_trace(trace, model.sha256) for _ in range(6)]
    kept = [run.id for run in store.of_model(model.sha256)]
    assert 1 <= len(kept) < 6
    assert kept == ids[-len(kept) :]
    with pytest.raises(UnknownRun):
        store.find(model.sha256, ids[0])
    with pytest.raises(UnknownRun):
        store.find("0" * 64, ids[-1])


def test_very_many_inferences_are_thinned_for_the_page(server: Any, model: Model) -> None:
    samples = np.arange(1, 100_001)
    trace = trace_of(model, latency=Timing(samples))
    from tb_tflite_plugin.wire_trace import encode_trace

    header, columns = server.decode(encode_trace(trace))
    assert header["latencyRuns"] == 100_000
    assert len(columns["latency"]) <= 20_000
    assert np.all(np.diff(columns["latency"]) > 0)
    assert abs(np.median(columns["latency"]) / np.median(samples) - 1) < 0.001
