"""Finding models below a directory or a URL."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from .analysis.containers import members, sniff
from .analysis.errors import ModelError
from .analysis.source import Source

SUFFIXES = (".tflite", ".lite", ".task", ".litertlm")
# What log_profile and log_layer_error write, beside models.
PROFILE_SUFFIX, ERRORS_SUFFIX = ".trace.json", ".errors.json"
_RUN_SUFFIXES = (PROFILE_SUFFIX, ERRORS_SUFFIX)
# What else lies in log directories and is never a model: not even looked into.
_OTHER_SUFFIXES = (
    ".json",
    ".txt",
    ".csv",
    ".png",
    ".jpg",
    ".gz",
    ".py",
    ".md",
    ".index",
    ".pb",
    ".pbtxt",
    ".yaml",
    ".log",
)
_SKIPPED_DIRECTORIES = ("node_modules", "__pycache__")
_MAX_ENTRIES = 200_000
_MAX_NOTES = 100
# <run>/plugins/tflite/<tag>/<step>.tflite is where log_model writes, and what was measured of it is logged beside it.
_LOGGED = re.compile(
    r"(?:(?P<run>.+)/)?plugins/tflite/(?P<tag>.+)/(?P<step>\d+)\.(?:tflite|[\w-]+\.(?:trace|errors)\.json)"
)


@dataclass(frozen=True)
class Root:
    """A place to look in: a local path or a URL, and the run names under it start with ``name`` when it has one."""

    path: str
    name: str = ""

    @property
    def remote(self) -> bool:
        """Whether the path is a URL that fsspec has to open."""
        return "://" in self.path and not self.path.startswith("file://")


@dataclass(frozen=True)
class Found:
    """A model that was found.

    Attributes:
        path: the file on disk, or its URL; never shown to a browser.
        member: the model's path inside a container, "" for a plain file.
        label: the path below the root, with the member.
        run, tag, step: where TensorBoard users look for it; step is None for files that were not logged.
        error: why it cannot be opened, for files that call themselves models and are none.
    """

    path: str
    member: str
    label: str
    run: str
    tag: str
    step: int | None
    size: int
    modified_ns: int
    error: str | None = None

    @property
    def remote(self) -> bool:
        """Whether the path is a URL that fsspec has to open."""
        return "://" in self.path

    @property
    def file_label(self) -> str:
        """The label without the member."""
        return self.label.removesuffix(f"!{self.member}") if self.member else self.label


@dataclass
class Scan:
    """The models and logged runs below the roots, what was looked at, and what was passed over and why."""

    models: list[Found] = field(default_factory=list)
    runs: list[Found] = field(default_factory=list)
    entries: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Adds a note; after a hundred of them one more says nothing new."""
        if len(self.notes) < _MAX_NOTES:
            self.notes.append(text)


def scan(roots: list[Root], follow_links: bool) -> Scan:
    """Looks through all roots. Never raises for what it finds there: faults become notes.

    Args:
        roots: where to look; a root may also be a single file.
        follow_links: whether to follow symbolic links that lead out of the roots.
    """
    result = Scan()
    local = [real_path(root) for root in roots if not root.remote]
    for root in roots:
        try:
            if root.remote:
                _scan_remote(root, result)
            else:
                _scan_local(root, result, None if follow_links else local)
        except Exception as error:  # every remote store has errors of its own
            result.note(f"{root.path}: {str(error) or type(error).__name__}")
    for found in (result.models, result.runs):
        found.sort(key=lambda item: (item.run, item.tag, item.step or 0, item.label))
    return result


def inside(path: str, roots: list[str]) -> bool:
    """Whether the real path is one of the roots or lies below one."""
    real = os.path.realpath(path)
    return any(real == root or real.startswith(os.path.join(root, "")) for root in roots)


def real_path(root: Root) -> str:
    """Where a local root really lies."""
    return os.path.realpath(_local_path(root))


def _local_path(root: Root) -> str:
    return os.path.expanduser(root.path.removeprefix("file://"))


def _scan_local(root: Root, result: Scan, confined_to: list[str] | None) -> None:
    top = _local_path(root)
    if os.path.isfile(top):
        _add_file(root, top, os.path.basename(top), {}, result)
        return
    if not os.path.isdir(top):
        result.note(f"{root.path}: no such file or directory")
        return
    seen: set[tuple[int, int]] = set()
    run_of: dict[str, str] = {}
    pending = deque([(top, "")])
    while pending:
        directory, relative = pending.pop()
        try:
            status = os.stat(directory)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = list(os.scandir(directory))
        except OSError as error:
            result.note(f"{relative or '.'}: {error.strerror}")
            continue
        result.entries += len(entries)
        if result.entries > _MAX_ENTRIES:
            result.note(f"stopped after {_MAX_ENTRIES} files and directories")
            return
        is_run = any("tfevents" in entry.name for entry in entries)
        run_of[relative] = (relative or ".") if is_run else run_of.get(os.path.dirname(relative), "")
        for entry in entries:
            _visit(root, entry, relative, run_of, confined_to, pending, result)


