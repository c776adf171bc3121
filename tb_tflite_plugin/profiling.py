"""Profiling from Python."""

from __future__ import annotations

import os
from typing import Any

from .analysis.containers import open_model
from .analysis.model import Model
from .analysis.report import Report
from .runtime import profile_report, profiler
from .runtime.profiler import Settings
from .runtime.trace import Trace


class Profile:
    """A trace together with its model.

    Attributes:
        model: the model that ran.
        trace: what was measured.
    """

    def __init__(self, model: Model, trace: Trace) -> None:
        self.model = model
        self.trace = trace

    @property
    def report(self) -> Report:
        """Summary, one row per operator, findings; the figures are defined in docs/profile.md."""
        return profile_report.report(self.trace, self.model)

    def to_pandas(self) -> Any:
        """One row per operator as a data frame, where pandas is installed."""
        return self.report.to_pandas()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the trace as JSON."""
        from .runtime.trace_file import save

        save(self.trace, path)


def profile(model: Model | str | os.PathLike[str] | bytes, **settings: Any) -> Profile:
    """Runs a model on this machine, in a process of its own.

    Args:
        model: the model, or where it is.
        settings: fields of :class:`.runtime.profiler.Settings` (``kernels``, ``threads``, ``runs``, …), and ``limits``,
            ``progress`` and ``cancel`` of :func:`.runtime.profiler.profile`.

    Raises:
        ModelError: when it is not a readable model.
        RuntimeFailure: one of its kinds (``runtime/errors.py``), when it cannot be run.
    """
    opened = model if isinstance(model, Model) else open_model(model)
    control = {name: settings.pop(name) for name in ("limits", "progress", "cancel") if name in settings}
    return Profile(opened, profiler.profile(opened, Settings(**settings), **control))
