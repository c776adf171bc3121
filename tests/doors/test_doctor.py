"""What the doctor finds, as a command and in installations that are made up."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tb_tflite_plugin import doctor
from tb_tflite_plugin.doctor import examine


def test_doctor(viz: Any, models: Path) -> None:
    result = viz("doctor", "--json", "--logdir", models)
    checks = {check["what"]: check for check in json.loads(result.stdout)["checks"]}
    for what in (
        "python",
        "tb-tflite-plugin",
        "frontend",
        "tensorboard",
        "entry point",
        "ai-edge-litert",
        "log directory",
    ):
        assert checks[what]["state"] == "ok", checks[what]
    problems = [check for check in checks.values() if check["state"] == "problem"]
    assert result.returncode == (1 if problems else 0)
    assert checks["tensorboard"]["found"] == metadata.version("tensorboard")
    assert re.match(r"\d+ models among \d+ files and directories in ", checks["log directory"]["found"])
    text = viz("doctor")
    assert text.stdout.startswith("\twhat\tfound\n")
    assert text.stderr == ""


def test_doctor_of_an_empty_log_directory(viz: Any, tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("hello")
    result = viz("doctor", "--logdir", tmp_path)
    assert result.returncode == 1
    assert "PROBLEM\tlog directory\t0 models among 1 files and directories" in result.stdout
    assert "text.tflite: holds no TensorFlow Lite model" in result.stdout


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, doctor.Check]]:
    """What the doctor says of an installation, made up: versions by package, entry points, the shell's command."""

    def look(
        versions: dict[str, str | None] | None = None,
        points: list[Any] | None = None,
        command: str | None = "same",
        pkg_resources: bool = True,
    ) -> dict[str, doctor.Check]:
        really = metadata.version

        def version(name: str) -> str:
            if name in (versions or {}):
                if versions[name] is None:
                    raise metadata.PackageNotFoundError(name)
                return versions[name]
            return really(name)

        monkeypatch.setattr(metadata, "version", version)
        if points is not None:
            monkeypatch.setattr(metadata, "entry_points", lambda group: points)
        if command != "same":
            monkeypatch.setattr(doctor.shutil, "which", lambda name: command)
        monkeypatch.setattr(doctor, "find_spec", lambda name: object() if pkg_resources else None)
        return {check.what: check for check in examine()}

    return look


def point(value: str = "tb_tflite_plugin.entry:TFLiteLoader", error: Exception | None = None) -> Any:
    """An entry point called tflite."""

    def load() -> object:
        if error is not None:
            raise error
        return object()

    return SimpleNamespace(name="tflite", value=value, load=load)


def test_doctor_finds_missing_packages(installed: Callable[..., Any]) -> None:
    absent = ["tensorboard", "ai-edge-litert", "fsspec", "ipython", "pandas", "tb-tflite-plugin"]
    checks = installed(dict.fromkeys(absent))
    assert checks["tb-tflite-plugin"].state == "problem"
    for name in absent[:-1]:
        assert checks[name].state == "missing"
        assert "pip install" in checks[name].advice
    assert "entry point" not in checks


def test_doctor_knows_pkg_resources(installed: Callable[..., Any]) -> None:
    assert installed({"tensorboard": "2.20.0"}, pkg_resources=False)["pkg_resources"].state == "problem"
    assert "pkg_resources" not in installed({"tensorboard": "2.20.0"})
    assert "pkg_resources" not in installed({"tensorboard": "2.21.0"}, pkg_resources=False)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([], "not there"),
        ([point("a:A"), point("b:B")], "a:A, b:B"),
        ([point(error=ImportError("no module named x"))], "ImportError: no module named x"),
    ],
)
def test_doctor_finds_a_broken_entry_point(installed: Callable[..., Any], points: list[Any], says: str) -> None:
    check = installed(points=points)["entry point"]
    assert (check.state, check.found) == ("problem", says)
    assert check.advice


def test_doctor_looks_at_the_shell_s_command(installed: Callable[..., Any], tmp_path: Path) -> None:
    assert installed(command=None)["tensorboard command"].state == "missing"
    script = tmp_path / "tensorboard"
    script.write_text("#!/usr/bin/another-python\n")
    assert installed(command=str(script))["tensorboard command"].state == "problem"
    script.write_text(f"#!{sys.executable}\n")
    assert installed(command=str(script))["tensorboard command"].state == "ok"


@pytest.mark.parametrize("version", ["2.2.9", "1.4.0", "2.4.0", "3.0"])
def test_doctor_knows_which_runtimes_are_tested(installed: Callable[..., Any], version: str) -> None:
    check = installed({"ai-edge-litert": version})["ai-edge-litert"]
    assert (check.state, check.found) == ("problem", version)


def test_doctor_misses_the_frontend(installed: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(doctor.resources, "files", lambda _: tmp_path)
    assert installed()["frontend"].state == "problem"
