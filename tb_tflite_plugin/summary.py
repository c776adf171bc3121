"""Logging models next to the events of a run, for the TensorBoard tab to show by run, tag and step."""

from __future__ import annotations

import contextlib
import json
import operator
import os
import posixpath
import secrets
import time
from functools import partial
from typing import Any

from .analysis.containers import open_model
from .analysis.model import Model


def log_model(
    logdir_or_writer: Any, path_or_bytes: str | os.PathLike[str] | bytes, *, tag: str = "model", step: int = 0
) -> str:
    """Copies a model to ``<logdir>/plugins/tflite/<tag>/<step>.tflite`` with a JSON sidecar beside it.

    No event file is written: a second one in the directory of a live run makes TensorBoard lose the run's own points.

    Args:
        logdir_or_writer: the run's log directory (a path, or a URL that fsspec opens), or a summary writer of PyTorch,
            tensorboardX, ``tensorboard.summary`` or TensorFlow, whose directory is used.
        path_or_bytes: the model.
        tag: names the model within the run; may have several parts separated by slashes.
        step: the training step that it belongs to.

    Returns:
        Where the model was written.

    Raises:
        ModelError: when it is not a readable model.
        ValueError: for a tag or step that cannot be part of a path, or a writer whose directory is not known.
        TypeError: for a step that is no integer.
    """
    parts = tag.split("/")
    if not all(parts) or any(
        part in (".", "..") or part.startswith(".") or "\0" in part or "\\" in part for part in parts
    ):
        raise ValueError(f"tag {tag!r}: its parts must be names of directories that are not hidden")
    step = operator.index(step)
    if step < 0:
        raise ValueError(f"step {step}: must not be negative")
    model = open_model(path_or_bytes)
    name = "" if isinstance(path_or_bytes, bytes) else os.path.basename(os.fspath(path_or_bytes))
    sidecar = {
        "version": 1,
        "tag": tag,
        "step": step,
        "wall_time": time.time(),
        "sha256": model.sha256,
        "size_bytes": int(model.source.data.size),
        "name": name,
    }
    logdir = logdir_of(logdir_or_writer)
    write = _write_remote if "://" in logdir else _write_local
    return write(logdir, ["plugins", "tflite", *parts], str(step), model, json.dumps(sidecar).encode())


def logdir_of(writer: Any) -> str:
    """The directory that a summary writer writes to, or the path itself.

    Raises:
        ValueError: when the writer does not tell.
    """
    if isinstance(writer, str | os.PathLike):
        return os.path.expanduser(os.fspath(writer))
    # torch.utils.tensorboard tells; tensorboard.summary.Writer (2.17 to 2.21) has one that tells, out of sight.
    writes_with = getattr(getattr(writer, "_output", None), "_ev_writer", writer)
    directory: str | os.PathLike[str] | None
    if hasattr(writes_with, "get_logdir"):
        directory = writes_with.get_logdir()
    elif isinstance(getattr(writer, "logdir", None), str | os.PathLike):  # tensorboardX
        directory = writer.logdir
    else:
        directory = _tensorflow_logdir(writer)
    if directory is None:
        raise ValueError(f"the directory of {type(writer).__name__} is not known; pass the log directory itself")
    return os.fspath(directory)


def _tensorflow_logdir(writer: Any) -> str | None:
    """The directory of tf.summary.create_file_writer's result (TensorFlow 2.x keeps it only in a bound argument)."""
    logdir: Any = getattr(getattr(writer, "_init_op_fn", None), "keywords", {}).get("logdir")
    if hasattr(logdir, "numpy"):
        logdir = logdir.numpy()
    return logdir.decode() if isinstance(logdir, bytes) else logdir


def _write_local(logdir: str, folders: list[str], step: str, model: Model, sidecar: bytes) -> str:
    folder = os.path.join(logdir, *folders)
    os.makedirs(folder, exist_ok=True)
    # Hidden until both are complete: a scan at this moment must not see half a model.
    temporary = os.path.join(folder, f".{step}-{secrets.token_hex(4)}")
    try:
        with open(f"{temporary}.json", "wb") as file:
            file.write(sidecar)
        with open(f"{temporary}.tflite", "wb") as file:
            _copy(model, file)
        for suffix in ("json", "tflite"):
            os.replace(f"{temporary}.{suffix}", os.path.join(folder, f"{step}.{suffix}"))
    except BaseException:
        for suffix in ("json", "tflite"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{temporary}.{suffix}")
        raise
    return os.path.join(folder, f"{step}.tflite")


def _write_remote(logdir: str, folders: list[str], step: str, model: Model, sidecar: bytes) -> str:
    import fsspec

    base = posixpath.join(logdir, *folders, step)
    for url, write in ((f"{base}.tflite", partial(_copy, model)), (f"{base}.json", lambda file: file.write(sidecar))):
        opened = fsspec.open(url, "wb")
        try:
            with opened as file:
                write(file)
        except BaseException:
            # Closing has committed what was written so far.
            with contextlib.suppress(Exception):
                opened.fs.rm_file(opened.path)
            raise
    return f"{base}.tflite"


def _copy(model: Model, file: Any) -> None:
    size, block = int(model.source.data.size), 1 << 20
    for start in range(0, size, block):
        file.write(model.source.read(start, min(block, size - start)))
