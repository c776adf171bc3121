"""The child process in which every model runs: limits, progress, and a typed error for every way it can end.

A model file may make the runtime crash, read out of bounds or take over the process. So what comes back is data only:
JSON lines over a pipe, arrays as .npy files in a directory of this call, and nothing of it is trusted.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, NoReturn

import numpy as np

from . import errors
from .errors import RuntimeCancelled, RuntimeCrash, RuntimeFailure, RuntimeLimit, RuntimeTimeout

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps of it are done, and of how many (0: not known)."""

_MOST_BYTES = 1 << 28  # of one message: a result with samples of many operators is some megabytes
_LOG_BYTES = 1 << 15  # kept of the beginning and of the end of what the runtime printed
_POLL_S = 0.1
# What libraries and thread stacks map without using it. Beyond the limit on used memory, since reserving is cheap.
_MAPPED_BYTES = 4 << 30
# Typed errors that a child may end with; everything else becomes a RuntimeFailure.
_TYPED = {name: getattr(errors, name) for name in ("RuntimeMissing", "RuntimeRefused", "RuntimeLimit", "InputError")}
# The parent's import path first: the child then finds this package wherever the parent has found it.
_BOOT = f"""
import json, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from {__name__} import _child
_child()
"""
_WINDOWS_FAULTS = {0xC0000005: "access violation", 0xC00000FD: "stack overflow", 0xC0000374: "heap corruption"}


def _three_quarters_of_memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4 * 3
    except (AttributeError, ValueError, OSError):  # Windows
        return None


@dataclass(frozen=True)
class Limits:
    """What a child may use.

    Attributes:
        seconds: wall time.
        memory_bytes: memory in use; None for no limit. Linux and macOS refuse mappings beyond it and some reserve, and
            on Linux the child is ended when what it uses exceeds it.
        threads: threads at once, enforced on Linux.
    """

    seconds: float = 600.0
    memory_bytes: int | None = _three_quarters_of_memory()
    threads: int = 256


def run(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    environment: Mapping[str, str] | None = None,
) -> Any:
    """Runs a function in a process of its own and returns what it returns.

    Args:
        function: a function of a module, which the child imports. It is called with a :data:`Progress` and the
            arguments by keyword, and says what it does before it does anything that may crash.
        arguments: what JSON can hold, and numpy arrays of numbers.
        limits: what it may use; the defaults of :class:`Limits` when not given.
        progress: told from this thread what the child is doing; some steps are left out when they follow fast.
        cancel: set by another thread to stop.
        environment: variables added to this process's own.

    Returns:
        What JSON can hold, and arrays. The child ran a hostile model: check shapes and types before believing it.

    Raises:
        RuntimeFailure: one of its kinds, for every other ending.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="tflite-viz-", ignore_cleanup_errors=True) as folder:
        job = {
            "module": function.__module__,
            "name": function.__qualname__,
            "arguments": _pack(dict(arguments), folder),
            "memory_bytes": limits.memory_bytes,
        }
        child = _Child(folder, environment or {})
        try:
            child.send(_import_path(), job)
            _follow(child, limits, progress, cancel)
        finally:
            child.end()
        return _outcome(child, folder, limits)


def _import_path() -> list[str]:
    """This process's import path for one in another directory; what is no directory in it belongs to import hooks."""
    return [os.path.abspath(entry) if not entry or os.path.isdir(entry) else entry for entry in sys.path]


