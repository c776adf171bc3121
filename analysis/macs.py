"""Multiply-accumulates by operator type, from declared shapes: the rules of docs/compute.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import schema
from .model import Model
from .options import option_column
from .ragged import Array, Categories, Ragged

# More are not believed of one operator: a double, which JavaScript makes of it, still holds this exactly.
MOST = 1 << 53
NONE = "none"


@dataclass(frozen=True)
class Counted:
    """Multiply-accumulates of all operators.

    Attributes:
        macs: int64 per operator, 0 where not known.
        known: bool per operator.
        rules: the rule that each is counted by, ``none`` for types that multiply and accumulate nothing.
        open_batch: bool per operator: the first axis of a tensor in the formula is known at run time only, and the
            size stored for it was taken.
    """

    macs: Array
    known: Array
    rules: Categories
    open_batch: Array


def known_shapes(model: Model) -> Array:
    """Bool per tensor: every axis has a size, and the signature leaves none open but possibly the first."""
    return (model.tensors.elements >= 0) & ~_open_axes(model)[1]


def count(model: Model) -> Counted:
    """The multiply-accumulates of every operator."""
    operators = model.operators
    builtin = schema.enum_values("BuiltinOperator")
    counted_types = [value for name, value in builtin.items() if name not in _UNKNOWN]
    known = np.isin(model.codes.builtin, counted_types)[operators.code]
    names = [NONE]
    rules = np.where(known, 0, -1).astype(np.int32)
    macs = np.zeros(len(operators), np.int64)
    open_batch = np.zeros(len(operators), bool)
    first_open, shape_known = _open_axes(model)[0], known_shapes(model)
    for row, op in enumerate(operators.type_names):
        if op not in _RULES:
            continue
        mine = np.flatnonzero(operators.type == row)
        name, function = _RULES[op]
        names += [name] if name not in names else []
        rules[mine] = names.index(name)
        positions, weights, used = function(_Operands(model, mine))
        product = positions.astype(np.float64) * weights
        ok = _at(shape_known, used, True).all(1) & (positions >= 0) & (weights >= 0) & (product < MOST)
        known[mine] = ok
        macs[mine] = np.where(ok, product, 0).astype(np.int64)
        open_batch[mine] = _at(first_open, used, False).any(1) & ok
    return Counted(macs, known, Categories(rules, names), open_batch)


class _Operands:
    """The operands of some operators of one type, by number; a tensor of -1 is left out."""

    def __init__(self, model: Model, operators: Array) -> None:
        self.model = model
        self.operators = operators

    def input(self, number: int) -> Array:
        """Tensor ids of an input, int64."""
        return _numbered(self.model.operators.inputs, self.operators, number)

    def output(self) -> Array:
        """Tensor ids of the first output, int64."""
        return _numbered(self.model.operators.outputs, self.operators, 0)

    def elements(self, tensors: Array) -> Array:
        """Elements of the tensors, int64; -1 where not known or where there is no tensor."""
        return _at(self.model.tensors.elements, tensors, -1)

    def rank(self, tensors: Array) -> Array:
        """Ranks of the tensors, 0 where there is no tensor."""
        return _at(self.model.tensors.shape.counts, tensors, 0)

    def axis(self, tensors: Array, axis: Array | int) -> Array:
        """Sizes along an axis, negative axes counted from the end; 0 where there is no such axis. int64."""
        shape, rank = self.model.tensors.shape, self.rank(tensors)
        place = np.where(np.asarray(axis) < 0, rank + axis, axis)
        there = (place >= 0) & (place < rank)
        sizes = np.zeros(len(tensors), np.int64)
        sizes[there] = shape.values[shape.offsets[tensors[there]] + place[there]]
        return sizes

    def positions(self, tensors: Array) -> Array:
        """Elements of the tensors without the last axis, -1 where not known."""
        return _divided(self.elements(tensors), self.axis(tensors, -1))


# Positions, weights used at each of them (-1: unknown), and the tensors that both were taken from, [operators, any].
_Factors = tuple[Array, Array, Array]


def _convolution(operands: _Operands) -> _Factors:
    output, weights = operands.output(), operands.input(1)
    return operands.positions(output), operands.elements(weights), np.stack([output, weights], 1)


def _transposed(data: int) -> Callable[[_Operands], _Factors]:
    def factors(operands: _Operands) -> _Factors:
        source, weights = operands.input(data), operands.input(1)
        return operands.positions(source), operands.elements(weights), np.stack([source, weights], 1)

    return factors


def _fully_connected(operands: _Operands) -> _Factors:
    data, weights = operands.input(0), operands.input(1)
    rows = _divided(operands.elements(data), operands.axis(weights, -1))
    elements = np.where(operands.rank(weights) == 2, operands.elements(weights), -1)
    return rows, elements, np.stack([data, weights], 1)


def _batch_matmul(operands: _Operands) -> _Factors:
    output, left = operands.output(), operands.input(0)
    having, values = option_column(operands.model, "adj_x")
    adjoint = np.zeros(len(operands.model.operators), bool)
    adjoint[having] = values
    depth = operands.axis(left, np.where(adjoint[operands.operators], -2, -1))
    depth = np.where(operands.rank(left) >= 2, depth, -1)
    return operands.elements(output), depth, np.stack([output, left], 1)


def _stablehlo_convolution(operands: _Operands) -> _Factors:
    output, kernel = operands.output(), operands.input(1)
    having, values = option_column(operands.model, "kernel_output_feature_dimension")
    axis = np.zeros(len(operands.model.operators), np.int64)
    axis[having] = values
    weights = _divided(operands.elements(kernel), operands.axis(kernel, axis[operands.operators]))
    return operands.elements(output), weights, np.stack([output, kernel], 1)


def _recurrent(*matrices: int) -> Callable[[_Operands], _Factors]:
    """Every step multiplies with all matrices; weights of rank 1 (peepholes, diagonal ones) multiply elementwise."""

    def factors(operands: _Operands) -> _Factors:
        data = operands.input(0)
        weights = np.stack([operands.input(number) for number in matrices], 1)
        weights = np.where(operands.rank(weights) == 2, weights, -1)
        total = np.maximum(operands.elements(weights), 0).sum(1, dtype=np.float64)
        return operands.positions(data), np.where((weights >= 0).any(1), total, -1), np.column_stack([data, weights])

    return factors


def _lstm(operands: _Operands) -> _Factors:
    """The full kernel; the basic one (LSTMOptions.kernel_type) has five operands and one matrix."""
    full, basic = _recurrent(*range(1, 9), 16)(operands), _recurrent(2)(operands)
    is_basic = operands.model.operators.inputs.counts[operands.operators] == 5
    used = np.where(is_basic[:, None], np.pad(basic[2], ((0, 0), (0, 8)), constant_values=-1), full[2])
    return full[0], np.where(is_basic, basic[1], full[1]), used


# Operator type: rule in docs/compute.md, factors. Numbers of operands are those of operators.py; Convolution2D-
# TransposeBias is MediaPipe's. BIDIRECTIONAL ones have weights forward, backward, and of the auxiliary input.
_RULES: dict[str, tuple[str, Callable[[_Operands], _Factors]]] = {
    "CONV_2D": ("convolution", _convolution),
    "DEPTHWISE_CONV_2D": ("convolution", _convolution),
    "CONV_3D": ("convolution", _convolution),
    "STABLEHLO_CONVOLUTION": ("convolution", _stablehlo_convolution),
    "TRANSPOSE_CONV": ("transposed convolution", _transposed(2)),
    "CONV_3D_TRANSPOSE": ("transposed convolution", _transposed(2)),
    "Convolution2DTransposeBias": ("transposed convolution", _transposed(0)),
    "FULLY_CONNECTED": ("fully connected", _fully_connected),
    "BATCH_MATMUL": ("matrix product", _batch_matmul),
    "LSTM": ("recurrent", _lstm),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ("recurrent", _recurrent(*range(1, 9), 16)),
    "BIDIRECTIONAL_SEQUENCE_LSTM": ("recurrent", _recurrent(*range(1, 9), 16, *range(18, 26), 33, *range(40, 48))),
    "RNN": ("recurrent", _recurrent(1, 2)),
    "UNIDIRECTIONAL_SEQUENCE_RNN": ("recurrent", _recurrent(1, 2)),
    "BIDIRECTIONAL_SEQUENCE_RNN": ("recurrent", _recurrent(1, 2, 5, 6, 10, 11)),
    "SVDF": ("recurrent", _recurrent(1, 2)),
}
# Builtins for which there is no rule although they may multiply and accumulate.
_UNKNOWN = ("CUSTOM", "DELEGATE", "STABLEHLO_CUSTOM_CALL", "STABLEHLO_DOT_GENERAL")


def _open_axes(model: Model) -> tuple[Array, Array]:
    """Bool per tensor: the signature leaves the first axis open; it leaves another one open."""
    signature = model.tensors.shape_signature
    is_open = signature.values < 0
    axis = np.arange(len(signature.values)) - np.repeat(signature.offsets[:-1], signature.counts)
    first, other = np.zeros((2, len(model.tensors)), bool)
    first[signature.rows[is_open & (axis == 0)]] = True
    other[signature.rows[is_open & (axis > 0)]] = True
    return first, other


def _at(values: Array, tensors: Array, missing: int) -> Array:
    """A value per tensor, ``missing`` where there is no tensor."""
    found = np.full(tensors.shape, missing, values.dtype)
    there = tensors >= 0
    found[there] = values[tensors[there]]
    return found


def _numbered(column: Ragged, rows: Array, number: int) -> Array:
    """The value of that number in every given row, -1 where the row is shorter. int64."""
    values = np.full(len(rows), -1, np.int64)
    there = column.counts[rows] > number
    values[there] = column.values[column.offsets[rows[there]] + number]
    return values


def _divided(total: Array, part: Array) -> Array:
    """``total / part`` as whole numbers, -1 where either is not known or it leaves a rest."""
    whole = np.where((total >= 0) & (part > 0), total // np.maximum(part, 1), -1)
    return np.where(whole * part == total, whole, -1)
