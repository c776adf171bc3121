"""Metadata at the doors: files that are appended to a model as downloads, and the command."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from tb_tflite_plugin import app as app_module

FILES = {"labels.txt": b"<b>cat</b>\ndog\n", '../../evil"\r\nX-Bad: 1.html': b"<script>", ".bashrc": b"rm"}


@pytest.fixture
def model(models: Path, tmp_path: Path) -> Path:
    """A model with files of unpleasant names appended."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    path = tmp_path / "labelled.tflite"
    path.write_bytes((models / "tiny_mlp.tflite").read_bytes() + packed.getvalue())
    return path


@pytest.fixture
def client(serve: Callable[..., Client], model: Path) -> Client:
    return serve(model)


def url(client: Client, place: int) -> str:
    return f"/model/{client.get('/models').json['models'][0]['id']}/file/{place}"


def test_files_are_downloads_and_never_pages(client: Client) -> None:
    for place, data in enumerate(FILES.values()):
        answer = client.get(url(client, place))
        assert (answer.status_code, answer.data) == (200, data)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert "X-Bad" not in answer.headers
    names = [client.get(url(client, place)).headers["Content-Disposition"] for place in range(3)]
    assert names[0] == 'attachment; filename="labels.txt"'
    assert names[1] == 'attachment; filename="evil___X-Bad_ 1.html"'
    assert names[2] == 'attachment; filename="_bashrc"'


def test_a_file_that_is_not_there(client: Client) -> None:
    answer = client.get(url(client, 3))
    assert answer.status_code == 404
    assert "3 files" in answer.json["error"]["message"]


def test_large_files_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "_MOST_FILE_BYTES", 5)
    answer = client.get(url(client, 0))
    assert answer.status_code == 422
    assert "at most 5" in answer.json["error"]["message"]


def test_command(viz: Any, model: Path) -> None:
    shown = viz("metadata", model, text=False)
    assert shown.returncode == 0
    assert b"no TFLITE_METADATA" in shown.stdout
    assert b"labels.txt" in shown.stdout
    assert b"\r" not in shown.stdout
    assert viz("metadata", model, "--file", "labels.txt", text=False).stdout == FILES["labels.txt"]
    missing = viz("metadata", model, "--file", "nothing.txt", text=False)
    assert missing.returncode == 2
    assert b"labels.txt" in missing.stderr
