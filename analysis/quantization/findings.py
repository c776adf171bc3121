"""What checks of quantization share: which operators a tensor belongs to, and how a finding is worded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..model import Model
from ..ragged import Array
from ..report import Finding, Severity

MOST_LISTED = 1000


@dataclass(frozen=True)
class Found(Finding):
    """A finding that also keeps the operators beyond those that it lists.

    Attributes:
        everywhere: int64, all operators that it is about, ascending.
    """

    everywhere: Array = field(default_factory=lambda: np.zeros(0, np.int64), compare=False, repr=False)


def _found(severity: Severity, code: str, message: str, operators: Array) -> Found:
    return Found(severity, code, message, tuple(operators[:MOST_LISTED].tolist()), operators)


def operators_of(model: Model, tensors: Array) -> Array:
    """The operator that writes each tensor, else the first that reads it, else -1."""
    readers = model.consumers
    first = np.full(len(tensors), -1, np.int64)
    read = readers.counts[tensors] > 0
    first[read] = readers.values[readers.offsets[:-1][tensors[read]]]
    return np.where(model.producer[tensors] >= 0, model.producer[tensors], first)


def of_tensors(model: Model, severity: Severity, code: str, tensors: Array, text: str) -> Iterator[Found]:
    """One finding on all of the tensors, none where there are none; the text says what is the matter with each."""
    if len(tensors):
        operators = operators_of(model, tensors)
        where = np.unique(operators[operators >= 0]).astype(np.int64)
        name = model.tensors.name[int(tensors[0])] or f"tensor {int(tensors[0])}"
        yield _found(severity, code, f"{_count(len(tensors), 'tensor')}: {text} (first: {name})", where)


def of_operators(
    model: Model, severity: Severity, code: str, operators: Array, text: str, details: dict[int, str] | None = None
) -> Iterator[Found]:
    """One finding on all of the operators, none where there are none.

    Args:
        model: the model.
        severity: how grave it is.
        code: which finding.
        operators: global ids, in any order and possibly several times.
        text: what is the matter with each, and what to do.
        details: what more there is to say of some of them; told of the first one.
    """
    if len(operators):
        where = np.unique(operators).astype(np.int64)
        first = int(where[0])
        name = f"{model.operators.type_names[int(model.operators.type[first])]} {first}"
        detail = f", {details[first]}" if details and first in details else ""
        yield _found(severity, code, f"{_count(len(where), 'operator')}: {text} (first: {name}{detail})", where)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
