"""What is built for others to install, and how."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import setuptools

MOST_WHEEL_BYTES = 3_000_000
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def run(*command: str | Path, **options: Any) -> str:
    """Runs a command that has to succeed; returns what it printed."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, without those that carry names and sums of the others."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def sdist_files(distribution: Any) -> dict[str, bytes]:
    """The files of the sdist below its top directory."""
    with tarfile.open(distribution.sdist) as archive:
        return {
            member.name.partition("/")[2]: archive.extractfile(member).read()
            for member in archive.getmembers()
            if member.isfile()
        }


@pytest.fixture(scope="module")
def setup_module(root: Path, load: Callable[[Path], ModuleType]) -> ModuleType:
    """setup.py, loaded without setting anything up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, "setup", lambda **_: None)
        return load(root / "setup.py")


def test_wheel_is_pure_and_small(distribution: Any) -> None:
    assert distribution.wheel.name.endswith("-py3-none-any.whl")
    assert distribution.wheel.stat().st_size < MOST_WHEEL_BYTES


def test_wheel_holds_one_package_with_all_modules(distribution: Any) -> None:
    files = contents(distribution.wheel)
    tops = {name.partition("/")[0] for name in files}
    assert len(tops) == 2
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tb_tflite_plugin"}
    wanted = {
        f"{installed}/{path.relative_to(distribution.tree / folder).as_posix()}"
        for folder, installed in (
            ("tb_tflite_plugin", "tb_tflite_plugin"),
            ("analysis", "tb_tflite_plugin/analysis"),
            ("runtime", "tb_tflite_plugin/runtime"),
        )
        for suffix in ("*.py", "*.json", "*.tflite", "py.typed")
        for path in (distribution.tree / folder).rglob(suffix)
    }
    assert "tb_tflite_plugin/commands/ops.py" in wanted
    assert {name for name in files if not re.search(r"\.dist-info/|/static/", name)} == wanted


def test_wheel_holds_the_built_frontend(distribution: Any) -> None:
    static = {
        name.partition("/static/")[2]: data for name, data in contents(distribution.wheel).items() if "/static/" in name
    }
    assert {"index.html", "index.js", "boot.js", "report.js", "icon.svg"} <= set(static)
    hashed = [name for name in static if re.fullmatch(r"assets/.+-[\w-]{8}\.js", name)]
    assert len(hashed) >= 2
    # What index.js loads is there: nothing of an earlier build has stayed, nothing is missing.
    reached, pending = set(), ["index.js", "boot.js", "report.js"]
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += [asset for asset in hashed if Path(asset).name in static[name].decode()]
    assert set(hashed) <= reached


def test_wheel_metadata(distribution: Any) -> None:
    files = contents(distribution.wheel)
    entry_points = next(data for name, data in files.items() if name.endswith("entry_points.txt")).decode()
    assert "tflite-viz = tb_tflite_plugin.cli:main" in entry_points
    assert "tflite = tb_tflite_plugin.entry:TFLiteLoader" in entry_points
    record = next(data for name, data in files.items() if name.endswith("RECORD")).decode().splitlines()
    for line in record:
        name, digest, _ = line.rsplit(",", 2)
        if digest:
            found = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={found}"


def test_wheel_installs_and_opens_a_model(distribution: Any, tmp_path: Path, models: Path) -> None:
    run(*PIP, "install", "--quiet", "--no-deps", "--target", tmp_path / "site", distribution.wheel)
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path / "site")!r})
import tb_tflite_plugin
from tb_tflite_plugin import open_model
from tb_tflite_plugin.commands import ops
import tb_tflite_plugin.runtime
assert tb_tflite_plugin.__file__.startswith({str(tmp_path)!r}), tb_tflite_plugin.__file__
print(len(open_model({str(models / "mnet_float32.tflite")!r}).operators))
for name in ("analysis", "runtime", "frontend"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise SystemExit(f"there is a top-level package called {{name}}")
"""
    assert int(run(sys.executable, "-I", "-c", code, cwd=tmp_path)) > 0


def test_sdist_holds_sources_and_the_built_frontend(
    distribution: Any, sdist_files: dict[str, bytes], setup_module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_module, "FRONTEND", distribution.tree / "frontend")
    for path in setup_module.frontend_sources():
        assert f"frontend/{path.relative_to(setup_module.FRONTEND).as_posix()}" in sdist_files
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "frontend/package-lock.json"} <= set(sdist_files)
    assert {"tb_tflite_plugin/static/index.js", "tb_tflite_plugin/static/report.js"} <= set(sdist_files)
    assert not [name for name in sdist_files if "node_modules" in name or name.startswith((".git/", "tests/"))]


