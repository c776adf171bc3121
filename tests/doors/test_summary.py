"""Logging models next to the events of a run."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import numpy as np
import pytest
import tensorboard.summary
import tensorboardX

from tb_tflite_plugin import ModelError, open_model
from tb_tflite_plugin import summary as summary_module
from tb_tflite_plugin.scan import Root, scan
from tb_tflite_plugin.summary import log_model, logdir_of


@pytest.fixture
def tiny(models: Path) -> Path:
    """A small model."""
    return models / "tiny_mlp.tflite"


class TorchLikeWriter:
    """What torch.utils.tensorboard.SummaryWriter shows of itself."""

    def __init__(self, log_dir: str) -> None:
        self.log_dir = log_dir

    def get_logdir(self) -> str:
        return self.log_dir


class TensorFlowLikeWriter:
    """What tf.summary.create_file_writer returns: the directory is a bound argument, a tensor or bytes."""

    class Tensor:
        def __init__(self, value: bytes) -> None:
            self._value = value

        def numpy(self) -> bytes:
            return self._value

    def __init__(self, logdir: str, as_tensor: bool = True) -> None:
        value = os.fsencode(logdir)
        self._init_op_fn = functools.partial(print, logdir=self.Tensor(value) if as_tensor else value)


def files(folder: Path) -> dict[str, bytes]:
    """All files below a directory."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", [str, Path, Path.read_bytes], ids=["path", "Path", "bytes"])
def test_layout_and_sidecar(tmp_path: Path, tiny: Path, kind: Callable[[Path], Any]) -> None:
    before = time.time()
    written = log_model(tmp_path / "run", kind(tiny), tag="net", step=7)
    assert written == str(tmp_path / "run/plugins/tflite/net/7.tflite")
    found = files(tmp_path)
    assert set(found) == {"run/plugins/tflite/net/7.tflite", "run/plugins/tflite/net/7.json"}
    assert found["run/plugins/tflite/net/7.tflite"] == tiny.read_bytes()
    sidecar = json.loads(found["run/plugins/tflite/net/7.json"])
    assert before <= sidecar.pop("wall_time") <= time.time()
    assert sidecar == {
        "version": 1, "tag": "net", "step": 7, "sha256": open_model(tiny).sha256, "size_bytes": tiny.stat().st_size,
        "name": "" if kind is Path.read_bytes else "tiny_mlp.tflite",
    }  # fmt: skip


def test_defaults_and_nested_tags(tmp_path: Path, tiny: Path) -> None:
    log_model(str(tmp_path), tiny)
    log_model(str(tmp_path), tiny, tag="a/b c/d", step=np.int64(3))
    (result,) = [scan([Root(str(tmp_path))], follow_links=False)]
    assert [(m.run, m.tag, m.step) for m in result.models] == [(".", "a/b c/d", 3), (".", "model", 0)]


