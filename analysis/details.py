"""Everything there is to say about single operators and tensors, as plain values for a panel to show."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import dtype_name
from .encoding import KINDS, sparsity
from .model import Model
from .operators import operand_names, tensorflow_op
from .options import Options, read_options
from .ragged import Array

# Byte strings inside options are shown by their first bytes, lists of operands and consumers by their first ones.
_MAX_HEX = 64
_MAX_OPERANDS = 10_000


def operator_details(model: Model, operators: Array) -> list[dict[str, Any]]:
    """Options, operands by name and links of the given operators (global ids), in their order.

    Raises:
        ModelError: when the file was changed, or an options table in it is damaged.
    """
    options = read_options(model, operators)
    return [_operator(model, op, found) for op, found in zip(operators.tolist(), options, strict=True)]


def tensor_details(model: Model, tensor: int) -> dict[str, Any]:
    """Quantization, sparsity and storage of one tensor (global id)."""
    tensors = model.tensors
    signature = tensors.shape_signature[tensor].tolist()
    buffer = int(tensors.buffer[tensor])
    shared = np.flatnonzero(tensors.buffer == buffer).tolist() if model.constant_bytes[tensor] and buffer else []
    return {
        "id": tensor,
        "subgraph": int(tensors.subgraph[tensor]),
        "index": int(tensors.index[tensor]),
        "name": tensors.name[tensor],
        "dtype": dtype_name(int(tensors.type[tensor])),
        "shape": tensors.shape[tensor].tolist(),
        "shape_signature": signature,
        "rank_known": bool(tensors.rank_known[tensor]),
        "variable": bool(tensors.is_variable[tensor]),
        "dense_bytes": int(tensors.nbytes[tensor]) if tensors.nbytes[tensor] >= 0 else None,
        "constant_bytes": int(model.constant_bytes[tensor]),
        "buffer": buffer,
        "external_buffer": _external(model, int(tensors.external_buffer[tensor])),
        "shares_buffer_with": [other for other in shared if other != tensor][:100],
        "quantization": _quantization(model, tensor),
        "sparsity": sparsity(tensors.tables, tensor),
        "producer": int(model.producer[tensor]),
        "consumers": model.consumers[tensor][:_MAX_OPERANDS].tolist(),
    }


def _operator(model: Model, op: int, options: Options) -> dict[str, Any]:
    operators = model.operators
    name = operators.type_names[operators.type[op]]
    ends = {
        "inputs": operators.inputs[op],
        "outputs": operators.outputs[op],
        "intermediates": operators.intermediates[op],
    }
    notes = [
        f"{len(end)} {role}, the first {_MAX_OPERANDS} shown" for role, end in ends.items() if len(end) > _MAX_OPERANDS
    ]
    inputs, outputs, intermediates = (end[:_MAX_OPERANDS].tolist() for end in ends.values())
    input_names, output_names = operand_names(name, len(inputs), len(outputs))
    return {
        "id": op,
        "subgraph": int(operators.subgraph[op]),
        "index": int(operators.index[op]),
        "op": name,
        "version": int(operators.version[op]),
        "tensorflow_op": tensorflow_op(name),
        "inputs": [{"name": n, "tensor": t} for n, t in zip(input_names, inputs, strict=True)],
        "outputs": [{"name": n, "tensor": t} for n, t in zip(output_names, outputs, strict=True)],
        "intermediates": intermediates,
        "options_table": options.table,
        "options": {key: _shown(value) for key, value in options.values.items()},
        "subgraphs": options.subgraphs,
        "notes": options.notes + notes,
    }


def _quantization(model: Model, tensor: int) -> dict[str, Any] | None:
    parameters = model.quantization
    low, high = parameters.range
    kind = KINDS[parameters.kind[tensor]]
    if not kind and not len(low[tensor]) and not len(high[tensor]):
        return None
    return {
        "kind": kind,
        "scale": parameters.scale[tensor].tolist(),
        "zero_point": parameters.zero_point[tensor].tolist(),
        "dimension": int(parameters.dimension[tensor]),
        "min": low[tensor].tolist(),
        "max": high[tensor].tolist(),
        "details": parameters.details.get(tensor),
    }


def _external(model: Model, wanted: int) -> dict[str, Any] | None:
    if not wanted:
        return None
    return next((row for row in model.external_buffers if row["id"] == wanted), {"id": wanted})


def _shown(value: Any) -> Any:
    """The value with byte strings as hex; containers are at most as deep as FlexBuffers are read."""
    if isinstance(value, bytes):
        return value[:_MAX_HEX].hex(" ") + (f" … {len(value)} bytes" if len(value) > _MAX_HEX else "")
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    return value