def test_wheel_of_the_sdist_equals_the_wheel_of_the_tree(distribution: Any, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(distribution.tree, tree, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", tree)
    (direct,) = (tmp_path / "dist").glob("*.whl")
    through_sdist, from_tree = contents(distribution.wheel), contents(direct)
    assert through_sdist.keys() == from_tree.keys()
    assert [name for name in from_tree if through_sdist[name] != from_tree[name] and not name.endswith("RECORD")] == []


def test_sdist_needs_no_node(sdist_files: dict[str, bytes], setup_module: ModuleType, tmp_path: Path) -> None:
    for name, data in sdist_files.items():
        if name.startswith(("frontend/", "tb_tflite_plugin/static/")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
    built = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup_module, "FRONTEND", tmp_path / "frontend")
        patch.setattr(setup_module, "STATIC", tmp_path / "tb_tflite_plugin/static")
        patch.setattr(setup_module, "STAMP", tmp_path / "tb_tflite_plugin/static/sources.sha256")
        patch.setattr(setup_module, "npm", lambda *arguments: built.append(arguments))
        command = setup_module.BuildFrontend(setuptools.Distribution())
        command.run()
        assert built == []
        (tmp_path / "frontend/src/index.ts").write_text("changed")
        patch.setattr(Path, "write_text", lambda *_: None)
        command.run()
    assert [arguments[:2] for arguments in built] == [("ci", "--no-audit"), ("run", "build")]


def test_editable_install(distribution: Any, tmp_path: Path, models: Path) -> None:
    shutil.copytree(distribution.tree, tmp_path / "tree", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(*PIP, "--python", python, "install", "--quiet", "--no-deps", "--editable", tmp_path / "tree")
    # The dependencies of this environment, but not its packages in development: those stand in .pth files.
    code = """
import sys
sys.path.append(sys.argv[2])
import tb_tflite_plugin.analysis, tb_tflite_plugin.runtime, tb_tflite_plugin.commands.ops
from tb_tflite_plugin import open_model
print(tb_tflite_plugin.analysis.__file__)
print(len(open_model(sys.argv[1]).operators))
"""
    site = sysconfig.get_path("purelib")
    printed = run(python, "-c", code, models / "tiny_mlp.tflite", site, cwd=tmp_path).split()
    assert Path(printed[0]) == tmp_path / "tree" / "analysis" / "__init__.py"
    assert int(printed[1]) > 0


# Which Node builds the frontend.


@pytest.fixture
def fake_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts a Node of some version, and an npm that notes its arguments, alone onto PATH."""

    def put(version: str | None, npm: bool = True) -> Path:
        folder, called = tmp_path / "bin", tmp_path / "called"
        folder.mkdir()
        scripts = {"node": f"echo {version}"} if version is not None else {}
        scripts |= {"npm": f'echo "$@" > {called}'} if npm else {}
        for name, script in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        (folder / "sh").symlink_to("/bin/sh")
        monkeypatch.setenv("PATH", str(folder))
        return called

    return put


@pytest.mark.parametrize(
    ("version", "npm", "enough"),
    [
        ("v20.19.0", True, True), ("v20.20.2", True, True), ("v24.1.0", True, True), ("v100.0.0", True, True),
        ("v20.18.9", True, False), ("v18.20.8", True, False), ("v0.10.29", True, False), ("nonsense", True, False),
        ("", True, False), (None, True, False), ("v24.1.0", False, False),
    ],
)  # fmt: skip
def test_system_node(
    setup_module: ModuleType, fake_node: Callable[..., Path], version: str | None, npm: bool, enough: bool
) -> None:
    fake_node(version, npm)
    assert setup_module.system_node_is_new_enough() is enough


def test_system_npm_is_used_when_new_enough(setup_module: ModuleType, fake_node: Callable[..., Path]) -> None:
    called = fake_node("v22.0.0")
    setup_module.npm("run", "build")
    assert called.read_text() == "run build\n"


def test_wheel_of_node_is_used_otherwise(
    setup_module: ModuleType, fake_node: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    called = fake_node("v18.0.0")
    setup_module.npm("exec", "-c", "node --version")
    assert not called.exists()
    version = re.search(r"v(\d+)\.(\d+)", capfd.readouterr().out)
    assert version is not None
    assert (int(version[1]), int(version[2])) >= setup_module.NODE_AT_LEAST
    with pytest.raises(SystemExit, match="npm run no-such-script failed"):
        setup_module.npm("run", "no-such-script")
