"""Sizes of the operands of many operators of one type, as the rules of an analysis need them."""

from __future__ import annotations

import numpy as np

from .dtypes import bits_of
from .model import Model
from .options import option_column
from .ragged import Array, Ragged


class Operands:
    """The operands of some operators of one type, by number; a tensor of -1 is left out."""

    def __init__(self, model: Model, operators: Array) -> None:
        self.model = model
        self.operators = operators

    def input(self, number: int) -> Array:
        """Tensor ids of an input, int64."""
        return numbered(self.model.operators.inputs, self.operators, number)

    def output(self) -> Array:
        """Tensor ids of the first output, int64."""
        return numbered(self.model.operators.outputs, self.operators, 0)

    def elements(self, tensors: Array) -> Array:
        """Elements of the tensors, int64; -1 where not known or where there is no tensor."""
        return at(self.model.tensors.elements, tensors, -1)

    def rank(self, tensors: Array) -> Array:
        """Ranks of the tensors, 0 where there is no tensor."""
        return at(self.model.tensors.shape.counts, tensors, 0)

    def axis(self, tensors: Array, axis: Array | int) -> Array:
        """Sizes along an axis, negative axes counted from the end; 0 where there is no such axis. int64."""
        shape, rank = self.model.tensors.shape, self.rank(tensors)
        place = np.where(np.asarray(axis) < 0, rank + axis, axis)
        there = (place >= 0) & (place < rank)
        sizes = np.zeros(len(tensors), np.int64)
        sizes[there] = shape.values[shape.offsets[tensors[there]] + place[there]]
        return sizes

    def type(self, tensors: Array) -> Array:
        """TensorType values of the tensors, 255 where there is no tensor. uint8."""
        return at(self.model.tensors.type, tensors, 255)

    def width(self, tensors: Array) -> Array:
        """Bytes of an element of the tensors, at least one; 0 where there is no tensor or its type has no width."""
        return np.where(tensors >= 0, (bits_of(self.type(tensors)) + 7) // 8, 0)

    def option(self, name: str) -> Array:
        """A field of the operators' options, int64; 0 where an operator has no such field."""
        having, values = option_column(self.model, name)
        column = np.zeros(len(self.model.operators), np.int64)
        column[having] = values
        return column[self.operators]

    def positions(self, tensors: Array) -> Array:
        """Elements of the tensors without the last axis, -1 where not known."""
        return divided(self.elements(tensors), self.axis(tensors, -1))


def at(values: Array, tensors: Array, missing: int) -> Array:
    """A value per tensor, ``missing`` where there is no tensor."""
    found = np.full(tensors.shape, missing, values.dtype)
    there = tensors >= 0
    found[there] = values[tensors[there]]
    return found


def divided(total: Array, part: Array) -> Array:
    """``total / part`` as whole numbers, -1 where either is not known or it leaves a rest."""
    whole = np.where((total >= 0) & (part > 0), total // np.maximum(part, 1), -1)
    return np.where(whole * part == total, whole, -1)


def numbered(column: Ragged, rows: Array, number: int) -> Array:
    """The value of that number in every given row, -1 where the row is shorter. int64."""
    values = np.full(len(rows), -1, np.int64)
    there = column.counts[rows] > number
    values[there] = column.values[column.offsets[rows[there]] + number]
    return values
