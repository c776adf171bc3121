"""Finding models: what is listed, under which name, and what is passed over."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing import data_ingester

from tb_tflite_plugin import scan as scan_module
from tb_tflite_plugin.plugin import roots_of
from tb_tflite_plugin.scan import Root, Scan, scan


@pytest.fixture
def tiny(models: Path) -> bytes:
    """A small model."""
    return (models / "tiny_mlp.tflite").read_bytes()


@pytest.fixture
def lay(tmp_path: Path, tiny: bytes) -> Callable[..., Path]:
    """Lays files into a log directory: models, unless the content is given."""

    def write(*names: str, **contents: bytes) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tiny if "tfevents" not in name else b"")
        for name, content in contents.items():
            (tmp_path / name.replace("__", ".")).write_bytes(content)
        return tmp_path

    return write


def look(*paths: Path | str, follow_links: bool = False) -> Scan:
    """Scans some paths."""
    return scan([Root(str(path)) for path in paths], follow_links)


def labels(result: Scan) -> list[str]:
    """What was found, by label."""
    return [found.label for found in result.models]


def named(result: Scan) -> list[tuple[str, str, int | None]]:
    """What was found, by run, tag and step."""
    return [(found.run, found.tag, found.step) for found in result.models]


def test_logged_models_have_run_tag_and_step(lay: Callable[..., Path]) -> None:
    logdir = lay(
        "a/plugins/tflite/net/7.tflite",
        "a/plugins/tflite/net/10.tflite",
        "a/plugins/tflite/net/part/0.tflite",
        "b/c/plugins/tflite/model/3.tflite",
        "plugins/tflite/top/1.tflite",
        "a/plugins/tflite/net/last.tflite",
    )
    assert named(look(logdir)) == [
        (".", "top", 1),
        ("a", "net", 7),
        ("a", "net", 10),
        ("a", "net/part", 0),
        ("a/plugins/tflite/net", "last.tflite", None),
        ("b/c", "model", 3),
    ]


def test_other_models_belong_to_the_nearest_run(lay: Callable[..., Path]) -> None:
    logdir = lay(
        "train/events.out.tfevents.1.host", "train/export/deep/a.tflite", "train/b.tflite",
        "train/eval/events.out.tfevents.2.host", "train/eval/c.tflite",
        "exports/v1/d.tflite", "e.tflite",
    )  # fmt: skip
    assert named(look(logdir)) == [
        (".", "e.tflite", None),
        ("exports/v1", "d.tflite", None),
        ("train", "b.tflite", None),
        ("train", "export/deep/a.tflite", None),
        ("train/eval", "c.tflite", None),
    ]


def test_log_directory_that_is_a_run(lay: Callable[..., Path]) -> None:
    logdir = lay("events.out.tfevents.1.host", "a.tflite", "export/b.tflite")
    assert named(look(logdir)) == [(".", "a.tflite", None), (".", "export/b.tflite", None)]


def test_names_of_roots_come_first(lay: Callable[..., Path]) -> None:
    logdir = lay("a.tflite", "deep/b.tflite", "run/plugins/tflite/net/4.tflite")
    assert named(scan([Root(str(logdir), "mine")], follow_links=False)) == [
        ("mine", "a.tflite", None),
        ("mine/deep", "b.tflite", None),
        ("mine/run", "net", 4),
    ]


def test_a_file_is_a_root_too(lay: Callable[..., Path]) -> None:
    logdir = lay("a.tflite", "b.tflite")
    assert named(look(logdir / "b.tflite", logdir / "a.tflite")) == [(".", "a.tflite", None), (".", "b.tflite", None)]


def test_what_is_a_model_is_said_by_suffix_or_content(lay: Callable[..., Path], tiny: bytes) -> None:
    logdir = lay(
        "a.tflite", "B.TFLITE", "c.lite", "noext", "weights.bin", "model.tflite.bak", "d.json", "e.txt", "old.gz",
        "events.out.tfevents.1", text=b"hello", short=b"TFL", empty=b"",
    )  # fmt: skip
    assert sorted(labels(look(logdir))) == [
        "B.TFLITE",
        "a.tflite",
        "c.lite",
        "model.tflite.bak",
        "noext",
        "weights.bin",
    ]


def test_containers_list_their_models(lay: Callable[..., Path], tiny: bytes) -> None:
    logdir = lay("run/events.out.tfevents.1")
    with zipfile.ZipFile(logdir / "run" / "bundle.task", "w") as bundle:
        bundle.writestr("detector.tflite", tiny)
        bundle.writestr("labels.txt", "cat")
        bundle.writestr("packed.tflite", tiny, compress_type=zipfile.ZIP_DEFLATED)
    result = look(logdir)
    assert labels(result) == ["run/bundle.task!detector.tflite", "run/bundle.task!packed.tflite"]
    assert named(result)[0] == ("run", "bundle.task!detector.tflite", None)
    assert [found.member for found in result.models] == ["detector.tflite", "packed.tflite"]
    assert {found.file_label for found in result.models} == {"run/bundle.task"}


def test_real_container(real_models: dict[str, Path]) -> None:
    result = look(real_models["gestures.task"])
    assert len(result.models) > 1
    assert all(found.error is None for found in result.models)
    assert all(label.startswith("gestures.task!") for label in labels(result))


def test_unreadable_files_are_listed_with_their_reason(lay: Callable[..., Path]) -> None:
    logdir = lay(
        "good.tflite", text__tflite=b"hello, I am a text", empty__tflite=b"", zip__task=b"PK\3\4 and then nothing",
        short__litertlm=b"LITERTLM" + bytes(40),
    )  # fmt: skip
    errors = {found.label: found.error for found in look(logdir).models}
    assert errors.pop("good.tflite") is None
    assert errors["text.tflite"] == "holds no TensorFlow Lite model"
    assert errors["empty.tflite"] == "the file is empty"
    assert errors.keys() == {"text.tflite", "empty.tflite", "zip.task", "short.litertlm"}
    assert all(errors.values())


def test_links_in_circles(lay: Callable[..., Path]) -> None:
    logdir = lay("a/b/deep.tflite", "top.tflite")
    (logdir / "a" / "up").symlink_to(logdir)
    (logdir / "a" / "b" / "self").symlink_to(".")
    (logdir / "loop").symlink_to("loop")
    (logdir / "ping").symlink_to("pong")
    (logdir / "pong").symlink_to("ping")
    for follow_links in (False, True):
        assert labels(look(logdir, follow_links=follow_links)) == ["top.tflite", "a/b/deep.tflite"]


def test_a_directory_goes_by_its_own_name_and_not_by_its_link(lay: Callable[..., Path]) -> None:
    logdir = lay(*(f"run{i}/sub/m.tflite" for i in range(6)))
    for i in range(6):
        (logdir / f"{'az'[i % 2]}-latest-{i}").symlink_to(logdir / f"run{i}")
    assert labels(look(logdir)) == [f"run{i}/sub/m.tflite" for i in range(6)]


@pytest.mark.parametrize("place", [".hidden", "node_modules", "__pycache__", ".git/x", "a/node_modules/b"])
def test_what_is_passed_over(lay: Callable[..., Path], place: str) -> None:
    logdir = lay(f"{place}/m.tflite", ".m.tflite", "shown.tflite")
    assert labels(look(logdir)) == ["shown.tflite"]


def test_pipes_and_directories_that_call_themselves_models(lay: Callable[..., Path]) -> None:
    logdir = lay("folder.tflite/inner.tflite")
    os.mkfifo(logdir / "pipe.tflite")
    os.mkfifo(logdir / "pipe")
    assert labels(look(logdir)) == ["folder.tflite/inner.tflite"]


def test_too_many_entries(lay: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    logdir = lay(*(f"{i}/m.tflite" for i in range(40)))
    monkeypatch.setattr(scan_module, "_MAX_ENTRIES", 60)
    result = look(logdir)
    assert result.notes == ["stopped after 60 files and directories"]
    assert 0 < len(result.models) < 40


def test_notes_are_bounded(lay: Callable[..., Path]) -> None:
    logdir = lay("m.tflite")
    for i in range(300):
        (logdir / f"out{i}").symlink_to("/")
    result = look(logdir)
    assert labels(result) == ["m.tflite"]
    assert len(result.notes) == 100


def test_what_may_not_be_read_is_noted(lay: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Denied by hand: root may read everything."""
    logdir = lay("open/m.tflite", "closed/m.tflite", "sealed")
    real_scandir, real_open = os.scandir, open

    def scandir(path: str) -> Any:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real_scandir(path)

    def opened(path: str, *arguments: Any, **options: Any) -> Any:
        if str(path).endswith("sealed"):
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, *arguments, **options)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr("builtins.open", opened)
    result = look(logdir)
    assert labels(result) == ["open/m.tflite"]
    assert sorted(result.notes) == ["closed: Permission denied", "sealed: Permission denied"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_really_may_not_be_read(lay: Callable[..., Path]) -> None:
    logdir = lay("open/m.tflite", "closed/m.tflite", "sealed.tflite")
    (logdir / "closed").chmod(0)
    (logdir / "sealed.tflite").chmod(0)
    result = look(logdir)
    (logdir / "closed").chmod(0o700)
    assert result.notes == ["closed: Permission denied"]
    assert {found.label: found.error for found in result.models}["sealed.tflite"] == "Permission denied"


def test_a_directory_that_vanishes_costs_itself_only(lay: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    logdir = lay("a/m.tflite", "b/m.tflite", "c/m.tflite")
    real_stat = os.stat

    def vanished(path: Any, **options: Any) -> os.stat_result:
        if str(path).endswith("/b"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return real_stat(path, **options)

    monkeypatch.setattr(scan_module.os, "stat", vanished)
    result = look(logdir)
    assert labels(result) == ["a/m.tflite", "c/m.tflite"]
    assert result.notes == ["b: No such file or directory"]


def test_missing_root_is_noted_and_costs_itself_only(lay: Callable[..., Path]) -> None:
    logdir = lay("m.tflite")
    result = look(logdir / "nothing", logdir)
    assert labels(result) == ["m.tflite"]
    assert result.notes == [f"{logdir / 'nothing'}: no such file or directory"]


def test_home_and_file_urls(lay: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    logdir = lay("logs/m.tflite")
    monkeypatch.setenv("HOME", str(logdir))
    assert labels(look("~/logs")) == ["m.tflite"]
    assert labels(look(f"file://{logdir}/logs")) == ["m.tflite"]


# Remote log directories.


@pytest.fixture
def bucket(tiny: bytes) -> Iterator[str]:
    """A URL below which models and event files lie."""
    url = f"memory://bucket-{uuid4().hex}"
    for name in (
        "a.tflite",
        "train/b.tflite",
        "train/deep/c.tflite",
        "train/plugins/tflite/net/5.tflite",
        "other/d.TFLITE",
    ):
        with fsspec.open(f"{url}/{name}", "wb") as file:
            file.write(tiny)
    for name in ("train/events.out.tfevents.1.host", "train/events.out.tfevents.2.host", "notes.txt", "weights.bin"):
        with fsspec.open(f"{url}/{name}", "wb") as file:
            file.write(b"something")
    yield url
    fsspec.filesystem("memory").rm(url, recursive=True)


def test_remote_models(bucket: str) -> None:
    result = look(bucket)
    assert named(result) == [
        (".", "a.tflite", None),
        ("other", "d.TFLITE", None),
        ("train", "b.tflite", None),
        ("train", "deep/c.tflite", None),
        ("train", "net", 5),
    ]
    assert all(found.remote for found in result.models)
    assert result.notes == []


def test_remote_root_may_be_one_file(bucket: str) -> None:
    assert labels(look(f"{bucket}/train/b.tflite")) == ["b.tflite"]


def test_a_remote_directory_called_tfevents_is_no_run(tiny: bytes) -> None:
    url = f"memory://bucket-{uuid4().hex}"
    with fsspec.open(f"{url}/tfevents-exports/m.tflite", "wb") as file:
        file.write(tiny)
    assert named(look(url)) == [("tfevents-exports", "m.tflite", None)]


class BrokenStore(MemoryFileSystem):
    """A store that answers like real ones: with an error of its own."""

    protocol = "broken"

    class ForbiddenError(Exception):
        """Not an OSError."""

    def find(self, *arguments: Any, **options: Any) -> Any:
        raise self.ForbiddenError("403: no credentials")


def test_failing_remote_is_noted_and_costs_itself_only(lay: Callable[..., Path]) -> None:
    fsspec.register_implementation("broken", BrokenStore, clobber=True)
    logdir = lay("m.tflite")
    result = look("broken://bucket/x", "unheard-of://bucket", logdir)
    assert labels(result) == ["m.tflite"]
    assert result.notes[0] == "broken://bucket/x: 403: no credentials"
    assert result.notes[1].startswith("unheard-of://bucket: ")


# --logdir_spec.

PARTS = st.sampled_from(
    ["name", "/abs/path", "rel/path", ":", "~", "s3://b/k", "gs://b", "a+b://c", ".", "..", "C:\\x", "x y", "/", "é"]
)


@settings(deadline=None)
@given(st.lists(st.lists(PARTS, min_size=1, max_size=4).map("".join), min_size=1, max_size=4).map(",".join))
def test_logdir_spec_is_read_as_tensorboard_reads_it(spec: str) -> None:
    theirs = {path: name or "" for path, name in data_ingester._parse_event_files_spec(spec).items()}
    assert {_as_tensorboard_keeps_it(root.path): root.name for root in roots_of("", spec)} == theirs


def _as_tensorboard_keeps_it(path: str) -> str:
    is_url = re.match("[a-zA-Z][0-9a-zA-Z.]*://", path)
    return path if is_url else os.path.realpath(os.path.expanduser(path))


def test_logdir_and_spec() -> None:
    assert roots_of("/logs", "") == [Root("/logs")]
    assert roots_of("", "") == []
    assert roots_of("", "a:/x,/y,b:rel,gs://bucket/z,c:s3://bucket") == [
        Root("/x", "a"),
        Root("/y"),
        Root("rel", "b"),
        Root("gs://bucket/z"),
        Root("s3://bucket", "c"),
    ]
