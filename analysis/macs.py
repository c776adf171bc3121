"""Multiply-accumulates by operator type, from declared shapes: the rules of docs/compute.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import schema
from .model import Model
from .operands import Operands, at, divided
from .ragged import Array, Categories

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
        positions, weights, used = function(Operands(model, mine))
        product = positions.astype(np.float64) * weights
        ok = at(shape_known, used, True).all(1) & (positions >= 0) & (weights >= 0) & (product < MOST)
        known[mine] = ok
        macs[mine] = np.where(ok, product, 0).astype(np.int64)
        open_batch[mine] = at(first_open, used, False).any(1) & ok
    return Counted(macs, known, Categories(rules, names), open_batch)


# Positions, weights used at each of them (-1: unknown), and the tensors that both were taken from, [operators, any].
_Factors = tuple[Array, Array, Array]


def _convolution(operands: Operands) -> _Factors:
    output, weights = operands.output(), operands.input(1)
    return operands.positions(output), operands.elements(weights), np.stack([output, weights], 1)


def _transposed(data: int) -> Callable[[Operands], _Factors]:
    def factors(operands: Operands) -> _Factors:
        source, weights = operands.input(data), operands.input(1)
        return operands.positions(source), operands.elements(weights), np.stack([source, weights], 1)

    return factors


def _fully_connected(operands: Operands) -> _Factors:
    data, weights = operands.input(0), operands.input(1)
    rows = divided(operands.elements(data), operands.axis(weights, -1))
    elements = np.where(operands.rank(weights) == 2, operands.elements(weights), -1)
    return rows, elements, np.stack([data, weights], 1)


def _batch_matmul(operands: Operands) -> _Factors:
    output, left = operands.output(), operands.input(0)
    depth = operands.axis(left, np.where(operands.option("adj_x") != 0, -2, -1))
    depth = np.where(operands.rank(left) >= 2, depth, -1)
    return operands.elements(output), depth, np.stack([output, left], 1)


def _stablehlo_convolution(operands: Operands) -> _Factors:
    output, kernel = operands.output(), operands.input(1)
    features = operands.axis(kernel, operands.option("kernel_output_feature_dimension"))
    weights = divided(operands.elements(kernel), features)
    return operands.elements(output), weights, np.stack([output, kernel], 1)


def _recurrent(*matrices: int) -> Callable[[Operands], _Factors]:
    """Every step multiplies with all matrices; weights of rank 1 (peepholes, diagonal ones) multiply elementwise."""

    def factors(operands: Operands) -> _Factors:
        data = operands.input(0)
        weights = np.stack([operands.input(number) for number in matrices], 1)
        weights = np.where(operands.rank(weights) == 2, weights, -1)
        total = np.maximum(operands.elements(weights), 0).sum(1, dtype=np.float64)
        return operands.positions(data), np.where((weights >= 0).any(1), total, -1), np.column_stack([data, weights])

    return factors


def _lstm(operands: Operands) -> _Factors:
    """The full kernel; the basic one (LSTMOptions.kernel_type) has five operands and one matrix."""
    full, basic = _recurrent(*range(1, 9), 16)(operands), _recurrent(2)(operands)
    is_basic = operands.model.operators.inputs.counts[operands.operators] == 5
    used = np.where(is_basic[:, None], np.pad(basic[2], ((0, 0), (0, 8)), constant_values=-1), full[2])
    return full[0], np.where(is_basic, basic[1], full[1]), used


# Operator type: rule in docs/compute.md, factors. Numbers of operands are those of operators.py; Convolution2D-
# TransposeBias is MediaPipe's. BIDIRECTIONAL ones have weights forward, backward, and of the auxiliary input.
_RULES: dict[str, tuple[str, Callable[[Operands], _Factors]]] = {
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
