"""The models that a server knows: found in the background, known by their SHA-256, opened on demand."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from .analysis.containers import pick
from .analysis.errors import ModelError
from .analysis.model import Model
from .analysis.source import Source, os_errors
from .cache import ByteCache
from .errors import NotReady, UnknownModel
from .remote import Downloads, fetch
from .run_facts import facts_of, facts_of_errors
from .runtime.error_file import loads as loads_errors
from .runtime.errors import TraceError
from .runtime.trace_file import loads
from .scan import ERRORS_SUFFIX, Found, Root, Scan, inside, real_path, scan

_OPEN_MODELS = 8
_MOST_RUN_BYTES = 64 << 20
_MOST_NOTES = 20


@dataclass(frozen=True)
class LoggedRun:
    """A profile, or errors of layers, in a file below a root.

    Attributes:
        key: its id.
        kind: ``profile`` or ``layer_error``.
        model: SHA-256 of the model that it is of.
        facts: what a list says of it.
        read: its bytes, as they are now.
    """

    key: str
    kind: str
    model: str
    facts: dict[str, Any]
    read: Callable[[], bytes]


class Library:
    """Models below some roots.

    Every model has a key made of its path, size and time, which serves until its SHA-256 has been computed off the
    request path; both address it. Nothing is looked at before the first question.

    Args:
        roots: where to look.
        follow_links: whether symbolic links may lead out of the roots.
        interval: seconds between scans; None scans again only on :meth:`rescan`.
    """

    def __init__(self, roots: list[Root], *, follow_links: bool = False, interval: float | None = None) -> None:
        self._roots = list(roots)
        self._follow_links = follow_links
        self._interval = interval
        self._scan = Scan()
        self._found: dict[str, Found] = {}
        # Per key the SHA-256, or None where it cannot be computed (unreadable, or remote and not fetched).
        self._hashes: dict[str, str | None] = {}
        # Per key the run, or None where it cannot be read; a note says why.
        self._runs: dict[str, LoggedRun | None] = {}
        self._run_notes: dict[str, str] = {}
        self._downloads = Downloads()
        self._models: ByteCache[Model] = ByteCache(_OPEN_MODELS, lambda _: 1)
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._complete = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, root: Root) -> None:
        """Looks in one more place from now on."""
        with self._lock:
            known = root in self._roots
            self._roots += [] if known else [root]
        self.rescan()

    def rescan(self) -> None:
        """Asks for another look; returns at once."""
        with self._lock:
            self._complete.clear()
            self._wanted.set()
        self._start()

    @property
    def has_models(self) -> bool:
        """Whether any model is known by now. Never waits; the first call sets the search going."""
        self._start()
        return bool(self._found)

    def listing(self, wait: float = 0.0) -> dict[str, Any]:
        """The models and the state of the search, after waiting at most ``wait`` seconds for the scan to complete."""
        self._start()
        self._complete.wait(wait)
        with self._lock:
            return {
                "models": [_entry(key, found, self._hashes.get(key)) for key, found in self._found.items()],
                "scan": {
                    "running": not self._complete.is_set(),
                    "roots": [root.path for root in self._roots],
                    "entries": self._scan.entries,
                    "notes": [*self._scan.notes, *list(self._run_notes.values())[:_MOST_NOTES]],
                },
            }

    def key(self, wanted: str) -> str:
        """The key of the model with this key or SHA-256.

        Raises:
            UnknownModel: when there is none.
            NotReady: when it may turn up yet.
        """
        return self._find(wanted)[0]

    def model(self, wanted: str) -> Model:
        """The model with this key or SHA-256.

        Raises:
            UnknownModel: when there is none.
            NotReady: when it may turn up yet, or is being fetched.
            ModelError: when it cannot be read.
        """
        key, found = self._find(wanted)
        model = self._models.get(key, lambda: Model(self._source(found)))
        model.source.check()
        return model

    def runs(self, model: str) -> list[LoggedRun]:
        """The logged runs of the model with this SHA-256 that are known by now, in the order of run, tag and step."""
        with self._lock:
            return [found for found in self._runs.values() if found is not None and found.model == model]

    @property
    def runs_pending(self) -> bool:
        """Whether more logged runs may turn up."""
        return not self._complete.is_set() or len(self._runs) < len(self._scan.runs)

    def _find(self, wanted: str) -> tuple[str, Found]:
        self._start()
        with self._lock:
            if wanted in self._found:
                return wanted, self._found[wanted]
            for key, digest in self._hashes.items():
                if digest == wanted:
                    return key, self._found[key]
            pending = len(self._found) - len(self._hashes)
        if not self._complete.is_set():
            raise NotReady("looking for models")
        if pending and len(wanted) == 64:
            raise NotReady(f"identifying models, {pending} to go")
        raise UnknownModel(wanted)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="tflite-scan", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._wanted.clear()
            with self._lock:
                roots = list(self._roots)
            result = scan(roots, self._follow_links)
            with self._lock:
                self._scan = result
                self._found = {key_of(found): found for found in result.models}
                self._hashes = {key: value for key, value in self._hashes.items() if key in self._found}
                if not self._wanted.is_set():
                    self._complete.set()
            self._identify()
            self._read_runs()
            self._wanted.wait(self._interval)

    def _identify(self) -> None:
        """Computes the missing hashes, small files first, until a new scan is asked for."""
        missing = [(found.size, key, found) for key, found in self._found.items() if key not in self._hashes]
        for _, key, found in sorted(missing, key=lambda item: item[:2]):
            if self._wanted.is_set():
                return
            digest = None
            if not found.remote:
                try:
                    source = self._source(found)
                    digest = source.sha256
                    source.check()
                except (ModelError, OSError):
                    digest = None  # the listing says so only when it is opened: it may be readable by then
            with self._lock:
                self._hashes[key] = digest

    def _read_runs(self) -> None:
        """Reads what logged runs say of themselves, until a new scan is asked for."""
        there = {key_of(found): found for found in self._scan.runs}
        with self._lock:
            self._runs = {key: value for key, value in self._runs.items() if key in there}
            self._run_notes = {key: value for key, value in self._run_notes.items() if key in there}
        for key, found in there.items():
            if self._wanted.is_set():
                return
            if key not in self._runs:
                run, note = self._read_run(key, found)
                with self._lock:
                    self._runs[key] = run
                    if note:
                        self._run_notes[key] = note

    def _read_run(self, key: str, found: Found) -> tuple[LoggedRun | None, str]:
        """A logged run, or why there is none."""
        read = partial(self._run_bytes, found)
        is_errors = found.path.lower().endswith(ERRORS_SUFFIX)
        try:
            kind, model, facts = (_errors_in if is_errors else _profile_in)(read(), found.label)
        except (TraceError, ModelError) as error:
            return None, f"{error.file}: {error.reason}"
        if model is None:
            return None, f"{found.label}: does not say which model it is of"
        place = {"label": found.label, "run": found.run, "tag": found.tag, "step": found.step}
        return LoggedRun(key, kind, model, {**place, **facts}, read), ""

    def _run_bytes(self, found: Found) -> bytes:
        if found.size > _MOST_RUN_BYTES:
            raise ModelError(found.label, f"is larger than {_MOST_RUN_BYTES >> 20} MiB")
        if found.remote:
            return fetch(found, _MOST_RUN_BYTES)
        source = self._local(found)
        return source.read(0, int(source.data.size))

    def _source(self, found: Found) -> Source:
        """The bytes of a model that was found."""
        if found.error is not None:
            raise ModelError(found.label, found.error)
        if found.remote:
            return pick(self._downloads.source(found), found.member)
        return pick(self._local(found), found.member)

    def _local(self, found: Found) -> Source:
        """A file that was found, if it still lies where it was allowed to be and is the same."""
        if not self._follow_links and not inside(found.path, [real_path(root) for root in self._roots]):
            raise ModelError(found.label, "its path now leads out of the log directory")
        source = Source.open(found.path)
        source.name = found.file_label
        with os_errors(found.label):
            status = os.stat(found.path)
        if (status.st_size, status.st_mtime_ns) != (found.size, found.modified_ns):
            raise ModelError(found.label, "the file was changed after it was found; look again")
        return source


def _profile_in(data: bytes, name: str) -> tuple[str, str | None, dict[str, Any]]:
    """Kind, model and facts of a profile."""
    trace = loads(data, name)
    return "profile", trace.model.sha256, facts_of(trace)


def _errors_in(data: bytes, name: str) -> tuple[str, str | None, dict[str, Any]]:
    """Kind, model and facts of errors of layers."""
    errors = loads_errors(data, name)
    return "layer_error", errors.model, facts_of_errors(errors)


def key_of(found: Found) -> str:
    """The id of a model before its SHA-256 is known."""
    parts = (found.path, found.member, str(found.size), str(found.modified_ns))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _entry(key: str, found: Found, sha256: str | None) -> dict[str, Any]:
    return {
        "id": sha256 or key,
        "key": key,
        "sha256": sha256,
        "name": os.path.basename(found.label),
        "label": found.label,
        "run": found.run,
        "tag": found.tag,
        "step": found.step,
        "size": found.size,
        "modified": found.modified_ns / 1e9,
        "error": found.error,
    }
