"""Profiling through the doors: the command, Python, log directories and writers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import tensorboard.summary
import tensorboardX
from tb_tflite_plugin.runtime.trace_file import load
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tb_tflite_plugin import open_model, profile
from tb_tflite_plugin.profiling import Profile
from tb_tflite_plugin.summary import log_profile


@pytest.fixture(scope="module")
def profiled() -> Profile:
    """A small model, profiled once."""
    return profile(Path(__file__).parents[1] / "models" / "mnet_float32.tflite", runs=10, warmup=1)


def test_json(facts: Any, models: Path) -> None:
    path = models / "mnet_int8.tflite"
    found = facts("profile", path, "--runs", "20", "--threads", "2", "--seed", "3")
    assert found["report"] == "profile"
    assert found["model"]["sha256"] == open_model(path).sha256
    summary = found["summary"]
    assert summary["environment"]["kernels"] == "xnnpack"
    assert summary["environment"]["threads"] == 2
    assert summary["inference_us"]["runs"] == 20
    assert summary["attributed_us"] + summary["unattributed_us"] == pytest.approx(summary["total_us"])
    names = [column["name"] for column in found["columns"]]
    assert names == ["id", "op", "name", "self_us", "share", "calls", "kernel", "partition", "confidence"]
    rows = [dict(zip(names, row, strict=True)) for row in found["rows"]]
    assert [row["id"] for row in rows] == list(range(20))
    assert {row["op"]: row["partition"] for row in rows}["SOFTMAX"] is None
    assert {row["op"]: row["kernel"] for row in rows}["SOFTMAX"] == "built-in"
    assert all(row["self_us"] >= 0 for row in rows)


def test_csv(viz: Any, models: Path) -> None:
    result = viz("profile", models / "tiny_mlp.tflite", "--runs", "5", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["op"] for row in rows] == ["FULLY_CONNECTED"] * 3
    assert all(float(row["self_us"]) >= 0 for row in rows)


def test_for_people(viz: Any, models: Path) -> None:
    result = viz("profile", models / "mnet_float32.tflite", "--runs", "20", "--kernels", "builtin")
    assert result.returncode == 0
    for text in ("first inference\t", "builtin, 1 thread", "operators", "DEPTHWISE_CONV_2D", "by type", "built-in"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout


def test_inputs_shapes_signatures_and_output(facts: Any, models: Path, tmp_path: Path) -> None:
    image = np.zeros((3, 32, 32, 3), np.float32)
    np.save(tmp_path / "image.npy", image)
    out = tmp_path / "a.trace.json"
    path = models / "mnet_dynamic_batch_float32.tflite"
    found = facts("profile", path, "--runs", "3", "--input", f"image={tmp_path}/image.npy", "-o", str(out))
    assert found["summary"]["settings"]["shapes"] == {"image": [3, 32, 32, 3]}
    trace = load(out)
    assert (trace.model.sha256, trace.latency.samples.size) == (open_model(path).sha256, 3)
    batch = facts("profile", path, "--runs", "2", "--shape", "image=2,32,32,3")
    assert batch["summary"]["settings"]["shapes"]["image"][0] == 2
    signature = facts("profile", models / "multi_signature.tflite", "--runs", "2", "--signature", "roundtrip")
    assert signature["summary"]["settings"]["signature"] == "roundtrip"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mnet_float32.tflite", "--input", "y=none.npy"], 2, "none.npy: No such file"),
        (["mnet_float32.tflite", "--shape", "image"], 2, "NAME=1,224,224,3"),
        (["mnet_float32.tflite", "--shape", "y=1,2"], 2, "no input y; there are image"),
        (["mnet_float32.tflite", "--signature", "x"], 2, "no signature x; there are serving_default"),
        (["mnet_float32.tflite", "--kernels", "cuda"], 2, "'cuda'"),
        (["mnet_float32.tflite", "--against", "mnet_float32.tflite", "-o", "x.json"], 2, "a comparison has two traces"),
        (["mnet_float32.tflite", "--runs", "1", "-o", "/nowhere/x.json"], 1, "/nowhere"),
        (["custom_op.tflite"], 1, "unresolved custom op: Betainc"),
        (["mnet_int16x8.tflite", "--runs", "1000000", "--timeout", "2"], 1, "more than 2 s"),
        (["none.tflite"], 1, "none.tflite: No such file"),
    ],
)
def test_errors(viz: Any, arguments: list[str], code: int, message: str, models: Path) -> None:
    placed = [str(models / text) if text.endswith(".tflite") else text for text in arguments]
    result = viz("profile", *placed)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_against_another_model(facts: Any, models: Path) -> None:
    first, second = models / "mnet_float32.tflite", models / "mnet_v2_float32.tflite"
    found = facts("profile", second, "--against", first, "--runs", "100")
    assert found["report"] == "comparison"
    assert found["summary"]["second"]["model"]["name"] == "mnet_v2_float32.tflite"
    assert found["summary"]["ratio"] > 0
    assert "operators-matched" in {finding["code"] for finding in found["findings"]}


def test_against_other_kernels(viz: Any, models: Path) -> None:
    path = models / "mnet_float32.tflite"
    result = viz("profile", path, "--kernels", "reference", "--against-kernels", "xnnpack", "--runs", "200")
    assert "is slower" in result.stdout
    assert "CONV_2D" in result.stdout


def test_from_python(models: Path, tmp_path: Path, profiled: Profile) -> None:
    assert profiled.report.summary["inference_us"]["runs"] == 10
    frame = profiled.to_pandas()
    assert list(frame["id"]) == list(range(20))
    profiled.save(tmp_path / "a.json")
    assert load(tmp_path / "a.json").model == profiled.trace.model
    phases: list[str] = []
    again = profile((models / "tiny_mlp.tflite").read_bytes(), runs=2, progress=lambda phase, *_: phases.append(phase))
    assert again.trace.model.operators == 3
    with pytest.raises(TypeError, match="run_s"):
        profile(profiled.model, run_s=3)


def test_logged_beside_the_model(tmp_path: Path, profiled: Profile) -> None:
    written = log_profile(tmp_path, profiled.trace, model=profiled.model, tag="net/a", step=4)
    folder = tmp_path / "plugins/tflite/net/a"
    assert written == str(folder / "4.xnnpack.trace.json")
    assert {path.name for path in folder.iterdir()} == {"4.xnnpack.trace.json", "4.tflite", "4.json"}
    assert load(written).model.sha256 == open_model(folder / "4.tflite").sha256
    sidecar = (folder / "4.json").read_bytes()
    log_profile(str(tmp_path), profiled.trace, model=profiled.model, tag="net/a", step=4)
    assert (folder / "4.json").read_bytes() == sidecar  # a model that is there stays as it was logged
    assert log_profile(tmp_path, profiled.trace).endswith("plugins/tflite/model/0.xnnpack.trace.json")


def test_logged_behind_a_url(profiled: Profile) -> None:
    written = log_profile("memory://profiles/run", profiled.trace, model=profiled.model, step=1)
    names = {
        Path(name).name for name in fsspec.filesystem("memory").ls("/profiles/run/plugins/tflite/model", detail=False)
    }
    assert names == {"1.xnnpack.trace.json", "1.tflite", "1.json"}
    with fsspec.open(written, "rb") as file:
        assert json.load(file)["format"] == "tflite-viz-trace"


@pytest.mark.parametrize("make", [tensorboardX.SummaryWriter, tensorboard.summary.Writer], ids=["X", "tensorboard"])
def test_scalars_go_through_the_callers_writer(make: Callable[[str], Any], tmp_path: Path, profiled: Profile) -> None:
    writer = make(str(tmp_path))
    writer.add_scalar("loss", 1.0, 0)
    for step in (0, 5):
        log_profile(writer, profiled.trace, tag="net", step=step)
    writer.close()
    assert sum("tfevents" in path.name for path in tmp_path.iterdir()) == 1
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0, "scalars": 0})
    events.Reload()
    tags = {tag for kind in ("scalars", "tensors") for tag in events.Tags()[kind]}
    wanted = {"net/inference_us", "net/first_inference_us", "net/memory_bytes", "net/delegated"}
    assert tags == {"loss", *wanted}
    kind = "scalars" if "loss" in events.Tags()["scalars"] else "tensors"
    points = events.Scalars("net/delegated") if kind == "scalars" else events.Tensors("net/delegated")
    assert [point.step for point in points] == [0, 5]
    if kind == "scalars":
        assert points[0].value == 1.0
        assert events.Scalars("net/inference_us")[0].value == pytest.approx(profiled.trace.latency.typical() / 1000)


def test_wrong_places_are_refused(tmp_path: Path, profiled: Profile) -> None:
    for wrong in ({"tag": "../x"}, {"tag": ""}, {"step": -1}):
        with pytest.raises(ValueError, match=r"tag|step"):
            log_profile(tmp_path, profiled.trace, **wrong)
    assert list(tmp_path.iterdir()) == []


def test_logdir_of_the_command(viz: Any, models: Path, tmp_path: Path) -> None:
    result = viz(
        "profile", models / "tiny_mlp.tflite", "--runs", "2", "--logdir", str(tmp_path), "--tag", "net", "--step", "3"
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "plugins/tflite/net/3.xnnpack.trace.json").is_file()
    assert (tmp_path / "plugins/tflite/net/3.tflite").is_file()
    outside = viz("profile", models / "tiny_mlp.tflite", "--runs", "1", "--logdir", str(tmp_path), "--tag", "..")
    assert "tag" in outside.stderr
