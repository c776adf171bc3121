"""Traces of the fixtures, measured once for all tests that look at them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime.profiler import Settings, profile
from tb_tflite_plugin.runtime.trace import Trace

Measured = tuple[Model, Trace]


@pytest.fixture(scope="session")
def measured() -> Callable[[Path], Measured]:
    """Profiles a model with a few inferences, or gives what it gave before."""
    known: dict[Path, Measured] = {}

    def measure(path: Path) -> Measured:
        if path not in known:
            model = open_model(path)
            known[path] = model, profile(model, Settings(runs=12, warmup=2))
        return known[path]

    return measure
