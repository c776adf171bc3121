"""The runs of a model that a page can show: those it has asked for, and those that were logged."""

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
from .jsontext import dumps
from .library import Library
from .run_facts import facts_of, facts_of_errors
from .runtime import trace_file
from .runtime.closeups import Closeups
from .runtime.error_file import ErrorFile
from .runtime.error_file import loads as loads_errors
from .runtime.error_file import to_json as errors_json
from .runtime.profile_report import report
from .runtime.trace import Trace
from .runtime.traces import loads
from .wire import encode_closeups, encode_report
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
        kind: ``profile``, ``partition`` or ``layer_error``.
        model: SHA-256 of the model.
        facts: what a list says of it, as plain values.
        read: the JSON of the trace or of the errors, or the partition's report as it goes over the wire.
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

    def errors(self, model: Model) -> ErrorFile:
        """Errors of layers.

        Raises:
            TraceError: when they cannot be read, or are of a model with other operators.
        """
        return loads_errors(self.read(), self.facts["label"], len(model.operators))

    def encoded_closeups(self, model: Model) -> bytes:
        """Values and channels of errors of layers as they go over the wire."""
        return encode_closeups(self.errors(model).closeups)

    def encoded_report(self, model: Model) -> bytes:
        """The report over operators as it goes over the wire."""
        if self.kind == "partition":
            return self.read()
        return encode_report(report(self.trace(model), model) if self.kind == "profile" else self.errors(model).report)


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

    def add_errors(self, measured: Report, closeups: Closeups, model: Model) -> str:
        """Keeps errors of layers and returns their id."""
        content = dumps(errors_json(measured, closeups, model.identity)).encode("utf-8", "replace")
        facts = facts_of_errors(loads_errors(content, model.name))
        return self._add("layer_error", model.sha256, facts, content)

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
            Run(found.key, found.kind, model, {**found.facts, "logged": True}, found.read)
            for found in self._library.runs(model)
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

    def of_kind(self, kind: str, model: str, id: str) -> Run:
        """One run of a model that is of a kind.

        Raises:
            UnknownRun: when there is none.
        """
        found = self.find(model, id)
        if found.kind != kind:
            raise UnknownRun(id)
        return found
