"""Models behind URLs that fsspec opens: fetched once, in the background, into temporary files."""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from typing import IO, Any, cast

from .analysis.errors import ModelError
from .analysis.source import Source
from .errors import NotReady
from .scan import Found

_BLOCK = 4 << 20
_KEPT = 8


def fetch(found: Found, most: int) -> bytes:
    """The bytes of a small remote file, in the foreground.

    Raises:
        ModelError: when it cannot be fetched, or is longer than ``most``.
    """
    import fsspec

    try:
        with fsspec.open(found.path, "rb") as remote:
            data: bytes = cast(Any, remote).read(most + 1)
    except Exception as error:  # every store has errors of its own
        raise ModelError(found.label, f"cannot be fetched: {type(error).__name__}: {error}") from None
    if len(data) > most:
        raise ModelError(found.label, f"is larger than {most >> 20} MiB")
    return data


class Downloads:
    """The files fetched last."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[tuple[str, int, int], _Job] = OrderedDict()
        self._lock = threading.Lock()

    def source(self, found: Found) -> Source:
        """The bytes of a remote file.

        Raises:
            NotReady: while it is being fetched; the first call starts that.
            ModelError: when fetching failed; the next call tries again.
        """
        key = (found.path, found.size, found.modified_ns)
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = _Job(found)
                while len(self._jobs) > _KEPT:
                    self._jobs.popitem(last=False)
            if job.error is not None:
                del self._jobs[key]
        return job.source()


class _Job(threading.Thread):
    def __init__(self, found: Found) -> None:
        super().__init__(name="tflite-fetch", daemon=True)
        self._found = found
        self._fetched = 0
        self._file: IO[bytes] | None = None
        self.error: str | None = None
        self.start()

    def run(self) -> None:
        import fsspec

        file = cast(IO[bytes], tempfile.TemporaryFile(buffering=0))
        try:
            with fsspec.open(self._found.path, "rb") as remote:
                while block := cast(Any, remote).read(_BLOCK):
                    file.write(block)
                    self._fetched += len(block)
        except Exception as error:  # every store has errors of its own
            file.close()
            self.error = f"cannot be fetched: {type(error).__name__}: {error}"
            return
        self._file = file

    def source(self) -> Source:
        if self.error is not None:
            raise ModelError(self._found.label, self.error)
        if self._file is None:
            done = f"{self._fetched >> 20} of {self._found.size >> 20} MiB"
            raise NotReady(f"fetching {self._found.label}: {done}")
        if not self._fetched:
            raise ModelError(self._found.label, "the file is empty")
        return Source.from_file(self._file, self._found.label)
