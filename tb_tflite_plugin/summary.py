"""Logging models and what was measured of them next to a run's events, for the TensorBoard tab: by run, tag, step."""

from __future__ import annotations

import contextlib
import json
import operator
import os
import posixpath
import re
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from .analysis.containers import open_model
from .analysis.model import Model

if TYPE_CHECKING:
    from .analysis.report import Report
    from .runtime.closeups import Closeups
    from .runtime.trace import Trace


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
    folders, step = _place(tag, step)
    model = open_model(path_or_bytes)
    name = "" if isinstance(path_or_bytes, bytes) else os.path.basename(os.fspath(path_or_bytes))
    logdir = logdir_of(logdir_or_writer)
    write = _write_remote if "://" in logdir else _write_local
    return write(logdir, folders, str(step), model, _sidecar(model, name, tag, step))


def _place(tag: str, step: int) -> tuple[list[str], int]:
    """The folders of a tag below the run, and the step as an integer."""
    parts = tag.split("/")
    if not all(parts) or any(
        part in (".", "..") or part.startswith(".") or "\0" in part or "\\" in part for part in parts
    ):
        raise ValueError(f"tag {tag!r}: its parts must be names of directories that are not hidden")
    step = operator.index(step)
    if step < 0:
        raise ValueError(f"step {step}: must not be negative")
    return ["plugins", "tflite", *parts], step


def log_profile(
    logdir_or_writer: Any, trace: Trace, *, model: Model | None = None, tag: str = "model", step: int = 0
) -> str:
    """Writes a profile to ``<logdir>/plugins/tflite/<tag>/<step>.<kernels>.trace.json``.

    A writer also gets its main figures as scalars, so that TensorBoard's own charts show them over the steps:
    ``<tag>/inference_us``, ``<tag>/first_inference_us``, ``<tag>/memory_bytes`` (resident bytes more than before
    loading) and ``<tag>/delegated`` (operators that a delegate took, as a share). A directory gets none: see
    :func:`log_model`.

    Args:
        logdir_or_writer: as in :func:`log_model`.
        trace: the profile; it names its model by hash.
        model: the model, to be logged under the same tag and step where it is not there yet.
        tag: names the model within the run.
        step: the training step that it belongs to.

    Returns:
        Where the profile was written.

    Raises:
        ValueError, TypeError: as in :func:`log_model`.
    """
    from .runtime.trace_file import to_json

    folders, step = _place(tag, step)
    logdir = logdir_of(logdir_or_writer)
    kernels = re.sub(r"\W+", "-", trace.environment.kernels or "trace")
    name = f"{step}.{kernels}.trace.json"
    data = json.dumps(to_json(trace), separators=(",", ":"), allow_nan=False).encode()
    if model is not None and not _exists(logdir, [*folders, f"{step}.tflite"]):
        write = _write_remote if "://" in logdir else _write_local
        write(logdir, folders, str(step), model, _sidecar(model, os.path.basename(model.name), tag, step))
    written = _write_data(logdir, folders, name, data)
    if not isinstance(logdir_or_writer, str | os.PathLike):
        _write_scalars(logdir_or_writer, {f"{tag}/{key}": value for key, value in _scalars(trace).items()}, step)
    return written


def log_layer_error(
    logdir_or_writer: Any,
    report: Report,
    closeups: Closeups | None,
    model: Model,
    *,
    tag: str = "model",
    step: int = 0,
) -> str:
    """Writes errors of layers to ``<logdir>/plugins/tflite/<tag>/<step>.<against>.errors.json``.

    Args:
        logdir_or_writer: as in :func:`log_model`.
        report: the errors, over the operators of ``model``.
        closeups: values and channels; None where another tool has measured.
        model: the model, logged under the same tag and step where it is not there yet.
        tag: names the model within the run.
        step: the training step that it belongs to.

    Returns:
        Where the errors were written.

    Raises:
        ValueError, TypeError: as in :func:`log_model`.
    """
    from .jsontext import dumps
    from .runtime.error_file import to_json, without_directory

    folders, step = _place(tag, step)
    logdir = logdir_of(logdir_or_writer)
    name = os.path.basename(model.name)
    report = without_directory(report)
    data = dumps(to_json(report, closeups, {**model.identity, "name": name})).encode("utf-8", "replace")
    against = report.summary.get("source") or report.summary["reference"]["name"].removesuffix(".tflite")
    against = re.sub(r"\W+", "-", against)
    if not _exists(logdir, [*folders, f"{step}.tflite"]):
        write = _write_remote if "://" in logdir else _write_local
        write(logdir, folders, str(step), model, _sidecar(model, name, tag, step))
    return _write_data(logdir, folders, f"{step}.{against}.errors.json", data)


def _scalars(trace: Trace) -> dict[str, float]:
    """The figures that are worth a chart, those that are known."""
    latency, first, memory = trace.latency.typical(), trace.startup.get("first_inference_ns"), trace.memory
    found: dict[str, float] = {}
    if latency is not None:
        found["inference_us"] = latency / 1000
    if first is not None:
        found["first_inference_us"] = first / 1000
    if "before_bytes" in memory and "after_bytes" in memory:
        found["memory_bytes"] = float(memory["after_bytes"] - memory["before_bytes"])
    taken = [partition.operators for partition in trace.partitions]
    if trace.model.operators and None not in taken:
        found["delegated"] = sum(len(operators or ()) for operators in taken) / trace.model.operators
    return found


def _write_scalars(writer: Any, scalars: dict[str, float], step: int) -> None:
    if hasattr(writer, "add_scalar"):  # PyTorch, tensorboardX, tensorboard.summary
        for tag, value in scalars.items():
            writer.add_scalar(tag, value, step)
        return
    import tensorflow

    with writer.as_default():
        for tag, value in scalars.items():
            tensorflow.summary.scalar(tag, value, step)


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


def _sidecar(model: Model, name: str, tag: str, step: int) -> bytes:
    facts = {
        "version": 1,
        "tag": tag,
        "step": step,
        "wall_time": time.time(),
        **model.identity,
        "name": name,
    }
    return json.dumps(facts).encode()


def _exists(logdir: str, parts: list[str]) -> bool:
    if "://" not in logdir:
        return os.path.exists(os.path.join(logdir, *parts))
    import fsspec

    file_system, path = fsspec.core.url_to_fs(posixpath.join(logdir, *parts))
    return bool(file_system.exists(path))


def _write_data(logdir: str, folders: list[str], name: str, data: bytes) -> str:
    """Writes one file, which appears when it is complete."""
    if "://" in logdir:
        import fsspec

        url = posixpath.join(logdir, *folders, name)
        with fsspec.open(url, "wb") as file:
            file.write(data)
        return url
    folder = os.path.join(logdir, *folders)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{name}-{secrets.token_hex(4)}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, os.path.join(folder, name))
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    return os.path.join(folder, name)


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
