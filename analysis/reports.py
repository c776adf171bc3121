"""The analyses by name. An analysis is a function from a model to a report; a new one is a module and a line here."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable

from .model import Model
from .report import Report

# Imported on first use: a command that prints one report does not load the others.
_ANALYSES = {
    "inspect": "overview:inspect",
    "metadata": "metadata:metadata",
    "ops": "listing:ops",
    "tensors": "listing:tensors",
    "compute": "compute:compute",
    "memory": "memory:memory",
    "memory_tensors": "memory:memory_tensors",
    "memory_micro": "memory:memory_micro",
    "memory_micro_tensors": "memory:memory_micro_tensors",
    "memory_buffers": "memory:memory_buffers",
    "memory_micro_buffers": "memory:memory_micro_buffers",
    "quantization": "quantization:quantization",
    "quantization_tensors": "quantization:quantization_tensors",
    "delegates": "delegates.reports:verdicts",
    "partition_xnnpack": "delegates.reports:partition_xnnpack",
    "partition_gpu": "delegates.reports:partition_gpu",
    "compatibility": "compatibility:compatibility",
    "sparsity": "sparsity:sparsity",
    "sparsity_tensors": "sparsity:sparsity_tensors",
    "weights": "weights:weights",
}
NAMES = tuple(_ANALYSES)
# Threads that import modules of one package at once may meet half of one: each holds a lock that the other wants, and
# Python lets one of them pass (importlib/_bootstrap.py, _ModuleLock).
_IMPORTING = threading.Lock()


def analyse(model: Model, name: str) -> Report:
    """The report of the analysis called ``name``, one of ``NAMES``.

    Raises:
        KeyError: when there is no such analysis.
        ModelError: when the file was changed, or turns out to be damaged.
    """
    module, _, function = _ANALYSES[name].partition(":")
    with _IMPORTING:
        made: Callable[[Model], Report] = getattr(importlib.import_module(f".{module}", __package__), function)
    return made(model)
