"""Checks of how values go from floats to integers and back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..dtypes import dtype_name
from ..model import Model
from ..operands import numbered
from ..ragged import Array
from ..values import INTEGERS
from .findings import Found, of_operators
from .modes import Modes, is_type

# A table that is looked up in integers does not make the model an integer one.
_LEAST_INTEGER = 2
_LOOKUPS = ("GATHER", "EMBEDDING_LOOKUP")


def check_flow(model: Model, modes: Modes) -> Iterator[Found]:
    """Findings on conversions and on floats amid integers."""
    yield from _round_trips(model)
    yield from _requantize(model)
    yield from _islands(model, modes)


def _ends(model: Model, operators: Array) -> tuple[Array, Array]:
    return numbered(model.operators.inputs, operators, 0), numbered(model.operators.outputs, operators, 0)


def _before(model: Model, tensors: Array) -> Array:
    """The operators that write the tensors, -1 where there is none."""
    return np.where(tensors >= 0, model.producer[np.maximum(tensors, 0)], -1) if len(tensors) else tensors


def _round_trips(model: Model) -> Iterator[Found]:
    is_quantize, is_dequantize = is_type(model, "QUANTIZE"), is_type(model, "DEQUANTIZE")
    back = np.flatnonzero(is_quantize)
    source, target = _ends(model, back)
    before = _before(model, source)
    after = (before >= 0) & is_dequantize[np.maximum(before, 0)] if len(back) else np.zeros(0, bool)
    origin = numbered(model.operators.inputs, before[after], 0) if after.any() else np.zeros(0, np.int64)
    same = np.array([_equal(model, a, b) for a, b in zip(origin.tolist(), target[after].tolist(), strict=True)], bool)
    yield from of_operators(
        model,
        "warning",
        "quant-round-trip",
        back[after][same],
        "DEQUANTIZE, then QUANTIZE with the same parameters: both can go",
    )
    yield from of_operators(
        model, "warning", "quant-through-float", back[after][~same],
        "DEQUANTIZE, then QUANTIZE: one QUANTIZE from integers to integers would do",
    )  # fmt: skip
    out = np.flatnonzero(is_dequantize)
    before = _before(model, _ends(model, out)[0])
    after = (before >= 0) & is_quantize[np.maximum(before, 0)] if len(out) else np.zeros(0, bool)
    started = numbered(model.operators.inputs, before[after], 0) if after.any() else np.zeros(0, np.int64)
    floats = np.array([dtype_name(int(model.tensors.type[t])).startswith("FLOAT") for t in started.tolist()], bool)
    yield from of_operators(
        model, "warning", "quant-for-nothing", out[after][floats],
        "QUANTIZE, then DEQUANTIZE: precision is lost and no operator computes in integers",
    )  # fmt: skip


def _equal(model: Model, one: int, other: int) -> bool:
    if min(one, other) < 0 or model.tensors.type[one] != model.tensors.type[other]:
        return False
    scale, zero = model.quantization.scale, model.quantization.zero_point
    scales_fit = len(scale[one]) == len(scale[other]) and np.allclose(scale[one], scale[other], rtol=1e-6, atol=0)
    return bool(scales_fit and np.array_equal(zero[one], zero[other]))


def _requantize(model: Model) -> Iterator[Found]:
    operators = np.flatnonzero(is_type(model, "QUANTIZE"))
    source, target = _ends(model, operators)
    integers = [value for value in np.unique(model.tensors.type).tolist() if dtype_name(value) in INTEGERS]
    there = (source >= 0) & (target >= 0)
    operators, source, target = operators[there], source[there], target[there]
    types = model.tensors.type
    yield from of_operators(
        model, "note", "quant-requantize",
        operators[np.isin(types[source], integers) & (types[source] == types[target])],
        "QUANTIZE from integers to integers of the same type: the scales around it differ",
    )  # fmt: skip


def _islands(model: Model, modes: Modes) -> Iterator[Found]:
    """Connected operators in floats, in a model that computes in integers otherwise."""
    if int((modes.is_integer & ~is_type(model, *_LOOKUPS)).sum()) < _LEAST_INTEGER:
        return
    floats = modes.is_float & (model.operators.outputs.counts > 0)
    operators = np.flatnonzero(floats)
    if not len(operators):
        return
    islands = _components(model, floats)
    entered, left = np.zeros(len(floats), bool), np.zeros(len(floats), bool)
    reader, writer = _edges(model)
    # DEQUANTIZE of constants unpacks weights; integers that operators computed come through the others.
    converts = is_type(model, "DEQUANTIZE") & ~_of_constants(model, modes)
    entered[islands[reader[converts[writer] & floats[reader]]]] = True
    left[islands[writer[is_type(model, "QUANTIZE")[reader] & floats[writer]]]] = True
    amid = (entered & left)[islands[operators]]
    count = len(np.unique(islands[operators[amid]]))
    yield from of_operators(
        model, "warning", "quant-float-island", operators[amid],
        f"in {count} group{'' if count == 1 else 's'} they compute in floats amid integers: each border is a "
        "conversion, and accelerators for integers stop there",
    )  # fmt: skip
    yield from of_operators(
        model, "note", "quant-float-ends", operators[~amid],
        "they compute in floats before or after the part of the model that computes in integers",
    )  # fmt: skip


def _of_constants(model: Model, modes: Modes) -> Array:
    """Bool per operator: its first output is a constant, converted."""
    outputs = numbered(model.operators.outputs, np.arange(len(model.operators)), 0)
    found = np.zeros(len(outputs), bool)
    found[outputs >= 0] = modes.origins.tensor[outputs[outputs >= 0]] >= 0
    return found


def _edges(model: Model) -> tuple[Array, Array]:
    """The operators that read what others write, and these: a pair for each such operand."""
    column = model.operators.inputs
    there = column.values >= 0
    reader, writer = column.rows[there], model.producer[column.values[there]].astype(np.int64)
    return reader[writer >= 0], writer[writer >= 0]


def _components(model: Model, inside: Array) -> Array:
    """For every operator the least operator that it is connected with through others inside; pointer jumping."""
    reader, writer = _edges(model)
    linked = inside[reader] & inside[writer]
    reader, writer = reader[linked], writer[linked]
    root = np.arange(len(inside))
    while len(reader):
        least = np.minimum(root[reader], root[writer])
        before = root.copy()
        np.minimum.at(root, root[reader], least)
        np.minimum.at(root, root[writer], least)
        root = root[root]
        if np.array_equal(before, root):
            break
    return root
