"""What checks of quantization share: which operators a tensor belongs to, and how a finding is worded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..model import Model
from ..ragged import Array
from ..report import Finding, Severity

MOST_LISTED = 1000


def operators_of(model: Model, tensors: Array) -> Array:
    """The operator that writes each tensor, else the first that reads it, else -1."""
    readers = model.consumers
    first = np.full(len(tensors), -1, np.int64)
    read = readers.counts[tensors] > 0
    first[read] = readers.values[readers.offsets[:-1][tensors[read]]]
    return np.where(model.producer[tensors] >= 0, model.producer[tensors], first)


def of_tensors(model: Model, severity: Severity, code: str, tensors: Array, text: str) -> Iterator[Finding]:
    """One finding on all of the tensors, none where there are none; the text says what is the matter with each."""
    if len(tensors):
        operators = operators_of(model, tensors)
        where = np.unique(operators[operators >= 0])[:MOST_LISTED]
        name = model.tensors.name[int(tensors[0])] or f"tensor {int(tensors[0])}"
        yield Finding(
            severity, code, f"{_count(len(tensors), 'tensor')}: {text} (first: {name})", tuple(where.tolist())
        )


def of_operators(model: Model, severity: Severity, code: str, operators: Array, text: str) -> Iterator[Finding]:
    """One finding on all of the operators, none where there are none."""
    if len(operators):
        first = int(operators[0])
        name = f"{model.operators.type_names[int(model.operators.type[first])]} {first}"
        message = f"{_count(len(operators), 'operator')}: {text} (first: {name})"
        yield Finding(severity, code, message, tuple(operators[:MOST_LISTED].tolist()))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
