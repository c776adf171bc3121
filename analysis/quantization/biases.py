"""Checks of integer biases, whose scale has to be that of input times weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..model import Model
from ..operands import numbered
from ..ragged import Array
from ..values import stored
from .findings import Found, of_operators
from .kernels import TOLERANCE, one_of_each, typed
from .modes import WEIGHTS, is_type

# GetQuantizedConvolutionMultipler in tflite/kernels/kernel_util.cc of LiteRT f674577 refuses a bias further off than
# this, as a part of the output's scale.
_REFUSED = 0.02
_NEAR_LIMIT = 2**30
_SECOND_INPUT = ("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE")


class Biases(NamedTuple):
    """Operators with an integer bias, and the tensors around it, -1 where there is none. All int64."""

    operator: Array
    data: Array
    weights: Array
    bias: Array
    output: Array

    def take(self, rows: Array) -> Biases:
        """The given rows."""
        return Biases._make(column[rows] for column in self)


class Deviation(NamedTuple):
    """How far scales of biases are off.

    Attributes:
        biases: those that have a scale.
        relative: float64, the largest difference of a channel by what its scale should be.
        of_output: float64, the same by the scale of the output.
    """

    biases: Biases
    relative: Array
    of_output: Array


def biases(model: Model) -> Biases:
    """The integer biases of operators that read and write integers."""
    parts: list[tuple[Array, ...]] = []
    for name, (weights, bias, _) in WEIGHTS.items():
        # SVDF adds its bias to sums of a second kind of weights.
        if bias < 0 or name == "SVDF":
            continue
        operators = np.flatnonzero(is_type(model, name))
        data = 2 if name in _SECOND_INPUT else 0
        inputs = [numbered(model.operators.inputs, operators, place) for place in (data, weights, bias)]
        parts.append((operators, *inputs, numbered(model.operators.outputs, operators, 0)))
    joined = Biases._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    usable = typed(model, joined.bias, "INT32", "INT64") & (joined.data >= 0) & (joined.weights >= 0)
    return joined.take(usable)


def deviations(model: Model, found: Biases) -> Deviation:
    """Compares channel by channel; what has the wrong number of scales is left out, it is a finding of its own."""
    counts, scale = model.quantization.scale.counts, one_of_each(model)[0]
    several, biased = counts[found.weights], counts[found.bias]
    fits = (biased > 0) & (several > 0) & ((several == biased) | (several == 1) | (biased == 1))
    found = found.take(fits & np.isfinite(scale[found.data]))
    size = np.maximum(counts[found.weights], counts[found.bias])
    rows = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(size) - size, size)

    def spread(tensors: Array) -> Array:
        at = model.quantization.scale.offsets[tensors][rows] + np.minimum(place, counts[tensors][rows] - 1)
        values: Array = model.quantization.scale.values[at].astype(np.float64)
        return values

    wanted = scale[found.data][rows] * spread(found.weights)
    gap = np.abs(spread(found.bias) - wanted)
    output = np.where(found.output >= 0, scale[np.maximum(found.output, 0)], np.nan)[rows]
    relative, of_output = np.zeros(len(size)), np.zeros(len(size))
    for column, unit in ((relative, wanted), (of_output, output)):
        known = np.isfinite(gap) & (unit > 0)
        np.maximum.at(column, rows[known], gap[known] / unit[known])
    return Deviation(found, relative, of_output)


def check_biases(model: Model, found: Biases, off: Deviation) -> Iterator[Found]:
    """Findings on biases; most kernels take their scale for the right one, some compare."""
    one = model.quantization.scale.counts[off.biases.weights] == 1
    compares = typed(model, off.biases.data, "UINT8") | one & is_type(model, "FULLY_CONNECTED")[off.biases.operator]
    refused = compares & (off.of_output > _REFUSED)
    details = {
        operator: f"{100 * share:.3g} % off"
        for operator, share in zip(off.biases.operator.tolist(), off.relative.tolist(), strict=True)
        if share > TOLERANCE
    }
    yield from of_operators(
        model, "error", "quant-bias-refused", off.biases.operator[refused],
        "the bias's scale is not that of input times weights, and these kernels refuse it", details,
    )  # fmt: skip
    yield from of_operators(
        model, "warning", "quant-bias-scale", off.biases.operator[(off.relative > TOLERANCE) & ~refused],
        "the bias's scale is more than 0.1 % off that of input times weights: kernels take it for that one", details,
    )  # fmt: skip
    yield from of_operators(
        model, "warning", "quant-bias-limits", found.operator[_near_limit(model, found)],
        "the bias is close to the limits of int32: sums may overflow",
    )  # fmt: skip
    bare = (model.quantization.kind[found.bias] == 0) & (model.quantization.kind[found.weights] > 0)
    yield from of_operators(model, "note", "quant-bias-bare", found.operator[bare], "the integer bias has no scale")


def _near_limit(model: Model, found: Biases) -> Array:
    """Bool per bias: a constant of int32 with a value beyond 2^30."""
    mine = typed(model, found.bias, "INT32") & model.is_constant[found.bias]
    near = [tensor for tensor in np.unique(found.bias[mine]).tolist() if _reaches(model, tensor)]
    return np.isin(found.bias, near)


def _reaches(model: Model, tensor: int) -> bool:
    values = stored(model, tensor)
    if values is None:
        return False
    return any(int(block.max()) > _NEAR_LIMIT or int(block.min()) < -_NEAR_LIMIT for _, block in values.blocks())
