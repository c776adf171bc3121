"""Looks at an installation: what there is, and what keeps the tab from appearing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

# The versions that are tested; see pyproject.toml.
RUNTIME_VERSIONS = ((2, 3), (2, 4))
_FIRST_WITHOUT_PKG_RESOURCES = (2, 21)  # older TensorBoards import it, and setuptools 82 dropped it


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "missing", "problem"]
    found: str
    advice: str = ""


def examine(logdir: str | None = None) -> list[Check]:
    """All checks, in the order of what depends on what."""
    checks = [
        Check("python", "ok", f"{sys.version.split()[0]} in {sys.prefix}"),
        _package("tb-tflite-plugin", required=True, why="this package is not installed, only importable"),
        _frontend(),
        *_tensorboard(),
        _runtime(),
        _package("fsspec", why="log directories behind URLs need it: pip install 'tb-tflite-plugin[remote]'"),
        _package("ipython", why="the notebook magic needs it: pip install 'tb-tflite-plugin[notebook]'"),
        _package("ethos-u-vela", why="partitions of Ethos-U: pip install 'tb-tflite-plugin[vela]'"),
        _package("openvino", why="partitions of Intel NPUs: pip install 'tb-tflite-plugin[intel]'"),
        _package("onnxruntime-qnn", why="partitions of Qualcomm NPUs: pip install 'tb-tflite-plugin[qualcomm]'"),
        _package("pandas", why="to_pandas() needs it: pip install 'tb-tflite-plugin[pandas]'"),
    ]
    return checks + ([_logdir(logdir)] if logdir is not None else [])


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _package(name: str, *, required: bool = False, why: str = "") -> Check:
    found = _version(name)
    if found is not None:
        return Check(name, "ok", found)
    return Check(name, "problem" if required else "missing", "not installed", why)


def _frontend() -> Check:
    built = resources.files(__package__).joinpath("static/index.js").is_file()
    if built:
        return Check("frontend", "ok", "built")
    return Check("frontend", "problem", "not built", "install the package with pip, which builds it")


def _tensorboard() -> Iterator[Check]:
    found = _version("tensorboard")
    if found is None:
        yield Check("tensorboard", "missing", "not installed", "the tab needs it: pip install tensorboard")
        return
    yield Check("tensorboard", "ok", found)
    version = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    if version < _FIRST_WITHOUT_PKG_RESOURCES and find_spec("pkg_resources") is None:
        yield Check(
            "pkg_resources", "problem", "not there",
            f"TensorBoard {found} does not start without it: pip install 'setuptools<82', or a newer tensorboard",
        )  # fmt: skip
    yield _entry_point()
    yield _command()


def _entry_point() -> Check:
    points = [p for p in metadata.entry_points(group="tensorboard_plugins") if p.name == "tflite"]
    if not points:
        return Check(
            "entry point", "problem", "not there",
            "TensorBoard finds plugins by their installed metadata: install with pip; PYTHONPATH alone is not enough",
        )  # fmt: skip
    if len({p.value for p in points}) > 1:
        names = ", ".join(p.value for p in points)
        return Check("entry point", "problem", names, "two packages provide a plugin called tflite: uninstall one")
    try:
        points[0].load()
    except Exception as error:  # whatever it is, it would end TensorBoard
        return Check("entry point", "problem", f"{type(error).__name__}: {error}", "the plugin cannot be imported")
    return Check("entry point", "ok", points[0].value)


def _command() -> Check:
    """Whether the ``tensorboard`` that a shell runs is the one of this environment."""
    path = shutil.which("tensorboard")
    if path is None:
        return Check("tensorboard command", "missing", "not on PATH", "start it as: python -m tensorboard.main")
    if Path(path).resolve().parent == Path(sys.executable).parent.resolve() or _runs_here(path):
        return Check("tensorboard command", "ok", path)
    return Check(
        "tensorboard command", "problem", path,
        f"it belongs to another Python, which does not have this plugin; start {sys.executable} -m tensorboard.main",
    )  # fmt: skip


def _runs_here(path: str) -> bool:
    """Whether the script at ``path`` is run by this interpreter, by its first line."""
    try:
        first = Path(path).read_bytes().splitlines()[0].decode("utf-8", "replace")
    except (OSError, IndexError):
        return False
    interpreter = first.removeprefix("#!").strip().strip('"')
    return interpreter != "" and os.path.realpath(interpreter) == os.path.realpath(sys.executable)


def _runtime() -> Check:
    found = _version("ai-edge-litert")
    if found is None:
        return Check(
            "ai-edge-litert", "missing", "not installed",
            "models can be read but not run: pip install ai-edge-litert, where there is one for this platform",
        )  # fmt: skip
    version = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    if not RUNTIME_VERSIONS[0] <= version < RUNTIME_VERSIONS[1]:
        return Check(
            "ai-edge-litert",
            "problem",
            found,
            "this version has not been tested: pip install 'ai-edge-litert>=2.3,<2.4'",
        )
    probe = subprocess.run(
        [sys.executable, "-c", "import ai_edge_litert.interpreter"], capture_output=True, text=True, timeout=120
    )
    if probe.returncode:
        reason = (probe.stderr.strip().splitlines() or [f"exit code {probe.returncode}"])[-1]
        return Check("ai-edge-litert", "problem", f"{found}, cannot be imported: {reason}")
    return Check("ai-edge-litert", "ok", found)


def _logdir(logdir: str) -> Check:
    from .scan import Root, scan

    result = scan([Root(logdir)], follow_links=False)
    readable = [found for found in result.models if found.error is None]
    found = f"{len(readable)} models among {result.entries} files and directories in {logdir}"
    notes = [f"{m.label}: {m.error}" for m in result.models if m.error] + result.notes
    return Check("log directory", "ok" if readable else "problem", found, "; ".join(notes[:10]))
