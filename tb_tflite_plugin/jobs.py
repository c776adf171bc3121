"""What a page has asked this server to do and waits for: one thing at a time, with progress, cancel, and an end."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .runtime.errors import RuntimeCancelled, RuntimeFailure
from .runtime.worker import Progress

Work = Callable[[Progress, threading.Event], str]
"""Does the work and returns the id of what came out; told where to say how far it is, and what is set to stop it."""

_MOST_WAITING = 3
_KEPT = 32  # of the jobs that have ended, for pages that still ask
_LOG_CHARACTERS = 4000


class Busy(Exception):  # noqa: N818
    """Too many jobs wait already."""


class UnknownJob(LookupError):  # noqa: N818
    """There is no such job, or it ended long ago."""


@dataclass
class _Job:
    id: str
    model: str
    title: str
    work: Work
    state: str = "waiting"
    step: tuple[str, int, int] = ("waiting for the job before it", 0, 0)
    cancel: threading.Event = field(default_factory=threading.Event)
    started: float | None = None
    seconds: float = 0.0
    result: str | None = None
    error: dict[str, str] | None = None

    def progress(self, phase: str, done: int, total: int) -> None:
        self.step = (phase, done, total)


class Jobs:
    """A queue of jobs, of which one runs: two profiles at the same time would measure each other."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, model: str, title: str, work: Work) -> str:
        """Has something done, and returns the job's id.

        Args:
            model: SHA-256 of the model that it is about.
            title: what it is, for people.
            work: does it, in a thread of this object.

        Raises:
            Busy: when too many wait.
        """
        job = _Job(secrets.token_hex(8), model, title, work)
        with self._lock:
            if len(self._open()) > _MOST_WAITING:
                raise Busy(f"{_MOST_WAITING} jobs wait already; cancel one or try again later")
            self._jobs[job.id] = job
            ended = [known.id for known in self._jobs.values() if known.state not in ("waiting", "running")]
            for old in ended[:-_KEPT]:
                del self._jobs[old]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="tflite-jobs", daemon=True)
                self._thread.start()
        return job.id

    def state(self, id: str) -> dict[str, Any]:
        """Where a job stands, as plain values.

        Raises:
            UnknownJob: when there is none.
        """
        with self._lock:
            return self._describe(self._find(id))

    def of_model(self, model: str) -> list[dict[str, Any]]:
        """The jobs about a model that have not ended: a page that was reloaded finds its own again."""
        with self._lock:
            return [self._describe(job) for job in self._open() if job.model == model]

    def cancel(self, id: str) -> None:
        """Asks a job to stop; one that has ended stays as it is.

        Raises:
            UnknownJob: when there is none.
        """
        with self._lock:
            job = self._find(id)
            job.cancel.set()
            if job.state == "waiting":
                job.state = "cancelled"

    def _find(self, id: str) -> _Job:
        if id not in self._jobs:
            raise UnknownJob(id)
        return self._jobs[id]

    def _open(self) -> list[_Job]:
        return [job for job in self._jobs.values() if job.state in ("waiting", "running")]

    def _describe(self, job: _Job) -> dict[str, Any]:
        phase, done, total = job.step
        running = job.state == "running" and job.started is not None
        return {
            "id": job.id,
            "title": job.title,
            "state": job.state,
            "phase": phase,
            "done": done,
            "total": total,
            "ahead": self._open().index(job) if job.state == "waiting" else 0,
            "seconds": round(time.monotonic() - job.started if running and job.started else job.seconds, 1),
            "result": job.result,
            "error": job.error,
        }

    def _work(self) -> None:
        """Does what waits, one after the other; ends when nothing does."""
        while True:
            with self._lock:
                job = next((job for job in self._jobs.values() if job.state == "waiting"), None)
                if job is None:
                    self._thread = None
                    return
                job.state, job.started, job.step = "running", time.monotonic(), ("start", 0, 0)
            state, result, error = _do(job)
            with self._lock:
                job.seconds = time.monotonic() - (job.started or 0.0)
                job.state, job.result, job.error = state, result, error


def _do(job: _Job) -> tuple[str, str | None, dict[str, str] | None]:
    """State, result and error of a job that has been done."""
    try:
        return "done", job.work(job.progress, job.cancel), None
    except RuntimeCancelled:
        return "cancelled", None, None
    except RuntimeFailure as failure:
        return "failed", None, _error(type(failure).__name__, str(failure), failure.log)
    except Exception as failure:  # the thread goes on, and the page is told
        return "failed", None, _error(type(failure).__name__, f"{type(failure).__name__}: {failure}", "")


def _error(kind: str, message: str, log: str) -> dict[str, str]:
    return {"kind": kind, "message": message, "log": log[-_LOG_CHARACTERS:]}
