"""The oldest TensorBoard that the wheel's metadata allows: installed together with the wheel, started, asked."""

from __future__ import annotations

import email
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tb_tflite_plugin import open_model
from tb_tflite_plugin.summary import log_model

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "oldest"
# TensorBoard before 2.21 imports pkg_resources, which setuptools 82 dropped. New environments of Python 3.12 and later
# would get that one.
WITH = "setuptools<82"


@pytest.fixture(scope="module")
def requirement(distribution: Any) -> Requirement:
    """What the wheel asks of TensorBoard, for this Python."""
    with zipfile.ZipFile(distribution.wheel) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(wheel.read(name))
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist") or []]
    (found,) = (r for r in requirements if r.name == "tensorboard" and (r.marker is None or r.marker.evaluate()))
    return found


@pytest.fixture(scope="module")
def oldest(requirement: Requirement) -> str:
    """The first version that satisfies the requirement."""
    (specifier,) = requirement.specifier
    assert specifier.operator == ">=", "a newer TensorBoard is never refused"
    return specifier.version


@pytest.fixture(scope="module")
def environment(distribution: Any, oldest: str) -> Path:
    """The executables of an environment with that version and the wheel; kept until one of them changes."""
    with zipfile.ZipFile(distribution.wheel) as wheel:
        sums = "".join(f"{info.filename} {info.CRC}\n" for info in wheel.infolist())
    key = hashlib.sha256(f"{oldest} {sys.version} {WITH}\n{sums}".encode()).hexdigest()[:16]
    folder = CACHE / f"{oldest}-{key}"
    executables = folder / ("Scripts" if os.name == "nt" else "bin")
    if not (folder / "complete").exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        venv.create(folder)
        pip = [sys.executable, "-m", "pip", "--python", executables / "python", "install", "--quiet"]
        command = [*pip, distribution.wheel, f"tensorboard=={oldest}", WITH]
        result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        (folder / "complete").touch()
    return executables


@pytest.fixture(scope="module", params=["default", "python loader"])
def url(
    request: pytest.FixtureRequest,
    environment: Path,
    models: Path,
    tmp_path_factory: pytest.TempPathFactory,
    running: Callable[..., Any],
) -> Iterator[str]:
    """The address of that TensorBoard, on a log directory with one model, with each data loader."""
    logdir = tmp_path_factory.mktemp("logdir")
    log_model(logdir / "run", models / "mnet_int8.tflite", tag="net", step=3)
    flags = ["--load_fast=false"] if request.param == "python loader" else []
    command = [environment / "python", "-m", "tensorboard.main", "--logdir", logdir, "--port", "0", *flags]
    with running(command, cwd=logdir) as process:
        yield process.url.rstrip("/")
        log = process.log()
        assert "Traceback" not in log, log
        assert "will become an error" not in log, log


def test_tab(url: str, fetch: Callable[..., Any], wait_for: Callable[..., Any]) -> None:
    def active() -> bool:
        return json.loads(fetch(f"{url}/data/plugins_listing").body)["tflite"]["enabled"]

    wait_for(active, "the tab")
    page = fetch(f"{url}/data/plugin_entry.html?name=tflite")
    assert page.status == 200
    assert b'import("./index.js")' in page.body
    script = fetch(f"{url}/data/plugin/tflite/index.js")
    assert (script.status, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


def test_graph(url: str, fetch: Callable[..., Any], wait_for: Callable[..., Any], models: Path) -> None:
    model = open_model(models / "mnet_int8.tflite")

    def answer() -> Any:
        found = fetch(f"{url}/data/plugin/tflite/model/{model.sha256}/graph")
        assert found.status in (200, 404, 503)
        return found if found.status == 200 else None

    graph = wait_for(answer, "the graph")
    header = json.loads(graph.body[8 : 8 + int.from_bytes(graph.body[4:8], "little")])
    assert header["summary"]["operators"] == len(model.operators)
    (entry,) = json.loads(fetch(f"{url}/data/plugin/tflite/models").body)["models"]
    assert (entry["run"], entry["tag"], entry["step"]) == ("run", "net", 3)


def test_command(environment: Path, models: Path, oldest: str) -> None:
    inspect = subprocess.run(
        [environment / "tflite-viz", "inspect", models / "mnet_int8.tflite", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(inspect.stdout)["model"]["sha256"] == open_model(models / "mnet_int8.tflite").sha256
    doctor = subprocess.run(
        [environment / "tflite-viz", "doctor", "--json"], capture_output=True, text=True, check=False
    )
    found = {check["what"]: check for check in json.loads(doctor.stdout)["checks"]}
    assert found["tensorboard"]["found"] == oldest
    assert found["entry point"]["state"] == "ok"
    assert "pkg_resources" not in found
