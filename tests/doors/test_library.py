"""The library: looking in the background, again and again, and opening what was found."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from werkzeug.test import Client

from tb_tflite_plugin import ModelError, open_model
from tb_tflite_plugin import library as library_module
from tb_tflite_plugin.app import App
from tb_tflite_plugin.cache import ByteCache
from tb_tflite_plugin.errors import NotReady, UnknownModel
from tb_tflite_plugin.library import Library
from tb_tflite_plugin.scan import Root

Settled = Callable[[Library], dict[str, Any]]
WaitFor = Callable[..., Any]


def labels(listing: dict[str, Any]) -> list[str]:
    """What is listed."""
    return [entry["label"] for entry in listing["models"]]


def ready(library: Library, wanted: str, wait_for: WaitFor) -> Any:
    """The model, once it has been fetched and identified."""

    def ask() -> Any:
        try:
            return library.model(wanted)
        except NotReady:
            return None

    return wait_for(ask, "the model")


def test_ten_thousand_files(tmp_path: Path, models: Path, settled: Settled) -> None:
    data = (models / "tiny_mlp.tflite").read_bytes()
    wanted = {}
    for directory in range(100):
        folder = tmp_path / f"run{directory % 10}" / f"{directory:03}"
        folder.mkdir(parents=True)
        if directory % 20 == 0:
            (folder.parent / "events.out.tfevents.1").touch()
        for number in range(100):
            if number < 10:
                name = f"m{number}.tflite"
                (folder / name).write_bytes(data)
                run = folder.parent.name if folder.parent.name == "run0" else f"{folder.parent.name}/{directory:03}"
                label = f"{folder.parent.name}/{directory:03}/{name}"
                wanted[label] = (run, label.removeprefix(f"{run}/"))
            else:
                (folder / f"f{number}.{('txt', 'bin', 'json')[number % 3]}").write_bytes(b"something else")
    listing = settled(Library([Root(str(tmp_path))]))
    assert len(wanted) == 1000
    assert {entry["label"]: (entry["run"], entry["tag"]) for entry in listing["models"]} == wanted
    assert {entry["sha256"] for entry in listing["models"]} == {hashlib.sha256(data).hexdigest()}
    assert len({entry["key"] for entry in listing["models"]}) == 1000
    assert listing["scan"]["entries"] == 10_000 + 100 + 10 + 1
    assert listing["scan"]["notes"] == []


def test_nothing_is_looked_at_before_the_first_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    monkeypatch.setattr(library_module, "scan", lambda *_: asked.set() or library_module.Scan())
    library = Library([Root(str(tmp_path))])
    assert not asked.is_set()
    assert not library.has_models
    assert asked.wait(60)


def test_rescans_see_new_changed_and_removed_files(
    tmp_path: Path, models: Path, settled: Settled, wait_for: WaitFor
) -> None:
    def lay(name: str, model: str) -> None:
        (tmp_path / name).write_bytes((models / model).read_bytes())

    lay("stays.tflite", "tiny_mlp.tflite")
    lay("changes.tflite", "tiny_mlp.tflite")
    lay("goes.tflite", "tiny_mlp.tflite")
    library = Library([Root(str(tmp_path))])
    before = {entry["label"]: entry for entry in settled(library)["models"]}
    assert set(before) == {"stays.tflite", "changes.tflite", "goes.tflite"}

    lay("changes.tflite", "mnet_int8.tflite")
    lay("comes.tflite", "mnet_float32.tflite")
    (tmp_path / "goes.tflite").unlink()
    library.rescan()
    after = {entry["label"]: entry for entry in settled(library)["models"]}
    assert set(after) == {"stays.tflite", "changes.tflite", "comes.tflite"}
    assert after["stays.tflite"] == before["stays.tflite"]
    assert after["changes.tflite"]["sha256"] == open_model(models / "mnet_int8.tflite").sha256
    assert after["changes.tflite"]["key"] != before["changes.tflite"]["key"]
    with pytest.raises(UnknownModel):
        library.model(before["goes.tflite"]["key"])
    assert len(library.model(after["changes.tflite"]["key"]).operators) == len(
        open_model(models / "mnet_int8.tflite").operators
    )


def test_looks_again_by_itself(tmp_path: Path, models: Path, settled: Settled, wait_for: WaitFor) -> None:
    library = Library([Root(str(tmp_path))], interval=0.05)
    assert labels(settled(library)) == []
    assert not library.has_models
    (tmp_path / "m.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    wait_for(lambda: library.has_models, "the new model")
    (tmp_path / "m.tflite").unlink()
    wait_for(lambda: not library.has_models, "the model's end")


def test_a_root_can_be_added(tmp_path: Path, models: Path, settled: Settled) -> None:
    library = Library([])
    assert labels(settled(library)) == []
    library.add(Root(str(models / "tiny_mlp.tflite")))
    library.add(Root(str(models / "tiny_mlp.tflite")))
    assert labels(settled(library)) == ["tiny_mlp.tflite"]


def test_huge_file_opens_before_its_hash_is_known(
    tmp_path: Path, models: Path, settled: Settled, wait_for: WaitFor
) -> None:
    file = tmp_path / "huge.tflite"
    file.write_bytes((models / "mnet_float32.tflite").read_bytes())
    os.truncate(file, 1 << 38)  # a hole of 256 GiB, which no test reads to its end
    try:
        library = Library([Root(str(tmp_path))])
        client = Client(App(library))
        wait_for(lambda: library.has_models, "the file")
        (entry,) = library.listing(60)["models"]
        answer = client.get(f"/model/{entry['key']}/graph")
        assert answer.status_code == 200
        (entry,) = library.listing()["models"]
        assert entry["sha256"] is None
        assert entry["id"] == entry["key"]
        assert entry["size"] == 1 << 38
        with pytest.raises(NotReady, match="identifying models, 1 to go"):
            library.model("0" * 64)
    finally:
        os.truncate(file, 0)  # ends the hashing, too


def test_small_files_are_identified_first(tmp_path: Path, models: Path, wait_for: WaitFor) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    os.truncate(tmp_path / "a.tflite", 1 << 38)
    try:
        library = Library([Root(str(tmp_path))])
        digest = open_model(models / "tiny_mlp.tflite").sha256
        assert len(ready(library, digest, wait_for).operators)
        assert [entry["sha256"] for entry in library.listing()["models"]] == [None, digest]
    finally:
        os.truncate(tmp_path / "a.tflite", 0)


def test_a_file_that_cannot_be_hashed_ends_nothing(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, wait_for: WaitFor
) -> None:
    from tb_tflite_plugin.analysis.source import Source

    for name in ("a", "b"):
        (tmp_path / f"{name}.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    read = Source.read

    def stale(source: Source, offset: int, size: int) -> bytes:
        if source.name == "a.tflite":
            raise OSError(116, "Stale file handle")
        return read(source, offset, size)

    monkeypatch.setattr(Source, "read", stale)
    library = Library([Root(str(tmp_path))])
    wait_for(
        lambda: [entry["sha256"] for entry in library.listing()["models"]][1:] not in ([], [None]), "the other hash"
    )
    library.rescan()
    wait_for(lambda: not library.listing(1)["scan"]["running"], "another scan")


@pytest.mark.parametrize("replace", [False, True], ids=["written over", "replaced"])
def test_a_file_that_changes_is_an_error_and_then_found_again(
    tmp_path: Path, models: Path, serve: Callable[..., Client], wait_for: WaitFor, replace: bool
) -> None:
    file = tmp_path / "model.tflite"
    file.write_bytes((models / "mnet_float32.tflite").read_bytes())
    client = serve(tmp_path)
    (before,) = client.get("/models").json["models"]
    url = f"/model/{before['id']}/graph"
    assert client.get(url).status_code == 200

    new = (models / "mnet_int8.tflite").read_bytes()
    if replace:
        (tmp_path / "new").write_bytes(new)
        (tmp_path / "new").replace(file)
        client.get("/models?rescan=1")
    else:
        file.write_bytes(new)
        answer = client.get(url)
        assert answer.status_code == 422
        assert answer.json["error"]["file"] == "model.tflite"
        assert "changed" in answer.json["error"]["message"]

    def found_again() -> Any:
        return [entry for entry in client.get("/models").json["models"] if entry["sha256"] not in (None, before["id"])]

    (after,) = wait_for(found_again, "the new file")
    assert client.get(f"/model/{after['id']}/graph").status_code == 200
    assert client.get(url).status_code == 404


def test_a_file_that_vanishes(tmp_path: Path, models: Path, serve: Callable[..., Client], wait_for: WaitFor) -> None:
    file = tmp_path / "model.tflite"
    file.write_bytes((models / "tiny_mlp.tflite").read_bytes())
    client = serve(tmp_path)
    (entry,) = client.get("/models").json["models"]
    file.unlink()
    answer = client.get(f"/model/{entry['id']}/graph")
    assert answer.status_code == 422
    assert answer.json["error"]["message"] == "No such file or directory"
    wait_for(lambda: client.get("/models").json["models"] == [], "the file's end")


def test_container_members_open(real_models: dict[str, Path], serve: Callable[..., Client]) -> None:
    client = serve(real_models["gestures.task"])
    entries = client.get("/models").json["models"]
    assert len(entries) > 1
    assert len({entry["sha256"] for entry in entries}) == len(entries)
    for entry in entries:
        assert client.get(f"/model/{entry['sha256']}/graph").status_code == 200


def test_many_threads_open_a_model_once(
    tmp_path: Path, models: Path, settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    really = library_module.Model
    monkeypatch.setattr(library_module, "Model", lambda source: made.append(1) or really(source))
    library = Library([Root(str(models / "mnet_float32.tflite"))])
    (entry,) = settled(library)["models"]
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(library.model(entry["id"]))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(made) == len(set(map(id, found))) == 1


def test_cache_keeps_what_was_used_last() -> None:
    cache: ByteCache[bytes] = ByteCache(10, len)
    for name in "abc":
        cache.get(name, lambda: b"1234")
    made: list[str] = []
    for name in "cba":
        cache.get(name, lambda name=name: made.append(name) or b"1234")
    assert made == ["a"]
    with pytest.raises(ZeroDivisionError):
        cache.get("x", lambda: 1 // 0)
    assert cache.get("x", lambda: b"after an error it is made again") == b"after an error it is made again"


# Remote models.


class Unsteady(MemoryFileSystem):
    """A store that lists files and fails to open them, until told otherwise."""

    protocol = "unsteady"
    fails = True

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if self.fails and mode == "rb":
            raise RuntimeError("the token has expired")
        return super()._open(path, mode, **options)


def test_remote_models_are_fetched_when_opened(models: Path, wait_for: WaitFor) -> None:
    url = f"memory://bucket-{uuid4().hex}"
    names = {"a.tflite": "tiny_mlp.tflite", "run/b.tflite": "mnet_int8.tflite"}
    for name, model in names.items():
        with fsspec.open(f"{url}/{name}", "wb") as file:
            file.write((models / model).read_bytes())
    for name in ("run/events.out.tfevents.1", "run/events.out.tfevents.2"):
        with fsspec.open(f"{url}/{name}", "wb") as file:
            file.write(b"x")
    library = Library([Root(url)])
    client = Client(App(library))
    wait_for(lambda: library.has_models, "the models")
    entries = {entry["label"]: entry for entry in library.listing(60)["models"]}
    assert {label: entry["run"] for label, entry in entries.items()} == {"a.tflite": ".", "run/b.tflite": "run"}
    for label, model in names.items():
        found = ready(library, entries[label]["key"], wait_for)
        assert found.sha256 == open_model(models / model).sha256
        assert client.get(f"/model/{entries[label]['key']}/graph").status_code == 200
    fsspec.filesystem("memory").rm(url, recursive=True)


def test_remote_model_that_cannot_be_fetched(models: Path, wait_for: WaitFor, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("unsteady", Unsteady, clobber=True)
    url = f"unsteady://bucket-{uuid4().hex}"
    with fsspec.open(f"{url}/m.tflite", "wb") as file:
        file.write((models / "tiny_mlp.tflite").read_bytes())
    library = Library([Root(url)])
    client = Client(App(library))
    wait_for(lambda: library.has_models, "the model")
    (entry,) = library.listing(60)["models"]
    path = f"/model/{entry['key']}/graph"
    failed = wait_for(lambda: (answer := client.get(path)).status_code != 503 and answer, "the failure")
    assert failed.status_code == 422
    assert failed.json["error"]["message"] == "cannot be fetched: RuntimeError: the token has expired"
    assert failed.json["error"]["file"] == "m.tflite"
    monkeypatch.setattr(Unsteady, "fails", False)
    wait_for(lambda: client.get(path).status_code == 200, "the model at last")


def test_empty_remote_file(wait_for: WaitFor) -> None:
    url = f"memory://bucket-{uuid4().hex}"
    with fsspec.open(f"{url}/m.tflite", "wb") as file:
        file.write(b"")
    library = Library([Root(url)])
    wait_for(lambda: library.has_models, "the model")
    (entry,) = library.listing(60)["models"]
    with pytest.raises(ModelError, match="the file is empty"):
        ready(library, entry["key"], wait_for)
    fsspec.filesystem("memory").rm(url, recursive=True)
