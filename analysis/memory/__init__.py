"""How much memory the tensors of a run need: the ``memory`` reports. Their figures are defined in docs/memory.md."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ..kept import kept
from ..model import Model
from ..overview import weight_tensors
from ..ragged import Array, Categories
from ..report import Column, Finding, Kind, Report, Values
from . import litert, micro
from .buffers import PLACES
from .plan import Plan, Planner, at_peak, batch_of_one, figures, make, owner, without

PLANNERS: tuple[Planner, ...] = ("litert", "micro")
# Buffers that are listed at the peak.
_MOST_AT_PEAK = 100
_IN_ARENA = (PLACES.index("arena"), PLACES.index("shared"))


def memory(model: Model) -> Report:
    """One row per operator, planned as LiteRT does."""
    return report(model, "litert", "operators")


def memory_tensors(model: Model) -> Report:
    """One row per tensor, planned as LiteRT does."""
    return report(model, "litert", "tensors")


def memory_micro(model: Model) -> Report:
    """One row per operator, planned as TensorFlow Lite Micro does."""
    return report(model, "micro", "operators")


def memory_micro_tensors(model: Model) -> Report:
    """One row per tensor, planned as TensorFlow Lite Micro does."""
    return report(model, "micro", "tensors")


def memory_buffers(model: Model) -> Report:
    """One row per buffer of LiteRT's arenas."""
    return buffer_report(model, "litert")


def memory_micro_buffers(model: Model) -> Report:
    """One row per buffer of the arena of TensorFlow Lite Micro, scratch memory included."""
    return buffer_report(model, "micro")


def buffer_report(model: Model, planner: Planner) -> Report:
    """What is drawn of a plan: every buffer with its steps and its place. ``steps`` of the summary has their operators.

    Steps are those of the planner, not operators: TFLM plans the operators of a subgraph where it is run.
    """
    plan = _planned(model, planner)
    rows, planned = plan.needed.buffers, plan.offset is not None
    offset = np.zeros(len(rows), np.int64) if plan.offset is None else plan.offset
    runs = rows.last >= 0
    columns = (
        _column("arena", rows.arena, "text", "arena that it is in"),
        _column("tensor", rows.tensor, "text", "tensor that it is for, -1 for scratch memory"),
        _column("operator", rows.operator, "text", "operator whose scratch memory it is, -1 for a tensor"),
        _column("bytes", rows.size, "quantity", "as the planner counts them", "By"),
        _column("offset", offset, "quantity", "where it starts", "By", np.full(len(rows), planned)),
        _column("first_step", np.maximum(rows.first, 0), "quantity", "step from which on it is kept", valid=runs),
        _column("last_step", np.maximum(rows.last, 0), "quantity", "step up to which it is kept", valid=runs),
    )
    name = "memory_micro_buffers" if planner == "micro" else "memory_buffers"
    return Report(name, {"planner": planner, "steps": plan.needed.step_operator.tolist()}, columns)


def report(model: Model, planner: Planner, over: Literal["operators", "tensors"]) -> Report:
    """The plan of a planner, as a table of operators or of tensors. Summary and findings are the same for both."""
    plan = _planned(model, planner)
    columns = _operator_columns(model, plan) if over == "operators" else _tensor_columns(model, plan)
    name = "memory" + ("_micro" if planner == "micro" else "") + ("_tensors" if over == "tensors" else "")
    return Report(name, dict(_summary(model, planner)), columns, tuple(_findings(model, plan)), over=over)


@kept
def _planned(model: Model, planner: Planner) -> Plan:
    """The plan of a planner for a model as it is."""
    return make(model, planner)


def _operator_columns(model: Model, plan: Plan) -> tuple[Column, ...]:
    columns = [
        _column("live_bytes", plan.live_bytes, "quantity", "bytes that must be kept while it runs", "By", plan.runs),
        _column("live_buffers", plan.live_buffers, "quantity", "buffers that these are", "{buffer}", plan.runs),
    ]
    if plan.planner == "micro":
        buffers = plan.needed.buffers
        mine = buffers.operator >= 0
        scratch = np.zeros(len(model.operators), np.int64)
        np.add.at(scratch, buffers.operator[mine], buffers.size[mine])
        columns.append(_column("scratch_bytes", scratch, "quantity", "scratch memory of its kernel", "By", plan.runs))
    return tuple(columns)


