"""The operators and the tensors of a model as tables: the reports ``ops`` and ``tensors``; see docs/overview.md."""

from __future__ import annotations

import numpy as np

from .dtypes import dtype_name
from .encoding import KINDS, sparse_tensors
from .model import Model
from .operators import FAMILIES, family
from .ragged import Array, Categories, Ragged, distinct_sums
from .report import Column, Kind, Report, Values

_ROLES = ["input", "output", "constant", "variable", "activation", "unused"]


def ops(model: Model) -> Report:
    """One row per operator."""
    operators, tensors = model.operators, model.tensors
    outputs = operators.outputs
    first = _first(outputs)
    some = first >= 0
    type_names = operators.type_names
    families = np.array([FAMILIES.index(family(name)) for name in type_names], np.int32)
    weight_bytes = distinct_sums(operators.inputs, model.constant_bytes)
    output_bytes, sized = (
        distinct_sums(outputs, np.maximum(tensors.nbytes, 0)),
        distinct_sums(outputs, tensors.nbytes < 0) == 0,
    )
    dtypes = _dtypes(model)
    columns = (
        _declared("id", np.arange(len(operators)), "text", "global number of the operator"),
        _declared("subgraph", operators.subgraph, "category", "subgraph it belongs to"),
        _declared("index", operators.index, "text", "place in its subgraph: what the runtime calls it"),
        _declared("op", Categories(operators.type, type_names), "category", "operator type, or its custom code"),
        _declared("version", operators.version, "category", "operator version declared by its opcode"),
        _declared("name", tensors.name.take(first), "text", "name of the first output tensor"),
        _declared("inputs", operators.inputs, "text", "input tensors by global id; -1 is left out"),
        _declared("outputs", outputs, "text", "output tensors by global id"),
        _declared("family", Categories(families[operators.type], FAMILIES), "category", "family of the operator type"),
        _declared(
            "dtype", Categories(np.where(some, dtypes.codes[np.where(some, first, 0)] if len(tensors) else -1, -1),
                                dtypes.names), "category", "type of the first output",
        ),
        _declared("shape", tensors.shape.take(first), "text", "shape of the first output", valid=some),
        _declared("weight_bytes", weight_bytes, "quantity", "stored bytes of the constants it reads", "By"),
        _declared("output_bytes", output_bytes, "quantity", "bytes of its outputs, dense", "By", sized),
        _declared("bytes", weight_bytes + output_bytes, "quantity", "weight_bytes and output_bytes", "By", sized),
    )  # fmt: skip
    return Report("ops", {"operators": len(operators)}, columns, over="operators")


def tensors(model: Model) -> Report:
    """One row per tensor."""
    tensors, quantization = model.tensors, model.quantization
    produced = model.producer >= 0
    per_tensor = quantization.scale.counts == 1
    columns = (
        _declared("id", np.arange(len(tensors)), "text", "global number of the tensor"),
        _declared("subgraph", tensors.subgraph, "category", "subgraph it belongs to"),
        _declared("index", tensors.index, "text", "place in its subgraph"),
        _declared("name", tensors.name, "text", "name"),
        _declared("role", Categories(_roles(model), _ROLES), "category", "what it is for"),
        _declared("dtype", _dtypes(model), "category", "element type"),
        _declared("shape", tensors.shape, "text", "shape", valid=tensors.rank_known),
        _declared("bytes", tensors.nbytes, "quantity", "bytes of a dense one", "By", tensors.nbytes >= 0),
        _declared("constant_bytes", model.constant_bytes, "quantity", "stored bytes of its constant data", "By"),
        _declared("quantization", Categories(_quantization(model), list(KINDS)), "category", "granularity of scales"),
        _declared("scale", _firsts(quantization.scale), "quantity", "scale, where there is one", valid=per_tensor),
        _declared(
            "zero_point", _firsts(quantization.zero_point), "quantity", "zero point, where there is one",
            valid=quantization.zero_point.counts == 1,
        ),
        _declared("sparse", sparse_tensors(tensors.tables), "flag", "stored sparse"),
        _declared("buffer", tensors.buffer, "text", "buffer that holds its data, 0 for none"),
        _declared("producer", model.producer, "text", "operator that writes it", valid=produced),
        _declared("consumers", model.consumers.counts, "quantity", "operators that read it"),
    )  # fmt: skip
    return Report("tensors", {"tensors": len(tensors)}, columns, over="tensors")


def _declared(name: str, values: Values, kind: Kind, doc: str, unit: str = "1", valid: Array | None = None) -> Column:
    return Column(name, values, unit, kind, "declared", doc, valid)


def _first(column: Ragged) -> Array:
    """The first value of every row, -1 where the row is empty. int64."""
    first = np.full(len(column), -1, np.int64)
    some = column.counts > 0
    first[some] = column.values[column.offsets[:-1][some]]
    return first


def _firsts(column: Ragged) -> Array:
    """The first value of every row as float64, 0 where the row is empty."""
    first = np.zeros(len(column), np.float64)
    some = column.counts > 0
    first[some] = column.values[column.offsets[:-1][some]]
    return first


def _dtypes(model: Model) -> Categories:
    values, codes = np.unique(model.tensors.type, return_inverse=True)
    return Categories(codes.astype(np.int32), [dtype_name(value) for value in values.tolist()])


def _quantization(model: Model) -> Array:
    kind = model.quantization.kind.astype(np.int32)
    return np.where(kind > 0, kind, -1)


def _roles(model: Model) -> Array:
    """Places in ``_ROLES``; of several that fit, the first."""
    graphs = model.subgraphs
    used = np.zeros(len(model.tensors), bool)
    for column in (model.operators.inputs, model.operators.outputs):
        used[column.values[column.values >= 0]] = True
    roles = np.where(used, _ROLES.index("activation"), _ROLES.index("unused"))
    roles[model.tensors.is_variable] = _ROLES.index("variable")
    roles[model.is_constant] = _ROLES.index("constant")
    for name, column in (("output", graphs.outputs), ("input", graphs.inputs)):
        roles[column.values[column.values >= 0]] = _ROLES.index(name)
    return roles.astype(np.int32)