def _visit(
    root: Root,
    entry: os.DirEntry[str],
    parent: str,
    run_of: dict[str, str],
    confined_to: list[str] | None,
    pending: deque[tuple[str, str]],
    result: Scan,
) -> None:
    relative = f"{parent}/{entry.name}" if parent else entry.name
    try:
        if entry.name.startswith(".") or entry.name in _SKIPPED_DIRECTORIES:
            return
        if entry.is_symlink() and confined_to is not None and not inside(entry.path, confined_to):
            result.note(f"{relative}: not followed, the link leads out of the log directory")
        elif entry.is_dir():
            # Links come last: a directory that can be reached in two ways is known by its own name.
            (pending.appendleft if entry.is_symlink() else pending.append)((entry.path, relative))
        elif entry.is_file() and _may_be_shown(entry):
            _add_file(root, entry.path, relative, run_of, result)
    except OSError as error:
        result.note(f"{relative}: {error.strerror}")


def _may_be_shown(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    if name.endswith((*SUFFIXES, *_RUN_SUFFIXES)):
        return True
    if name.endswith(_OTHER_SUFFIXES) or "tfevents" in name:
        return False
    with open(entry.path, "rb", buffering=0) as file:
        return file.read(8)[4:] == b"TFL3"


def _add_file(root: Root, path: str, relative: str, run_of: dict[str, str], result: Scan) -> None:
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        return
    if path.lower().endswith(_RUN_SUFFIXES):
        result.runs.append(_found(root, path, "", relative, run_of, status.st_size, status.st_mtime_ns, None))
        return
    for member, error in _models_of(path):
        found = _found(root, path, member, relative, run_of, status.st_size, status.st_mtime_ns, error)
        result.models.append(found)


def _models_of(path: str) -> Iterator[tuple[str, str | None]]:
    """The models in a file: its members, or "" for itself; with an error for a file that holds none."""
    try:
        source = Source.open(path)
        if sniff(source.data) == "tflite":
            yield "", None
            return
        is_container = False
        for member in members(source):
            is_container = True
            yield member.path, None
        if not is_container:
            yield "", "holds no TensorFlow Lite model"
    except ModelError as error:
        yield "", error.reason


def _found(
    root: Root,
    path: str,
    member: str,
    relative: str,
    run_of: dict[str, str],
    size: int,
    modified: int,
    error: str | None,
) -> Found:
    logged = _LOGGED.fullmatch(relative)
    if logged:
        run, tag, step = logged["run"] or ".", logged["tag"], int(logged["step"])
    else:
        directory = os.path.dirname(relative)
        run = run_of.get(directory) or directory or "."
        tag = relative if run == "." else relative.removeprefix(run + "/")
        step = None
    if member:
        tag = f"{tag}!{member}"
    if root.name:
        run = root.name if run == "." else f"{root.name}/{run}"
    label = relative + (f"!{member}" if member else "")
    return Found(path, member, label, run, tag, step, size, modified, error)


def _scan_remote(root: Root, result: Scan) -> None:
    """Lists a URL through fsspec; files are known by their suffix, since looking into one means a request."""
    import fsspec

    filesystem, top = fsspec.core.url_to_fs(root.path)
    listed: dict[str, dict[str, Any]] = filesystem.find(top, detail=True)
    result.entries += len(listed)
    relative_of = {name: name.removeprefix(top).lstrip("/") or PurePosixPath(name).name for name in listed}
    runs = {os.path.dirname(name) for name in relative_of.values() if "tfevents" in os.path.basename(name)}
    for name, info in listed.items():
        if name.lower().endswith((*SUFFIXES, *_RUN_SUFFIXES)) and info.get("type") == "file":
            relative = relative_of[name]
            run_of = {os.path.dirname(relative): _nearest(os.path.dirname(relative), runs)}
            size = int(info.get("size") or 0)
            url = filesystem.unstrip_protocol(name)
            into = result.runs if name.lower().endswith(_RUN_SUFFIXES) else result.models
            into.append(_found(root, url, "", relative, run_of, size, _modified(info), None))


def _nearest(directory: str, runs: set[str]) -> str:
    """The directory itself or its nearest ancestor that is a run, "" for none."""
    while directory and directory not in runs:
        directory = os.path.dirname(directory)
    return (directory or ".") if directory in runs else ""


def _modified(info: dict[str, Any]) -> int:
    """A number that changes with the file: its time where the store tells it, else a hash of its tag."""
    for key in ("mtime", "LastModified", "updated", "last_modified", "created"):
        value: Any = info.get(key)
        if hasattr(value, "timestamp"):
            return int(value.timestamp() * 1e9)
        if isinstance(value, int | float):
            return int(value * 1e9)
    return int(np.frombuffer(str(info.get("ETag", "")).encode()[:8].ljust(8, b"\0"), "<i8")[0])
