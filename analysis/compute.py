"""What the operators compute and move: the ``compute`` report. Its figures are defined in docs/compute.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import macs
from .model import Model
from .options import control_flow
from .overview import is_parameter, weight_tensors
from .ragged import Array, distinct_sums
from .report import Column, Finding, Provenance, Report


def compute(model: Model) -> Report:
    """One row per operator: multiply-accumulates, parameters and bytes moved, from declared shapes."""
    counted = macs.count(model)
    columns = _columns(model, counted)
    callers = _callers(model)
    weights = weight_tensors(model)
    by_type = _by_type(model, columns)
    summary = {
        "operators": len(model.operators),
        "macs": sum(row["macs"] for row in by_type),
        "unknown_operators": int((~counted.known).sum()),
        "parameters": int(np.maximum(model.tensors.elements[weights], 0).sum(dtype=object)),
        "weight_bytes": int(model.constant_bytes[weights].sum()),
        "by_type": by_type,
        "subgraphs": _subgraphs(model, counted, callers),
    }
    return Report("compute", summary, columns, tuple(_findings(model, counted, callers)), over="operators")


def _columns(model: Model, counted: macs.Counted) -> tuple[Column, ...]:
    operators, tensors = model.operators, model.tensors
    sizes = np.maximum(tensors.nbytes, 0)
    unsized = ~macs.known_shapes(model) | (tensors.nbytes < 0)
    elements = np.where(is_parameter(model), np.maximum(tensors.elements, 0), 0)
    parameters = distinct_sums(operators.inputs, np.minimum(elements, macs.MOST))
    weight_bytes = distinct_sums(operators.inputs, model.constant_bytes)
    input_bytes = distinct_sums(operators.inputs, np.where(model.is_constant, 0, sizes))
    output_bytes = distinct_sums(operators.outputs, sizes)
    inputs_sized = distinct_sums(operators.inputs, unsized & ~model.is_constant) == 0
    outputs_sized = distinct_sums(operators.outputs, unsized) == 0
    moved = weight_bytes + input_bytes + output_bytes
    per_byte = counted.known & inputs_sized & outputs_sized & (moved > 0)
    return (
        _column("macs", counted.macs, "simulated", "multiply-accumulates of one run", "{MAC}", counted.known),
        Column("rule", counted.rules, "1", "category", "simulated", "by which definition they are counted"),
        _column("parameters", parameters, "declared", "elements of the weights and biases it reads", "{parameter}"),
        _column("weight_bytes", weight_bytes, "declared", "stored bytes of the constants it reads", "By"),
        _column("input_bytes", input_bytes, "declared", "bytes of the other tensors it reads", "By", inputs_sized),
        _column("output_bytes", output_bytes, "declared", "bytes of its outputs, dense", "By", outputs_sized),
        _column(
            "intensity", np.where(per_byte, counted.macs / np.maximum(moved, 1), 0.0), "simulated",
            "multiply-accumulates per byte of weights, inputs and outputs", "{MAC}/By", per_byte,
        ),
    )  # fmt: skip


def _column(
    name: str, values: Array, provenance: Provenance, doc: str, unit: str = "1", valid: Array | None = None
) -> Column:
    return Column(name, values, unit, "quantity", provenance, doc, valid)


def _by_type(model: Model, columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """Sums by operator type, the type with the most multiply-accumulates first; what is unknown is only counted."""
    names, types = model.operators.type_names, model.operators.type
    sums: dict[str, list[Any]] = {"op": names, "operators": np.bincount(types, minlength=len(names)).tolist()}
    for column in columns:
        if isinstance(column.values, np.ndarray) and column.values.dtype.kind == "i":
            sums[column.name] = _totals(types, column.values, len(names))
        if column.name == "macs":
            unknown = types if column.valid is None else types[~column.valid]
            sums["unknown_operators"] = np.bincount(unknown, minlength=len(names)).tolist()
    rows = [dict(zip(sums, row, strict=True)) for row in zip(*sums.values(), strict=True)]
    return sorted((row for row in rows if row["operators"]), key=lambda row: (-row["macs"], row["op"]))


def _totals(groups: Array, values: Array, count: int) -> list[int]:
    """Exact sums of whole numbers from 0 to 2^62 by group, for up to 2^21 of them; missing ones are 0 in ``values``."""
    low, high = values & 0x7FFFFFFF, values >> 31  # each half adds up to less than 2^53, which doubles hold exactly
    halves = (np.bincount(groups, half, count).astype(np.int64).tolist() for half in (low, high))
    return [low + (high << 31) for low, high in zip(*halves, strict=True)]


def _callers(model: Model) -> dict[int, list[int]]:
    """The subgraphs that operators run, with these operators."""
    callers: dict[int, list[int]] = {}
    for operator, roles in control_flow(model).items():
        for graph in sorted(set(roles.values())):
            callers.setdefault(graph, []).append(operator)
    return callers


def _subgraphs(model: Model, counted: macs.Counted, callers: dict[int, list[int]]) -> list[dict[str, Any]]:
    graphs, owner = model.subgraphs, model.operators.subgraph
    total = _totals(owner, counted.macs, len(graphs))
    unknown = np.bincount(owner[~counted.known], minlength=len(graphs)).tolist()
    keys: dict[int, list[str]] = {}
    for signature in model.signatures:
        keys.setdefault(signature.subgraph, []).append(signature.key)
    return [
        {
            "name": name,
            "operators": int(graphs.operator_offsets[graph + 1] - graphs.operator_offsets[graph]),
            "macs": total[graph],
            "unknown_operators": unknown[graph],
            "signatures": keys.get(graph, []),
            "run_by": callers.get(graph, [])[:1000],
        }
        for graph, name in enumerate(graphs.names.tolist())
    ]


def _findings(model: Model, counted: macs.Counted, callers: dict[int, list[int]]) -> list[Finding]:
    found = []
    unknown = np.flatnonzero(~counted.known)
    if len(unknown):
        names = model.operators.type_names
        listed = ", ".join([names[row] for row in np.unique(model.operators.type[unknown])[:8].tolist()])
        message = (
            f"the multiply-accumulates of {len(unknown)} operators are not known and not in the sums ({listed}): "
            "they are no builtin operators, or a shape is only known at run time"
        )
        found.append(Finding("note", "macs-unknown", message, tuple(unknown[:1000].tolist())))
    batched = np.flatnonzero(counted.open_batch)
    if len(batched):
        message = (
            f"the first axis of {len(batched)} operators' tensors is only known at run time; "
            "they are counted for the size that the file stores for it, usually 1"
        )
        found.append(Finding("note", "open-batch", message, tuple(batched[:1000].tolist())))
    if callers:
        message = (
            f"of the subgraphs {', '.join(map(str, sorted(callers)[:8]))}{' …' if len(callers) > 8 else ''}, which "
            "operators such as WHILE and IF run, each is counted once, however often it runs"
        )
        operators = sorted({operator for several in callers.values() for operator in several})
        found.append(Finding("note", "counted-once", message, tuple(operators[:1000])))
    return found
