"""In which numbers every operator computes: float, integers of which kind, and how its weights are stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dtypes import dtype_name
from ..encoding import KINDS
from ..kept import kept
from ..model import Model
from ..operands import numbered
from ..ragged import Array, Categories, kinds_of

# Operators with weights: the input that holds them, that of the bias, the axis of the output channels
# (tflite/kernels of LiteRT f674577; -1 is none).
WEIGHTS = {
    "CONV_2D": (1, 2, 0), "DEPTHWISE_CONV_2D": (1, 2, 3), "FULLY_CONNECTED": (1, 2, 0), "TRANSPOSE_CONV": (1, 3, 0),
    "CONV_3D": (1, 2, 4), "CONV_3D_TRANSPOSE": (1, 3, 3), "BATCH_MATMUL": (1, -1, -1), "EMBEDDING_LOOKUP": (1, -1, 0),
    "GATHER": (0, -1, 0), "SVDF": (1, 3, 0),
}  # fmt: skip
_STEPS = ("DEQUANTIZE", "DENSIFY", "CAST")
_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE", "DENSIFY")
_FLOATS = ("FLOAT32", "FLOAT16", "BFLOAT16", "FLOAT64")
_INTEGERS = ("INT8", "UINT8", "INT16", "INT4", "UINT4", "INT2")
_LONGEST_CHAIN = 8


@dataclass(frozen=True)
class Origins:
    """Where constants come from that operators make of constants.

    Attributes:
        tensor: int64 per tensor: the constant that it is or that is converted to it, -1 for what is computed.
        dequantized, densified: bool per tensor: on the way there is such an operator.
    """

    tensor: Array
    dequantized: Array
    densified: Array


@dataclass(frozen=True)
class Modes:
    """The mode of every operator, and what it was made of.

    Attributes:
        names: a category per operator.
        is_float: bool: it computes in floats, whatever its weights are stored in.
        is_integer: bool: it computes in quantized integers.
        origins: where constants come from.
    """

    names: Categories
    is_float: Array
    is_integer: Array
    origins: Origins


def is_type(model: Model, *names: str) -> Array:
    """Bool per operator: it is of one of the types."""
    wanted = np.isin(model.operators.type_names, names) if model.operators.type_names else np.zeros(0, bool)
    return wanted[model.operators.type]


@kept
def origins(model: Model) -> Origins:
    """Looks through DEQUANTIZE, DENSIFY and CAST, of constants only."""
    tensor = np.where(model.is_constant, np.arange(len(model.tensors)), -1)
    dequantized, densified = np.zeros(len(tensor), bool), np.zeros(len(tensor), bool)
    steps = np.flatnonzero(is_type(model, *_STEPS))
    source, target = numbered(model.operators.inputs, steps, 0), numbered(model.operators.outputs, steps, 0)
    whole = (source >= 0) & (target >= 0)
    steps, source, target = steps[whole], source[whole], target[whole]
    for _ in range(_LONGEST_CHAIN):
        new = (tensor[source] >= 0) & (tensor[target] < 0)
        if not new.any():
            break
        at, of = target[new], source[new]
        tensor[at] = tensor[of]
        dequantized[at] = dequantized[of] | is_type(model, "DEQUANTIZE")[steps[new]]
        densified[at] = densified[of] | is_type(model, "DENSIFY")[steps[new]]
    return Origins(tensor, dequantized, densified)


@kept
def modes(model: Model) -> Modes:
    """The mode of every operator; docs/quantization.md says what each means."""
    found = origins(model)
    types = _activation_types(model, found)
    float_types = types[:, : len(_FLOATS)].any(1)
    integer_types = types[:, len(_FLOATS) :].any(1)
    weights = _weights(model, found)
    converts = is_type(model, *_CONVERSIONS)
    # One name for each combination that there is: a handful, however many operators.
    keys = np.column_stack([types, weights, converts[:, None], np.where(converts, model.operators.type, -1)])
    _, first, codes = np.unique(kinds_of(list(keys.T), len(keys)), return_index=True, return_inverse=True)
    names = [_name(row, model.operators.type_names) for row in keys[first].astype(np.int64).tolist()]
    distinct = sorted(set(names))
    places = np.array([distinct.index(name) for name in names], np.int64)
    computes = ~converts
    return Modes(
        Categories(places[codes] if len(names) else np.zeros(0, np.int64), distinct),
        computes & float_types & ~integer_types,
        computes & integer_types & ~float_types,
        found,
    )


def _activation_types(model: Model, found: Origins) -> Array:
    """Bool [operators, types]: what each reads that is computed, and writes, in floats or quantized integers."""
    operators, tensors = model.operators, model.tensors
    names = {dtype_name(value): value for value in np.unique(tensors.type).tolist()}
    quantized = model.quantization.kind > 0
    computed = (found.tensor < 0) & ~tensors.is_variable
    seen = np.zeros((len(operators), len(_FLOATS) + len(_INTEGERS)), bool)
    for column, only in ((operators.inputs, computed), (operators.outputs, np.ones(len(tensors), bool))):
        there = column.values >= 0
        rows, ids = column.rows[there], column.values[there]
        for place, name in enumerate((*_FLOATS, *_INTEGERS)):
            if name in names:
                mine = only[ids] & (tensors.type[ids] == names[name])
                seen[rows[mine & (quantized[ids] | (place < len(_FLOATS)))], place] = True
    return seen


# What weights may be: stored as floats of 32 bits, of 16; integers read directly, or turned into floats first.
_WEIGHT_BITS = ("float", "float16", "direct", "dequantized", "blockwise", "sparse", "int8", "int4", "int2", "other")


def _weights(model: Model, found: Origins) -> Array:
    """Bool [operators, kinds of weights]."""
    rows, tensors = weight_operands(model)
    origin = np.where(tensors >= 0, found.tensor[tensors], -1)
    known = origin >= 0
    rows, tensors, origin = rows[known], tensors[known], origin[known]
    dtypes = np.array([dtype_name(value) for value in range(256)])[model.tensors.type[origin]]
    integer = np.isin(dtypes, _INTEGERS)
    through = found.dequantized[tensors]
    flags = {
        "float": np.isin(dtypes, ("FLOAT32", "FLOAT64")),
        "float16": np.isin(dtypes, ("FLOAT16", "BFLOAT16")),
        "direct": (integer | np.isin(dtypes, ("FLOAT16", "BFLOAT16"))) & ~through,
        "dequantized": through,
        "blockwise": integer & (model.quantization.kind[origin] == KINDS.index("blockwise")),
        "sparse": found.densified[tensors] | model.is_sparse[origin],
        "int8": dtypes == "INT8",
        "int4": np.isin(dtypes, ("INT4", "UINT4")),
        "int2": dtypes == "INT2",
        "other": np.isin(dtypes, ("UINT8", "INT16")),
    }
    seen = np.zeros((len(model.operators), len(_WEIGHT_BITS)), bool)
    for place, name in enumerate(_WEIGHT_BITS):
        seen[rows[flags[name] & (integer | flags["float"] | flags["float16"])], place] = True
    return seen


def weight_operands(model: Model) -> tuple[Array, Array]:
    """The operators with weights and the tensors that hold them; a recurrent operator has several."""
    rows, tensors = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for name, (place, _, _) in WEIGHTS.items():
        mine = np.flatnonzero(is_type(model, name))
        rows.append(mine)
        tensors.append(numbered(model.operators.inputs, mine, place))
    recurrent = [name for name in model.operators.type_names if name.endswith(("LSTM", "RNN"))]
    column = model.operators.inputs
    values = np.where((column.values >= 0), column.values, 0)
    matrix = (model.tensors.shape.counts[values] == 2) if len(model.tensors) else np.zeros(0, bool)
    later = np.arange(len(column.values)) > column.offsets[column.rows]
    here = is_type(model, *recurrent)[column.rows] & (column.values >= 0) & matrix & later
    rows.append(column.rows[here])
    tensors.append(column.values[here].astype(np.int64))
    return np.concatenate(rows), np.concatenate(tensors)


def _name(key: list[int], type_names: list[str]) -> str:
    """The name of a combination of activations and weights."""
    count = len(_FLOATS) + len(_INTEGERS)
    kinds = [name for name, there in zip((*_FLOATS, *_INTEGERS), key, strict=False) if there]
    weights = {name for name, there in zip(_WEIGHT_BITS, key[count:], strict=False) if there}
    if key[-2]:
        return type_names[key[-1]].lower()
    floats = [name for name in kinds if name in _FLOATS]
    if not kinds:
        return "other"
    if floats and len(floats) < len(kinds):
        return "mixed " + "+".join(sorted(kind.lower() for kind in kinds))
    name = _float_name(weights, floats) if floats else _integer_name(weights, kinds)
    return name + (", blockwise" if "blockwise" in weights else "") + (", sparse" if "sparse" in weights else "")


def _float_name(weights: set[str], floats: list[str]) -> str:
    stored = "/".join(name for name in ("int8", "int4", "int2", "other") if name in weights).replace("other", "integer")
    parts = []
    if stored:
        parts.append(
            f"{'weight-only' if 'dequantized' in weights and 'direct' not in weights else 'dynamic range'} {stored}"
        )
    if "float16" in weights:
        parts.append("float16 weights" if "dequantized" in weights else "float16")
    if not parts:
        return "float" if "FLOAT32" in floats or "FLOAT64" in floats else "float16"
    return " + ".join(parts)


def _integer_name(weights: set[str], kinds: list[str]) -> str:
    narrow = next((name for name in ("int4", "int2") if name in weights), "")
    if "INT16" in kinds:
        return f"16x{narrow.removeprefix('int') or '8'}" if weights & {"int8", "int4", "int2"} else "int16"
    name = "uint8" if "UINT8" in kinds else kinds[0].lower()
    return f"{name}, {narrow} weights" if narrow else name