def _tensor_columns(model: Model, plan: Plan) -> tuple[Column, ...]:
    needed, count = plan.needed, len(model.tensors)
    row = np.full(count, -1, np.int64)
    own = np.flatnonzero(needed.buffers.tensor >= 0)
    row[needed.buffers.tensor[own]] = own
    row = np.where(np.isin(needed.place, _IN_ARENA), row[needed.root], -1)
    there = row >= 0
    used = needed.buffers.take(row[there])

    def spread(values: Array) -> Array:
        column = np.full(count, -1, np.int64)
        column[there] = values
        return column

    size = spread(used.size)
    offset = spread(np.full(len(used), -1) if plan.offset is None else plan.offset[row[there]])
    first, last = (_operators_at(plan, steps) for steps in (used.first, used.last))
    first, last = spread(first), spread(last)
    shares = needed.place == PLACES.index("shared")
    return (
        _column("place", Categories(needed.place, list(PLACES)), "category", "where its bytes are"),
        _column("buffer_bytes", np.maximum(size, 0), "quantity", "bytes of its buffer in the arena", "By", there),
        _column("offset", np.maximum(offset, 0), "quantity", "where the buffer starts", "By", offset >= 0),
        _column("first_use", first, "text", "operator from which on the buffer is kept", valid=first >= 0),
        _column("last_use", last, "text", "operator up to which it is kept", valid=last >= 0),
        _column("shares_with", needed.root, "text", "tensor whose buffer it uses", valid=shares),
    )


def _column(name: str, values: Values, kind: Kind, doc: str, unit: str = "1", valid: Array | None = None) -> Column:
    # What is alive at one time is not what is alive at another: no sum of these means anything.
    return Column(name, values, unit, kind, "simulated", doc, valid, additive=False)


def _operators_at(plan: Plan, steps: Array) -> Array:
    """The operators that run at these steps, -1 for none."""
    operators = plan.needed.step_operator
    return np.where(steps >= 0, operators[np.maximum(steps, 0)], -1) if len(operators) else np.full(len(steps), -1)


@kept
def _summary(model: Model, planner: Planner) -> dict[str, Any]:
    """Figures of the first subgraph with those that it runs; ``arenas`` has all subgraphs."""
    plan = _planned(model, planner)
    nothing = dict.fromkeys(("arena_bytes", "peak_live_bytes", "fragmentation_bytes", "no_reuse_bytes"), 0)
    arenas = [figures(plan, arena) for arena in range(len(plan.arena_bytes))]
    names = model.subgraphs.names.tolist()
    first = arenas[0] if arenas else nothing | {"peak_operator": None}
    return {
        "planner": plan.planner,
        **{name: value for name, value in first.items() if name != "peak_operator"},
        "persistent_bytes": plan.persistent_bytes,
        "weight_bytes": int(model.constant_bytes[weight_tensors(model)].sum()),
        "peak_operator": first["peak_operator"],
        "peak_buffers": _peak_buffers(model, plan),
        "what_if": _what_if(model, plan) if arenas and plan.offset is not None else {},
        "arenas": [{"subgraph": names[arena], **figure} for arena, figure in enumerate(arenas)],
        "rules": litert.RULES if plan.planner == "litert" else micro.RULES,
    }


def _peak_buffers(model: Model, plan: Plan) -> list[dict[str, Any]]:
    """What is alive at the peak, the largest first."""
    buffers = plan.needed.buffers
    return [
        {
            **owner(buffers, row),
            "name": model.tensors.name[int(buffers.tensor[row])] if buffers.tensor[row] >= 0 else "scratch",
            "bytes": int(buffers.size[row]),
            "offset": None if plan.offset is None else int(plan.offset[row]),
        }
        for row in at_peak(plan)[:_MOST_AT_PEAK].tolist()
    ]


def _what_if(model: Model, plan: Plan) -> dict[str, dict[str, Any]]:
    """The figures of the first arena if one thing were different."""
    shares = plan.planner == "litert"
    changed = {"no_in_place" if shares else "in_place": figures(make(model, plan.planner, share=not shares), 0)}
    sizes = batch_of_one(model, plan.planner)
    if sizes is not None:
        changed["batch_1"] = figures(make(model, plan.planner, sizes), 0)
    largest = at_peak(plan)[:1].tolist()
    if largest:
        changed["without_largest"] = {
            **owner(plan.needed.buffers, largest[0]), **figures(without(model, plan, largest[0]), 0)
        }  # fmt: skip
    return changed


def _findings(model: Model, plan: Plan) -> list[Finding]:
    found = list(plan.needed.findings)
    if plan.offset is None:
        message = (
            "too many tensors are alive at the same time to place them one by one; the peak is known, the arena not"
        )
        found.append(Finding("warning", "memory-unplanned", message))
    signature = model.tensors.shape_signature
    dynamic = np.zeros(len(model.tensors), bool)
    dynamic[signature.rows[signature.values < 0]] = True
    outputs = model.operators.outputs
    there = outputs.values >= 0
    where = np.unique(outputs.rows[there][dynamic[outputs.values[there]]])
    if len(where) or dynamic.any():
        message = (
            "some shapes are open until run time; the plan is for the sizes that the file stores for them, usually 1"
        )
        found.append(Finding("note", "open-shape", message, tuple(where[:1000].tolist())))
    return found
