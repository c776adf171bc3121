"""The bytes of a model: a memory-mapped file, or a stretch of one inside a container."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import stat
import threading
from collections.abc import Iterator
from typing import IO

import numpy as np

from .errors import ModelError
from .ragged import Array

_BLOCK = 1 << 20


class _File:
    """A regular file that is open and mapped; closed when nothing refers to it any more."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.seen = self.state()
        self.lock = threading.Lock()
        self.data = np.frombuffer(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ), np.uint8)

    def __del__(self) -> None:
        os.close(self.descriptor)  # the mapping lives on as long as views of it do

    def state(self) -> tuple[int, int]:
        status = os.fstat(self.descriptor)
        return status.st_size, status.st_mtime_ns

    def read(self, offset: int, size: int) -> bytes:
        with self.lock:
            os.lseek(self.descriptor, offset, os.SEEK_SET)
            return os.read(self.descriptor, size)


class Source:
    """Read-only bytes with a name.

    A mapped file that somebody shortens turns the next look at it into SIGBUS, which ends the process. :meth:`check` is
    therefore called before anything is read after opening: it compares size and time with those seen first.

    Attributes:
        name: what errors call it, ``container!member`` for a member.
        data: uint8 view of the bytes; no page of it is read until it is indexed.
        base: where the bytes start in the file.
        path: the file that holds exactly these bytes, None when there is none.
    """

    def __init__(self, name: str, data: Array, base: int = 0, file: _File | None = None) -> None:
        self.path: str | None = None
        self.name = name
        self.data = data
        self.base = base
        self._file = file
        self._sha256: str | None = None

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "model") -> Source:
        """A source over bytes in memory."""
        return cls(name, np.frombuffer(data, np.uint8))

    @classmethod
    def from_file(cls, file: IO[bytes], name: str) -> Source:
        """Maps an open, non-empty regular file that has no path, such as a temporary one. The caller may close it."""
        mapped = _File(os.dup(file.fileno()))
        return cls(name, mapped.data, file=mapped)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Source:
        """Maps the file at ``path``.

        Raises:
            ModelError: when it is missing, not a regular file, empty or not permitted.
        """
        name = os.fspath(path)
        with os_errors(name):
            # O_NONBLOCK: opening a pipe that nobody writes to would otherwise wait for ever.
            flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
            descriptor = os.open(name, flags)
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_size:
                mapped = _File(descriptor)
                source = cls(name, mapped.data, file=mapped)
                source.path = name
                return source
            os.close(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError
        raise ModelError(name, "the file is empty" if stat.S_ISREG(status.st_mode) else "not a regular file")

    def part(self, name: str, offset: int, size: int) -> Source:
        """A stretch of this source under a name of its own; it shares the mapping."""
        return Source(f"{self.name}!{name}", self.data[offset : offset + size], self.base + offset, self._file)

    def check(self) -> None:
        """Raises a ModelError when the file was changed since it was opened."""
        if self._file is not None and self._file.state() != self._file.seen:
            raise ModelError(self.name, "the file was changed after it was opened; open it again")

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes as hex digits, computed once, by reading the file instead of the mapping."""
        if self._sha256 is None:
            digest = hashlib.sha256()
            for start in range(0, self.data.size, _BLOCK):
                digest.update(self.read(start, min(_BLOCK, self.data.size - start)))
            self.check()
            self._sha256 = digest.hexdigest()
        return self._sha256

    def read(self, offset: int, size: int) -> bytes:
        """A copy of a stretch of the bytes, taken from the file (no SIGBUS, no growth of the mapping)."""
        if self._file is None:
            return self.data[offset : offset + size].tobytes()
        data = self._file.read(self.base + offset, size)
        if len(data) < size:
            self.check()
            raise ModelError(self.name, "the file ends early", offset=self.base + offset + len(data))
        return data


@contextlib.contextmanager
def os_errors(name: str) -> Iterator[None]:
    """Turns an OSError about the file ``name`` into a ModelError that says the same in one line."""
    try:
        yield
    except IsADirectoryError:
        raise ModelError(name, "is a directory, not a model") from None
    except OSError as error:
        raise ModelError(name, error.strerror or type(error).__name__) from None
    except ValueError as error:  # a path with a NUL byte
        raise ModelError(name, str(error)) from None