class _Child:
    """A started process with the threads that read what it says."""

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self.phase = "start of the child process"
        self.step: tuple[str, int, int] | None = None
        self.message: dict[str, Any] | None = None
        self.failure: RuntimeFailure | None = None
        self.news = threading.Event()
        self.log = _Log()
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", _BOOT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            cwd=folder, env={**os.environ, **environment},
            start_new_session=True,  # its own process group: it is ended with everything that it started
        )  # fmt: skip
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._listen, self._keep_log)]
        for reader in self._readers:
            reader.start()

    def send(self, *lines: Any) -> None:
        """Writes JSON lines to the child's stdin, which then stays open: its end tells the child that we are gone."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended already: its exit code says more
            data = memoryview(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
            while data:
                data = data[self.process.stdin.write(data) :]

    def end(self) -> None:
        """Ends the child and all that it started, and gives back threads and pipes."""
        if self.message is None and self.failure is None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # its pipe is closed: it is ending by itself
                self.process.wait(0 if self._readers[0].is_alive() else 5)
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        for reader, pipe in zip(self._readers, (self.process.stdout, self.process.stderr), strict=True):
            reader.join(5)
            # Where a process has left the group and keeps the pipe, its reader does not end, and closing would hang.
            if pipe is not None and not reader.is_alive():
                pipe.close()

    @property
    def listening(self) -> bool:
        """Whether more messages may come."""
        return self._readers[0].is_alive() and self.message is None and self.failure is None

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in _lines(self.process.stdout):
            if not self._take(line):
                break
        self.news.set()

    def _take(self, line: bytes) -> bool:
        """One message; False when it was the last."""
        try:
            message = json.loads(line)
            if "progress" in message:
                phase, done, total = message["progress"]
                self.phase, self.step = str(phase)[:200], (str(phase)[:200], int(done), int(total))
            else:
                self.message = dict(message)
        except (ValueError, TypeError, RecursionError):
            self.failure = RuntimeCrash(f"unreadable answer of the child process in {self.phase}")
        self.news.set()
        return self.message is None and self.failure is None

    def _keep_log(self) -> None:
        assert self.process.stderr is not None
        descriptor = self.process.stderr.fileno()
        while block := os.read(descriptor, 1 << 16):
            self.log.add(block)


class _Log:
    """The beginning and the end of a stream."""

    def __init__(self) -> None:
        self._head, self._tail, self._size = b"", b"", 0

    def add(self, block: bytes) -> None:
        room = _LOG_BYTES - len(self._head)
        self._head += block[:room]
        self._tail = (self._tail + block[room:])[-_LOG_BYTES:] if len(block) > room else self._tail
        self._size += len(block)

    def text(self) -> str:
        left_out = self._size - len(self._head) - len(self._tail)
        middle = f"\n[… {left_out} bytes …]\n".encode() if left_out else b""
        return (self._head + middle + self._tail).decode("utf-8", "replace")


def _lines(pipe: IO[bytes]) -> Iterator[bytes]:
    """Complete lines; one that does not end is given up, and is an empty line."""
    parts: list[bytes] = []
    size = 0
    while block := os.read(pipe.fileno(), 1 << 16):
        *lines, rest = block.split(b"\n")
        for line in lines:
            yield b"".join([*parts, line])
            parts, size = [], 0
        parts.append(rest)
        size += len(rest)
        if size > _MOST_BYTES:
            yield b""
            return


def _follow(child: _Child, limits: Limits, progress: Progress | None, cancel: threading.Event | None) -> None:
    """Waits for the last message or the end of the pipe; sets ``child.failure`` when it may not go on."""
    deadline = time.monotonic() + limits.seconds
    while child.listening:
        child.news.wait(_POLL_S)
        child.news.clear()
        if progress is not None and child.step is not None:
            step, child.step = child.step, None
            progress(*step)
        if cancel is not None and cancel.is_set():
            child.failure = RuntimeCancelled(f"stopped in {child.phase}")
        elif time.monotonic() > deadline:
            child.failure = RuntimeTimeout(f"more than {limits.seconds:g} s; stopped in {child.phase}")
        else:
            child.failure = child.failure or _beyond(child, limits)


def _beyond(child: _Child, limits: Limits) -> RuntimeLimit | None:
    """What the kernel says the child uses, against the limits; None where all is well, or unknown."""
    try:
        with open(f"/proc/{child.process.pid}/status", "rb") as file:
            status = file.read().decode("ascii", "replace")
    except OSError:
        return None
    used = {name: int(value) for name, value in re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE)}
    if limits.memory_bytes is not None and used.get("VmRSS", 0) * 1024 > limits.memory_bytes:
        return _too_much_memory(child, limits)
    if used.get("Threads", 0) > limits.threads:
        return RuntimeLimit(f"more than {limits.threads} threads in {child.phase}")
    return None


def _too_much_memory(child: _Child, limits: Limits) -> RuntimeLimit:
    return RuntimeLimit(f"more than {limits.memory_bytes} bytes of memory in {child.phase}")


def _outcome(child: _Child, folder: str, limits: Limits) -> Any:
    """The result of a child that has ended, or its error."""
    log = child.log.text()
    failure, message = child.failure, child.message
    if failure is None and message is None:
        code = child.process.returncode
        out_of_memory = limits.memory_bytes is not None and "bad_alloc" in log
        crash = RuntimeCrash(f"{_name_of_end(code)} in {child.phase}")
        failure = _too_much_memory(child, limits) if out_of_memory else crash
    elif failure is None and message is not None and "result" in message:
        try:
            return _unpack(message["result"], folder)
        except (ValueError, TypeError, OSError, RecursionError) as error:
            failure = RuntimeCrash(f"unreadable result of the child process: {error}")
    elif failure is None and message is not None:
        kind = _TYPED.get(str(message.get("failed")), RuntimeFailure)
        failure = kind(str(message.get("text"))[:_LOG_BYTES])
    assert failure is not None
    failure.log = log
    raise failure


def _name_of_end(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    fault = _WINDOWS_FAULTS.get(code & 0xFFFFFFFF)
    return fault or f"exit with code {code}"


# Values on their way between the processes.


def _pack(value: Any, folder: str) -> Any:
    """JSON of a value; arrays go to files of their own."""
    if isinstance(value, np.ndarray):
        handle, path = tempfile.mkstemp(suffix=".npy", prefix="array-", dir=folder)
        with os.fdopen(handle, "wb") as file:
            np.save(file, value, allow_pickle=False)
        return {"$array": os.path.basename(path)}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.path.abspath(value)
    if isinstance(value, dict):
        return {str(key): _pack(item, folder) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(item, folder) for item in value]
    return value


def _unpack(value: Any, folder: str) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"$array"}:
            return _read_array(str(value["$array"]), folder)
        return {key: _unpack(item, folder) for key, item in value.items()}
    return [_unpack(item, folder) for item in value] if isinstance(value, list) else value


def _read_array(name: str, folder: str) -> np.ndarray[Any, Any]:
    """An array that the other side wrote. The name may be anything, and the file may be a link or a device."""
    if not re.fullmatch(r"array-\w+\.npy", name):
        raise ValueError(f"{name[:50]!r} is no name of an array")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(os.path.join(folder, name), flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{name} is no plain file")
        array: np.ndarray[Any, Any] = np.load(file, allow_pickle=False)
        return array


# In the child.


def _child() -> NoReturn:
    """What the child process does, from the second line of its stdin on."""
    # The runtime prints to stdout too: that becomes stderr, and the answers get a descriptor of their own.
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)
        job = json.loads(sys.stdin.buffer.readline())
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
        _limit(job["memory_bytes"])

        def say(message: dict[str, Any]) -> None:
            channel.write(json.dumps(message).encode() + b"\n")
            channel.flush()

        def progress(phase: str, done: int, total: int) -> None:
            say({"progress": [phase, done, total]})

        say(_answer(job, progress))
    sys.stderr.flush()
    os._exit(0)  # taking the runtime's objects down in the order that Python happens to choose crashes


def _answer(job: dict[str, Any], progress: Progress) -> dict[str, Any]:
    try:
        function = getattr(importlib.import_module(job["module"]), job["name"])
        return {"result": _pack(function(progress, **_unpack(job["arguments"], os.getcwd())), os.getcwd())}
    except MemoryError:
        return {"failed": "RuntimeLimit", "text": f"more than {job['memory_bytes']} bytes of memory"}
    except RuntimeFailure as error:
        return {"failed": type(error).__name__, "text": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"failed": "RuntimeFailure", "text": f"{type(error).__name__}: {error}"}


def _end_with_the_parent() -> None:
    with contextlib.suppress(OSError, ValueError):
        io.FileIO(0, closefd=False).readall()
    if hasattr(os, "killpg"):
        os.killpg(os.getpgrp(), signal.SIGKILL)  # and all that it has started
    os._exit(1)


def _limit(memory_bytes: int | None) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes is not None:
        with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
            most = resource.getrlimit(resource.RLIMIT_AS)[1]
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes + _MAPPED_BYTES, most))
