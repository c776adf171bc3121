"""Operators that no condition can tell apart, unless it looks beyond the operator: what is of one kind is asked once.

A tensor's kind is all that :class:`..nodes.View` has of it by itself but its scale and zero point, which hardly two
tensors share and few conditions look at. An operator's kind is its type, version and options, and the kinds of its
operands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kept import kept
from ..memory.litert import sized_while_running
from ..model import Model
from ..options import option_kinds
from ..ragged import Array, Ragged, kinds_of


@dataclass(frozen=True)
class Kinds:
    """Numbers of what is alike in a model.

    Attributes:
        tensors: int64 per tensor.
        scales: int64 per tensor, of its first scale and zero point.
        operators: int64 per operator.
        scaled: int64 per operator, its kind with the scales of its operands; negative, so that it is no other kind.
        alone: int64 per operator, its kind without its operands.
        late: the operators that write what has no size before they run.
    """

    tensors: Array
    scales: Array
    operators: Array
    scaled: Array
    alone: Array
    late: frozenset[int]


@kept
def kinds(model: Model) -> Kinds:
    """What is alike in a model, found once.

    Raises:
        ModelError: when the file was changed, or its options turn out to be damaged.
    """
    tensors = _of_tensors(model)
    operators, late = model.operators, sized_while_running(model)[1]
    is_late = np.zeros(len(operators), bool)
    is_late[late] = True
    alone = kinds_of([operators.type, operators.version, option_kinds(model), is_late], len(operators))
    both = (operators.inputs, operators.outputs)
    repeated = [_repeated(column) for column in both]
    of_operators = kinds_of([alone, *repeated, *(_of_operands(column, tensors) for column in both)], len(operators))
    quantization = model.quantization
    scales = kinds_of([first(quantization.scale).view(np.int32), first(quantization.zero_point)], len(tensors))
    scaled = kinds_of([of_operators, *(_of_operands(column, scales) for column in both)], len(operators))
    return Kinds(tensors, scales, of_operators, -1 - scaled, alone, frozenset(late))


def _of_operands(column: Ragged, tensors: Array) -> Array:
    """A number for every row of tensors, equal where these have equal ones."""
    return Ragged(column.offsets, np.append(tensors, -1)[column.values]).kinds()


def _of_tensors(model: Model) -> Array:
    tensors, quantization = model.tensors, model.quantization
    columns = [
        tensors.type, model.is_constant, model.is_sparse, model.producer >= 0, tensors.shape.kinds(),
        tensors.shape_signature.kinds(), quantization.scale.counts, quantization.dimension,
    ]  # fmt: skip
    return kinds_of(columns, len(tensors))


def first(column: Ragged) -> Array:
    """The first cell of every row, 0 where there is none."""
    cells = np.zeros(len(column), column.values.dtype)
    there = column.counts > 0
    cells[there] = column.values[column.offsets[:-1][there]]
    return cells


def _repeated(column: Ragged) -> Array:
    """A number for every row: equal where the same places of the rows hold the same tensor as an earlier place."""
    rows, values = column.rows, column.values.astype(np.int64)
    _, earliest, which = np.unique(
        rows * (int(values.max(initial=0)) + 2) + values, return_index=True, return_inverse=True
    )
    return Ragged(column.offsets, earliest[which] - column.offsets[:-1][rows]).kinds()
