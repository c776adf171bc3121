"""What is in a model: the ``inspect`` report. Its figures are defined in docs/overview.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import schema
from .containers import appended_files
from .dtypes import dtype_name
from .encoding import KINDS
from .model import Model
from .options import control_flow
from .ragged import Array, Ragged
from .report import Column, Kind, Report, Values

# Constants of these types are shapes, axes, indices and texts, unless they carry a quantization scale as biases do.
_NO_PARAMETERS = ("INT32", "INT64", "BOOL", "STRING", "RESOURCE", "VARIANT")


def inspect(model: Model) -> Report:
    """Sizes, entry points and operator types; the table has one row per input and output of a subgraph."""
    weights = weight_tensors(model)
    summary = {
        "size_bytes": int(model.source.data.size),
        "schema_version": model.version,
        "description": model.description,
        "min_runtime_version": min_runtime_version(model),
        "operators": len(model.operators),
        "tensors": len(model.tensors),
        "subgraphs": [_subgraph(model, graph) for graph in range(len(model.subgraphs))],
        "signatures": [
            {"key": s.key, "subgraph": s.subgraph, "inputs": s.inputs, "outputs": s.outputs} for s in model.signatures
        ],
        "operator_types": operator_types(model),
        "parameters": int(np.maximum(model.tensors.elements[weights], 0).sum(dtype=object)),
        "weight_bytes": int(model.constant_bytes[weights].sum()),
        "weight_types": _bytes_by_type(model, weights),
        "activation_types": _activation_types(model),
        "control_flow": [{"operator": op, "subgraphs": roles} for op, roles in control_flow(model).items()],
        "metadata": [{"name": m.name, "size_bytes": int(model.buffers.size[m.buffer])} for m in model.metadata],
        "associated_files": [{"name": f.filename, "size_bytes": f.file_size} for f in appended_files(model)],
        "external_buffers": len(model.external_buffers),
    }
    return Report("inspect", summary, _io_columns(model), tuple(model.findings))


def is_parameter(model: Model) -> Array:
    """Bool per tensor: a constant that is no shape, axis, index or text.

    Those have a type of ``_NO_PARAMETERS`` and no quantization scale.
    """
    structural = [schema.enum_values("TensorType")[name] for name in _NO_PARAMETERS]
    is_number = ~np.isin(model.tensors.type, structural) | (model.quantization.kind > 0)
    return model.is_constant & is_number


def weight_tensors(model: Model) -> Array:
    """The parameters read by an operator, global ids. Of tensors sharing a buffer, the largest is in."""
    read = np.unique(model.operators.inputs.values)
    read = read[read >= 0]
    weights = read[is_parameter(model)[read]]
    external = model.tensors.external_buffer[weights]
    place = np.where(external > 0, len(model.buffers) + external, model.tensors.buffer[weights])
    order = np.lexsort((-model.tensors.elements[weights], place))
    first = np.ones(len(weights), bool)
    first[1:] = np.diff(place[order]) != 0
    return np.sort(weights[order][first])


def operator_types(model: Model) -> dict[str, int]:
    """Operators by type, the most frequent first."""
    names = model.operators.type_names
    counts = np.bincount(model.operators.type, minlength=len(names)).tolist()
    ranked = sorted(zip(names, counts, strict=True), key=lambda item: (-item[1], item[0]))
    return {name: count for name, count in ranked if count}


def min_runtime_version(model: Model) -> str | None:
    """What the converter wrote as least runtime version, None where it wrote nothing."""
    for entry in model.metadata:
        if entry.name == "min_runtime_version":
            text = model.buffer_data(entry.buffer)[:64].tobytes().split(b"\0")[0]
            return text.decode("utf-8", "replace") or None
    return None


def _declared(name: str, values: Values, kind: Kind, doc: str, unit: str = "1") -> Column:
    return Column(name, values, unit, kind, "declared", doc)


def _subgraph(model: Model, graph: int) -> dict[str, Any]:
    graphs = model.subgraphs
    return {
        "name": graphs.names[graph],
        "operators": int(graphs.operator_offsets[graph + 1] - graphs.operator_offsets[graph]),
        "tensors": int(graphs.tensor_offsets[graph + 1] - graphs.tensor_offsets[graph]),
        "inputs": [_tensor(model, tensor) for tensor in graphs.inputs[graph].tolist()],
        "outputs": [_tensor(model, tensor) for tensor in graphs.outputs[graph].tolist()],
    }


def _tensor(model: Model, tensor: int) -> dict[str, Any] | None:
    if tensor < 0:
        return None
    tensors = model.tensors
    signature = tensors.shape_signature[tensor].tolist()
    return {
        "tensor": tensor,
        "name": tensors.name[tensor],
        "dtype": dtype_name(int(tensors.type[tensor])),
        "shape": signature or tensors.shape[tensor].tolist(),
    }


def _io_columns(model: Model) -> tuple[Column, ...]:
    graphs = model.subgraphs
    rows = [
        (graph, role, tensor)
        for role, column in (("input", graphs.inputs), ("output", graphs.outputs))
        for graph, tensors in enumerate(column.tolist())
        for tensor in tensors
        if tensor >= 0
    ]
    tensors = [tensor for _, _, tensor in rows]
    described = [_tensor(model, tensor) or {} for tensor in tensors]
    aliases = {
        (signature.subgraph, role, tensor): name
        for signature in model.signatures
        for role, names in (("input", signature.inputs), ("output", signature.outputs))
        for name, tensor in names.items()
    }
    quantization = model.quantization
    return (
        _declared("subgraph", [graph for graph, _, _ in rows], "category", "subgraph"),
        _declared("role", [role for _, role, _ in rows], "category", "input or output"),
        _declared("tensor", tensors, "text", "global id of the tensor"),
        _declared("name", [row["name"] for row in described], "text", "name of the tensor"),
        _declared("signature_name", [aliases.get(row) for row in rows], "text", "name in the signature"),
        _declared("dtype", [row["dtype"] for row in described], "category", "element type"),
        _declared("shape", Ragged.of([row["shape"] for row in described]), "text", "shape; -1 is not known yet"),
        _declared("quantization", [KINDS[quantization.kind[t]] or None for t in tensors], "category", "granularity"),
        _declared(
            "scale", [next(iter(quantization.scale[t].tolist()), None) for t in tensors], "quantity", "the first"
        ),
        _declared(
            "zero_point",
            [next(iter(quantization.zero_point[t].tolist()), None) for t in tensors],
            "quantity",
            "the first",
        ),
    )


def _bytes_by_type(model: Model, tensors: Array) -> dict[str, int]:
    types, sizes = model.tensors.type[tensors], model.constant_bytes[tensors]
    return {dtype_name(value): int(sizes[types == value].sum()) for value in np.unique(types).tolist()}


def _activation_types(model: Model) -> dict[str, int]:
    """Tensors that operators write, counted by type."""
    written = np.unique(model.operators.outputs.values)
    values, counts = np.unique(model.tensors.type[written[written >= 0]], return_counts=True)
    return {dtype_name(value): count for value, count in zip(values.tolist(), counts.tolist(), strict=True)}
