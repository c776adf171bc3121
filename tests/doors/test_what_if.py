"""What-ifs over HTTP and on the command line: what may be asked, what is answered, which profiles times come from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime.profiler import Settings, profile
from tb_tflite_plugin.runtime.trace import Trace
from tb_tflite_plugin.runtime.trace_file import save
from werkzeug.test import Client

from tb_tflite_plugin import open_model
from tb_tflite_plugin.static_report import static_report
from tb_tflite_plugin.summary import log_profile

MODEL = "opzoo_int8.tflite"


@pytest.fixture(scope="module")
def model(models: Path) -> Model:
    return open_model(models / MODEL)


@pytest.fixture(scope="module")
def traces(model: Model) -> dict[str, Trace]:
    """Profiles of the model with XNNPACK and without."""
    return {kernels: profile(model, Settings(kernels=kernels, runs=12, warmup=2)) for kernels in ("xnnpack", "builtin")}


@pytest.fixture
def client_of(serve_runs: Callable[..., Any]) -> Callable[..., Client]:
    def make(*paths: Path) -> Client:
        client: Client = serve_runs(*paths).client
        return client

    return make


def get(client: Client, model: Model, rest: str) -> Any:
    answer = client.get(f"/model/{model.sha256}/what-if/{rest}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_what_if_a_delegate_took_types_or_operators(
    client_of: Callable[..., Client], models: Path, model: Model
) -> None:
    client = client_of(models / MODEL)
    found = get(client, model, "xnnpack?type=SOFTMAX&type=BATCH_MATMUL")
    assert found["before"]["delegated"] == 36
    assert (found["before"]["partitions"], found["after"]["partitions"]) == (9, 7)
    assert [model.operators.ops[operator] for operator in found["gained"]] == [
        "BATCH_MATMUL",
        "SOFTMAX",
        "BATCH_MATMUL",
    ]
    assert found["time"] is None
    ids = ",".join(map(str, found["gained"]))
    assert get(client, model, f"xnnpack?operators={ids}") == found
    everything = get(client, model, f"xnnpack?operators=0-{len(model.operators) - 1}")
    assert everything["after"]["delegated"] == 46
    assert get(client, model, "xnnpack")["gained"] == []


def test_the_partitions_as_a_report(decode: Any, client_of: Callable[..., Client], models: Path, model: Model) -> None:
    client = client_of(models / MODEL)
    data = client.get(f"/model/{model.sha256}/what-if/xnnpack/partitions?type=SOFTMAX&type=BATCH_MATMUL").data
    header, columns = decode(data)
    assert (header["report"], header["over"], header["rows"]) == ("what_if", "operators", 46)
    assert len(header["summary"]["partitions"]) == 7
    assert {"partition", "change", "verdict"} <= {name.partition(".")[0] for name in columns}


@pytest.mark.parametrize(
    ("rest", "status", "message"),
    [
        ("warp", 404, "there is no delegate warp"),
        ("..%2Fxnnpack", 404, "no such page"),
        ("xnnpack?type=NO_SUCH", 400, "no operator of the type NO_SUCH"),
        ("xnnpack?operators=46", 400, "the model has 46"),
        ("xnnpack?operators=9-3", 400, "the model has 46"),
        ("xnnpack?operators=0-999999999", 400, "the model has 46"),
        ("xnnpack?operators=9999999999999999999", 400, "must be ids and ranges"),
        ("xnnpack?operators=-1", 400, "must be ids and ranges"),
        ("xnnpack?operators=1,,2", 400, "must be ids and ranges"),
        ("xnnpack?operators=" + "1," * 15_000, 400, "at most 20000 characters"),
        ("xnnpack/partitions?operators=x", 400, "must be ids and ranges"),
        ("xnnpack?profile=0123", 404, "no such run"),
        ("xnnpack?" + "&".join(["profile=0123"] * 9), 400, "at most 8 profiles"),
    ],
)
def test_what_may_not_be_asked(
    client_of: Callable[..., Client], models: Path, model: Model, rest: str, status: int, message: str
) -> None:
    answer = client_of(models / MODEL).get(f"/model/{model.sha256}/what-if/{rest}")
    assert (answer.status_code, message in answer.json["error"]["message"]) == (status, True), answer.json


def test_times_come_from_the_newest_profiles(
    client_of: Callable[..., Client], models: Path, model: Model, traces: dict[str, Trace], tmp_path: Path
) -> None:
    old = replace(traces["xnnpack"], environment=replace(traces["xnnpack"].environment, device="old phone"))
    for step, trace in enumerate((old, traces["builtin"], traces["xnnpack"])):
        log_profile(tmp_path, trace, step=step)
    client = client_of(models / MODEL, tmp_path)
    runs = client.get(f"/model/{model.sha256}/runs").json["runs"]
    assert [run["kernels"] for run in runs] == ["xnnpack", "builtin", "xnnpack"]
    time = get(client, model, "xnnpack?type=BATCH_MATMUL")["time"]
    assert time["with_delegate"] is True
    assert "TfLiteXNNPackDelegate" in time["label"]
    assert "builtin kernels" in time["other"]
    assert 0 < time["moved_us"] < time["total_us"]
    assert time["least_us"] == pytest.approx(time["total_us"] - time["moved_us"])
    assert time["sentences"][0].startswith("At most ")
    # A delegate that took nothing in any of them; and the one profile that is asked for.
    assert get(client, model, "hexagon?type=BATCH_MATMUL")["time"]["with_delegate"] is False
    asked = get(client, model, f"xnnpack?type=BATCH_MATMUL&profile={runs[0]['id']}")["time"]
    assert "old phone" in asked["label"]
    assert asked["other"] is None
    fixes = client.get(f"/model/{model.sha256}/fixes/xnnpack").json["fixes"]
    assert all(fix["time"]["label"] == time["label"] for fix in fixes)
    old_fixes = client.get(f"/model/{model.sha256}/fixes/xnnpack?profile={runs[0]['id']}").json["fixes"]
    assert all("old phone" in fix["time"]["label"] for fix in old_fixes)


def test_a_report_in_one_file_has_times_of_its_profiles(model: Model, traces: dict[str, Trace]) -> None:
    page = static_report(model, [("lab", traces["xnnpack"])])
    data = json.loads(page.partition('id="tflite-viz-data">')[2].partition("</script>")[0])
    assert data["fixes"]["xnnpack"]["fixes"][0]["time"]["label"].startswith("lab (TfLiteXNNPackDelegate")


# The command line.


@pytest.fixture(scope="module")
def files(traces: dict[str, Trace], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("profiles")
    for kernels, trace in traces.items():
        save(trace, folder / f"{kernels}.json")
    return {kernels: folder / f"{kernels}.json" for kernels in traces}


def test_what_if_as_text(printed: Any, models: Path, files: dict[str, Path]) -> None:
    command = ("partition", models / MODEL, "-d", "xnnpack", "--what-if", "SOFTMAX,BATCH_MATMUL")
    text = printed(*command)
    assert "XNNPACK would take 39 of 46 operators in 7 partitions instead of 36 in 9 partitions." in text
    assert "partitions\t9\t7\n" in text
    assert "estimated" not in text
    text = printed(*command, "--profile", files["xnnpack"], "--profile", files["builtin"])
    assert f"estimated from {files['xnnpack']} (TfLiteXNNPackDelegate" in text
    assert "of the measured time could move" in text
    assert "copies across borders take no time" in text


def test_what_if_as_json_for_several(printed: Any, models: Path, files: dict[str, Path]) -> None:
    command = ("partition", models / MODEL, "--what-if", "SOFTMAX,36", "--json", "--profile", files["builtin"])
    one = json.loads(printed(*command, "-d", "xnnpack"))["summary"]
    assert one["what_if"]["after"]["delegated"] == one["delegated"]
    assert one["what_if"]["time"]["with_delegate"] is False
    several = json.loads(printed(*command, "-d", "xnnpack,hexagon"))["summary"]["delegates"]
    assert [entry["what_if"]["delegate"] for entry in several] == ["xnnpack", "hexagon"]
    assert several[0]["what_if"] == one["what_if"]


def test_what_to_fix_first_has_a_column_of_time(printed: Any, models: Path, files: dict[str, Path]) -> None:
    command = ("partition", models / MODEL, "-d", "xnnpack")
    assert "time at most" not in printed(*command)
    text = printed(*command, "--profile", files["xnnpack"])
    assert "rejected\toperators\tdelegated\tpartitions\ttime at most\twhat to do" in text
    fixes = json.loads(printed(*command, "--profile", files["xnnpack"], "--json"))["summary"]["fixes"]
    shares = [fix["time"]["moved_share"] for fix in fixes]
    assert len(shares) > 1
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-d", "xnnpack", "--what-if", "NO_SUCH"), 2, "--what-if NO_SUCH: no operator of the model"),
        (("-d", "xnnpack", "--what-if", "46"), 2, "--what-if 46: no operator of the model"),
        (("-d", "xnnpack,gpu", "--profile", "{xnnpack}"), 2, "--profile needs --what-if, or one --delegate"),
        (("-d", "xnnpack", "--profile", "{model}"), 1, "is a model, not a profile"),
        (("-d", "xnnpack", "--measured", "--profile", "{xnnpack}"), 2, "--profile is for what is foretold"),
    ],
)
def test_what_is_no_what_if_is_told(
    viz: Any, arguments: tuple[str, ...], code: int, message: str, models: Path, files: dict[str, Path]
) -> None:
    names = {**files, "model": models / MODEL}
    result = viz("partition", models / MODEL, *(argument.format(**names) for argument in arguments))
    assert result.returncode == code
    assert message in result.stderr
