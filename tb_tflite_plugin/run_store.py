"""The runs of a model that a page can show: those it has asked for, and profiles that were logged."""

from __future__ import annotations

import gzip
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .analysis.model import Model
from .analysis.report import Report
from .library import Library
from .run_facts import facts_of
from .runtime import trace_file
from .runtime.profile_report import report
from .runtime.trace import Trace
from .runtime.traces import loads
from .wire import encode_report
from .wire_trace import encode_trace

_KEPT_BYTES = 128 << 20
PREFIX = "run-"
"""What names of reports of runs start with; their id follows."""


class UnknownRun(LookupError):  # noqa: N818
    """The model has no such run, or it was dropped for newer ones."""


@dataclass(frozen=True)
class Run:
    """A run as far as lists show it, and how its content is read.

    Attributes:
        id: names it among the runs of its model.
        kind: ``profile`` or ``partition``.
        model: SHA-256 of the model.
        facts: what a list says of it, as plain values.
        read: the trace's JSON, or the partition's report as it goes over the wire.
    """

    id: str
    kind: str
    model: str
    facts: dict[str, Any]
    read: Callable[[], bytes]

    def trace(self, model: Model) -> Trace:
        """The trace of a profile.

        Raises:
            TraceError: when it cannot be read, or names what the model does not have.
        """
        return loads(self.read(), self.facts["label"], model)

    def encoded_trace(self, model: Model) -> bytes:
        """The trace as it goes over the wire."""
        return encode_trace(self.trace(model))

    def encoded_report(self, model: Model) -> bytes:
        """The report over operators as it goes over the wire."""
        return encode_report(report(self.trace(model), model)) if self.kind == "profile" else self.read()


class RunStore:
    """Runs by model. Those made here are kept in memory, the newest up to a number of bytes.

    Args:
        library: knows the logged ones.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._made: OrderedDict[str, tuple[Run, int]] = OrderedDict()
        self._lock = threading.Lock()

    def add_trace(self, trace: Trace, model: str) -> str:
        """Keeps a profile and returns its id."""
        content = json.dumps(trace_file.to_json(trace), separators=(",", ":"), allow_nan=False).encode()
        return self._add("profile", model, facts_of(trace), content)

    def add_partition(self, measured: Report, model: str) -> str:
        """Keeps a measured partition and returns its id."""
        summary = measured.summary
        facts = {
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "delegate": summary["delegate"],
            "delegated": summary["delegated"],
            "operators": summary["operators"],
            "partitions": len(summary["partitions"]),
            "runtime": summary["runtime"],
        }
        return self._add("partition", model, facts, encode_report(measured))

    def _add(self, kind: str, model: str, facts: dict[str, Any], content: bytes) -> str:
        id, packed = secrets.token_hex(8), gzip.compress(content, 6)
        run = Run(id, kind, model, {"label": "run here", "logged": False, **facts}, lambda: gzip.decompress(packed))
        with self._lock:
            self._made[id] = run, len(packed)
            while sum(size for _, size in self._made.values()) > _KEPT_BYTES and len(self._made) > 1:
                self._made.popitem(last=False)
        return id

    def of_model(self, model: str) -> list[Run]:
        """The runs of a model: logged ones by step, then those made here, the newest last."""
        logged = [
            Run(found.key, "profile", model, {**found.facts, "logged": True}, found.read)
            for found in self._library.profiles(model)
        ]
        with self._lock:
            return logged + [run for run, _ in self._made.values() if run.model == model]

    def find(self, model: str, id: str) -> Run:
        """One run of a model.

        Raises:
            UnknownRun: when there is none.
        """
        with self._lock:
            if id in self._made:
                self._made.move_to_end(id)
        found = next((run for run in self.of_model(model) if run.id == id), None)
        if found is None:
            raise UnknownRun(id)
        return found

    def profile(self, model: str, id: str) -> Run:
        """One profile of a model.

        Raises:
            UnknownRun: when there is none.
        """
        found = self.find(model, id)
        if found.kind != "profile":
            raise UnknownRun(id)
        return found