def test_home_is_expanded(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert log_model("~/logs", tiny).startswith(str(tmp_path / "logs"))


def test_a_model_inside_a_container(tmp_path: Path, real_models: dict[str, Path]) -> None:
    container = real_models["gestures.task"]
    member = scan([Root(str(container))], follow_links=False).models[0].member
    written = log_model(tmp_path, f"{container}!{member}")
    assert Path(written).read_bytes() == open_model(f"{container}!{member}").source.data.tobytes()


def test_tensorboardx_writer(tmp_path: Path, tiny: Path) -> None:
    with tensorboardX.SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_scalar("loss", 1.0, 0)
        writer.flush()
        before = files(tmp_path)
        assert len(before) == 1
        log_model(writer, tiny, tag="net", step=1)
        after = files(tmp_path)
        assert set(after) - set(before) == {"run/plugins/tflite/net/1.tflite", "run/plugins/tflite/net/1.json"}
        assert before.items() <= after.items(), "the run's events are as they were"
        writer.add_scalar("loss", 0.5, 1)
    assert sum("tfevents" in name for name in files(tmp_path)) == 1


def test_tensorboard_writer(tmp_path: Path, tiny: Path) -> None:
    writer = tensorboard.summary.Writer(str(tmp_path / "run"))
    writer.add_scalar("loss", 1.0, 0)
    writer.flush()
    before = files(tmp_path)
    assert len(before) == 1
    written = log_model(writer, tiny, tag="net", step=1)
    assert written == str(tmp_path / "run/plugins/tflite/net/1.tflite")
    assert before.items() <= files(tmp_path).items()
    assert sum("tfevents" in name for name in files(tmp_path)) == 1
    writer.close()


@pytest.mark.parametrize(
    "make",
    [TorchLikeWriter, TensorFlowLikeWriter, functools.partial(TensorFlowLikeWriter, as_tensor=False)],
    ids=["torch", "tensorflow", "tensorflow, bytes"],
)
def test_other_writers(tmp_path: Path, tiny: Path, make: Callable[[str], Any]) -> None:
    written = log_model(make(str(tmp_path / "run")), tiny, step=2)
    assert written == str(tmp_path / "run/plugins/tflite/model/2.tflite")
    assert set(files(tmp_path)) == {"run/plugins/tflite/model/2.tflite", "run/plugins/tflite/model/2.json"}


def test_unknown_writer(tiny: Path) -> None:
    with pytest.raises(ValueError, match="the directory of object is not known; pass the log directory itself"):
        log_model(object(), tiny)
    with pytest.raises(ValueError, match="NoneType"):
        logdir_of(None)


def test_remote_log_directory(tiny: Path) -> None:
    url = f"memory://bucket-{uuid4().hex}/run"
    written = log_model(url, tiny, tag="net", step=4)
    assert written == f"{url}/plugins/tflite/net/4.tflite"
    with fsspec.open(written, "rb") as file:
        assert file.read() == tiny.read_bytes()
    with fsspec.open(f"{url}/plugins/tflite/net/4.json", "rb") as file:
        assert json.loads(file.read())["step"] == 4
    (found,) = scan([Root(url.removesuffix("/run"))], follow_links=False).models
    assert (found.run, found.tag, found.step) == ("run", "net", 4)
    fsspec.filesystem("memory").rm(url, recursive=True)


def test_file_url(tmp_path: Path, tiny: Path) -> None:
    log_model(f"file://{tmp_path}/run", tiny)
    assert set(files(tmp_path)) == {"run/plugins/tflite/model/0.tflite", "run/plugins/tflite/model/0.json"}


class DiskFullError(Exception):
    """Stands for whatever ends writing."""


@pytest.fixture
def disk_full(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Writing a model fails in the middle; collects what a scan would have seen at that moment."""
    seen: list[set[str]] = []

    def copy(model: Any, file: Any) -> None:
        file.write(model.source.read(0, 100))
        file.flush()
        if isinstance(getattr(file, "name", None), str):
            logdir = file.name.partition("/plugins/")[0]
            seen.append({found.label for found in scan([Root(logdir)], follow_links=False).models})
        raise DiskFullError

    monkeypatch.setattr(summary_module, "_copy", copy)
    return seen


def test_failure_leaves_nothing(tmp_path: Path, tiny: Path, disk_full: list[set[str]]) -> None:
    with pytest.raises(DiskFullError):
        log_model(tmp_path, tiny, tag="net", step=1)
    assert files(tmp_path) == {}
    assert disk_full == [set()]


def test_failure_leaves_the_earlier_one(
    tmp_path: Path, tiny: Path, models: Path, request: pytest.FixtureRequest
) -> None:
    log_model(tmp_path, tiny, tag="net", step=1)
    before = files(tmp_path)
    seen = request.getfixturevalue("disk_full")
    with pytest.raises(DiskFullError):
        log_model(tmp_path, models / "mnet_int8.tflite", tag="net", step=1)
    assert files(tmp_path) == before
    assert seen == [{"plugins/tflite/net/1.tflite"}]


def test_failure_leaves_nothing_remote(tiny: Path, disk_full: list[set[str]]) -> None:
    url = f"memory://bucket-{uuid4().hex}"
    with pytest.raises(DiskFullError):
        log_model(url, tiny)
    assert scan([Root(url)], follow_links=False).models == []
    assert fsspec.filesystem("memory").find(url) == []


def test_logging_again_replaces(tmp_path: Path, tiny: Path, models: Path) -> None:
    log_model(tmp_path, tiny)
    log_model(tmp_path, models / "mnet_int8.tflite")
    found = files(tmp_path)
    assert found["plugins/tflite/model/0.tflite"] == (models / "mnet_int8.tflite").read_bytes()
    assert json.loads(found["plugins/tflite/model/0.json"])["name"] == "mnet_int8.tflite"
    assert len(found) == 2


@pytest.mark.parametrize("tag", ["", "/", "a/", "/a", "a//b", "..", "a/../b", ".", ".hidden", "a/.b", "a\\b", "a\0b"])
def test_bad_tag(tmp_path: Path, tiny: Path, tag: str) -> None:
    with pytest.raises(ValueError, match="tag "):
        log_model(tmp_path, tiny, tag=tag)
    assert files(tmp_path) == {}


@pytest.mark.parametrize(("step", "error"), [(-1, ValueError), (1.5, TypeError), ("1", TypeError), (None, TypeError)])
def test_bad_step(tmp_path: Path, tiny: Path, step: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        log_model(tmp_path, tiny, step=step)
    assert files(tmp_path) == {}


def test_bad_model(tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("hello")
    for wrong in (b"", b"not a model", tmp_path / "text.tflite", tmp_path / "missing.tflite", str(tmp_path)):
        with pytest.raises(ModelError):
            log_model(tmp_path / "run", wrong)
    assert not (tmp_path / "run").exists()
