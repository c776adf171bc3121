"""Profiles in the formats of others: which format a file is in, and what it says.

A module per format has ``match``, a cheap look at the beginning of a file, and ``read``, which returns a
:class:`~.capture.Capture`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from ...analysis.model import Model
from .. import trace_file
from ..errors import TraceError
from ..trace import FORMAT, Trace
from . import benchmark_json, chrome, profiling_proto, runtime_details, systrace, tables
from .bind import bind
from .capture import Capture

# The first that matches reads; JSON and system traces before tables, whose marks are words that may stand anywhere.
_MODULES = (benchmark_json, chrome, systrace, tables, runtime_details, profiling_proto)
_FORMATS: list[tuple[Callable[[bytes], bool], Callable[[bytes, str], Capture]]] = [
    (module.match, module.read) for module in _MODULES
]
_HEAD = 1 << 20
_MOST_BYTES = 1 << 28
_KNOWN = (
    "benchmark_model's log or CSV, its BenchmarkProfilingData or ModelRuntimeDetails, LiteRT's profile summary, "
    "litert-benchmark's JSON, a system trace as text, or Chrome JSON"
)


def load(path: str | os.PathLike[str], model: Model) -> Trace:
    """Reads a profile in any known format, our own included, as a trace of ``model``.

    Raises:
        TraceError: when the file cannot be read, is in no known format, is malformed, or is of another model.
    """
    name = os.fspath(path)
    return loads(_content(name), name, model)


def loads(data: bytes, name: str, model: Model) -> Trace:
    """Reads a profile from bytes as :func:`load` does; ``name`` is what errors call it."""
    if _is_ours(data[:_HEAD]):
        trace = trace_file.loads(data, name)
        if trace.model.sha256 not in (None, model.sha256):
            reason = f"is of another model: {trace.model.name or 'one'} with the SHA-256 {trace.model.sha256}"
            raise TraceError(name, reason)
        if trace.events.operators.values.max(initial=-1) >= len(model.operators):
            raise TraceError(name, "names operators that the model does not have", "events.operators")
        return trace
    return bind(read_bytes(data, name), model, name)


def _is_ours(head: bytes) -> bool:
    return head.lstrip()[:1] == b"{" and f'"{FORMAT}"'.encode() in head


def read(path: str | os.PathLike[str]) -> Capture:
    """Reads a profile in whichever known format it is.

    Raises:
        TraceError: when the file cannot be read, is in no known format, or is malformed.
    """
    name = os.fspath(path)
    return read_bytes(_content(name), name)


def read_bytes(data: bytes, name: str) -> Capture:
    """Reads a profile from bytes; ``name`` is what errors call it.

    Raises:
        TraceError: when it is in no known format, or malformed.
    """
    return _reader(data[:_HEAD], name)(data, name)


def _reader(head: bytes, name: str) -> Callable[[bytes, str], Capture]:
    if not head:
        raise TraceError(name, "the file is empty")
    for match, read_format in _FORMATS:
        if match(head):
            return read_format
    if head[4:8] == b"TFL3":
        raise TraceError(name, "is a model, not a profile")
    raise TraceError(name, f"is in no known format: {_KNOWN}")


def _content(name: str) -> bytes:
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would otherwise wait for ever.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(name, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise TraceError(name, "not a regular file")
            if status.st_size > _MOST_BYTES:
                raise TraceError(name, f"is larger than {_MOST_BYTES >> 20} MiB; cut it down to a few inferences")
            return file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TraceError(name, error.strerror or type(error).__name__) from None
    except ValueError as error:  # a path with a NUL byte
        raise TraceError(name, str(error)) from None
