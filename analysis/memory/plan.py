"""A planner's result in figures: arenas, peaks, and what they would be if something were different."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..model import Model
from ..options import control_flow
from ..ragged import Array
from . import litert, micro
from .buffers import PLACES, Buffers, Requirements, live

Planner = Literal["litert", "micro"]
# More is not believed of subgraphs that run each other over and over; sums then stay below 2^63.
_MOST_NESTED = 1 << 61


@dataclass(frozen=True)
class Plan:
    """Where a planner puts the tensors of a model.

    Lists have a value per arena: LiteRT has one for every subgraph, TFLM one. An arena's figures include those of
    the subgraphs that its operators run, which LiteRT allocates for as long as the operator runs (if.cc, while.cc).

    Attributes:
        planner: whose rules these are.
        needed: what the planner was given.
        offset: int64 per buffer; None where there were too many to plan.
        live_bytes, live_buffers: int64 per operator, the most that is alive while it runs; 0 if it never does.
        runs: bool per operator.
        arena_bytes: sizes of the arenas; None where not planned.
        peak_live_bytes: the most that is alive at one step.
        peak_operators: when that is; None where no operator runs.
        no_reuse_bytes: what a buffer of its own for every tensor would take.
        persistent_bytes: what is never reused, of all subgraphs.
    """

    planner: Planner
    needed: Requirements
    offset: Array | None
    live_bytes: Array
    live_buffers: Array
    runs: Array
    arena_bytes: list[int | None]
    peak_live_bytes: list[int]
    peak_operators: list[int | None]
    no_reuse_bytes: list[int]
    persistent_bytes: int


def make(model: Model, planner: Planner, sizes: Array | None = None, share: bool | None = None) -> Plan:
    """Plans the memory of a model.

    Args:
        model: the model.
        planner: whose rules to follow.
        sizes: int64, bytes of every tensor in place of those that the file declares.
        share: whether operators may write over an input; None for what the planner does by itself.
    """
    if planner == "litert":
        needed = litert.requirements(model, sizes, in_place=share is not False)
    else:
        root = litert.requirements(model).root if share else None
        needed = micro.requirements(model, sizes, root)
    return _plan(model, planner, needed)


def without(model: Model, plan: Plan, buffer: int) -> Plan:
    """The plan if one of the buffers were not there."""
    rows = np.delete(np.arange(len(plan.needed.buffers)), buffer)
    return _plan(model, plan.planner, replace(plan.needed, buffers=plan.needed.buffers.take(rows)))


def at_peak(plan: Plan) -> Array:
    """The buffers of the first arena that are alive at its peak, the largest first."""
    buffers, operator = plan.needed.buffers, plan.peak_operators[0] if plan.peak_operators else None
    if operator is None:
        return np.zeros(0, np.int64)
    steps = np.flatnonzero(plan.needed.step_operator == operator)
    amounts = live(buffers, len(plan.needed.step_operator), buffers.size)
    step = steps[int(np.argmax(amounts[steps]))]
    rows = np.flatnonzero((buffers.first <= step) & (buffers.last >= step) & (buffers.arena == 0))
    return rows[np.argsort(-buffers.size[rows], kind="stable")]


def _plan(model: Model, planner: Planner, needed: Requirements) -> Plan:
    buffers, operator_at = needed.buffers, needed.step_operator
    offset = needed.offsets(buffers)
    arenas = len(model.subgraphs) if planner == "litert" else min(len(model.subgraphs), 1)
    sizes = np.zeros(arenas, np.int64)
    if offset is not None:
        np.maximum.at(sizes, buffers.arena, offset + buffers.size)
    totals, unshared = sizes.tolist(), _no_reuse(model, needed, arenas)

    there = operator_at >= 0
    runs = np.zeros(len(model.operators), bool)
    runs[operator_at[there]] = True
    at_step = live(buffers, len(operator_at), buffers.size)
    count_at_step = live(buffers, len(operator_at), np.ones(len(buffers), np.int64))
    live_bytes, live_buffers = np.zeros((2, len(model.operators)), np.int64)
    np.maximum.at(live_bytes, operator_at[there], at_step[there])
    np.maximum.at(live_buffers, operator_at[there], count_at_step[there])

    calls = _calls(model) if planner == "litert" else {}
    edges = model.subgraphs.operator_offsets + np.arange(len(model.subgraphs) + 1) if planner == "litert" else None
    peaks, peak_operators = [0] * arenas, [-1] * arenas
    for arena in _callees_first(calls, arenas):
        for operator, callees in calls.get(arena, []):
            live_bytes[operator] += min(sum(peaks[callee] for callee in callees), _MOST_NESTED)
        for each in (totals, unshared):
            nested = max((sum(each[callee] for callee in callees) for _, callees in calls.get(arena, [])), default=0)
            each[arena] += min(nested, _MOST_NESTED)
        mine = slice(None) if edges is None else slice(int(edges[arena]), int(edges[arena + 1]))
        operators = operator_at[mine][there[mine]]
        peaks[arena] = int(at_step[mine].max(initial=0))
        if len(operators):
            peak_operators[arena] = int(operators[int(np.argmax(live_bytes[operators]))])
            peaks[arena] = int(live_bytes[peak_operators[arena]])
    return Plan(
        planner, needed, offset, live_bytes, live_buffers, runs,
        [None if offset is None else total for total in totals], peaks,
        [operator if operator >= 0 else None for operator in peak_operators], unshared, _persistent_bytes(needed),
    )  # fmt: skip


def _no_reuse(model: Model, needed: Requirements, arenas: int) -> list[int]:
    """For every arena the bytes if each buffer, and each tensor that shares one, had a place of its own."""
    buffers = needed.buffers
    row = np.full(len(model.tensors), -1, np.int64)
    row[buffers.tensor[buffers.tensor >= 0]] = np.flatnonzero(buffers.tensor >= 0)
    of_shared = row[needed.root[needed.place == PLACES.index("shared")]]
    every = np.concatenate([np.arange(len(buffers)), of_shared[of_shared >= 0]])
    total = np.zeros(arenas, np.int64)
    np.add.at(total, buffers.arena[every], _aligned(buffers.size[every], needed.alignment))
    sums: list[int] = total.tolist()
    return sums


def _aligned(sizes: Array, alignment: int) -> Array:
    return -(-sizes // alignment) * alignment


def _persistent_bytes(needed: Requirements) -> int:
    """One arena for every subgraph that has any, filled from its start: nothing in it is ever freed."""
    kept = needed.persistent
    order = needed.order(kept)
    arenas, sizes = kept.arena[order], kept.size[order]
    is_last = np.ones(len(order), bool)
    by_arena = np.argsort(arenas, kind="stable")
    is_last[by_arena[:-1]] = np.diff(arenas[by_arena]) != 0
    return int(np.where(is_last, sizes, _aligned(sizes, needed.alignment)).sum())


def _calls(model: Model) -> dict[int, list[tuple[int, list[int]]]]:
    """The operators of every subgraph that run others, with these."""
    calls: dict[int, list[tuple[int, list[int]]]] = {}
    for operator, roles in control_flow(model).items():
        calls.setdefault(int(model.operators.subgraph[operator]), []).append((operator, sorted(set(roles.values()))))
    return calls


def _callees_first(calls: dict[int, list[tuple[int, list[int]]]], count: int) -> list[int]:
    """All subgraphs, each after those that it runs; where they run each other in a circle, in some order."""
    order: list[int] = []
    seen = [False] * count
    for start in range(count):
        stack = [(start, False)]
        while stack:
            graph, is_done = stack.pop()
            if is_done:
                order.append(graph)
            elif not seen[graph]:
                seen[graph] = True
                stack.append((graph, True))
                stack += [(callee, False) for _, callees in calls.get(graph, []) for callee in callees]
    return order


def batch_of_one(model: Model, planner: Planner) -> Array | None:
    """Bytes of every tensor if the first axis of all inputs of the first subgraph were 1.

    None where these inputs have no common first axis greater than 1. Tensors with the same first axis shrink with it.
    """
    if not len(model.subgraphs):
        return None
    tensors = model.tensors
    inputs = model.subgraphs.inputs[0]
    inputs = inputs[inputs >= 0]
    starts, rank = tensors.shape.offsets[:-1], tensors.shape.counts
    first = np.ones(len(tensors), np.int64)
    first[rank > 0] = tensors.shape.values[starts[rank > 0]]
    sizes = np.unique(first[inputs])
    if len(sizes) != 1 or sizes[0] <= 1:
        return None
    declared = tensors.nbytes if planner == "litert" else micro.tensor_bytes(model)
    shrinks = (first == sizes[0]) & ~model.is_constant & (declared > 0)
    return np.where(shrinks, -(-declared // sizes[0]), declared)


def figures(plan: Plan, arena: int) -> dict[str, Any]:
    """The main figures of an arena."""
    size, peak = plan.arena_bytes[arena], plan.peak_live_bytes[arena]
    return {
        "arena_bytes": size,
        "peak_live_bytes": peak,
        "fragmentation_bytes": None if size is None else size - peak,
        "no_reuse_bytes": plan.no_reuse_bytes[arena],
        "peak_operator": plan.peak_operators[arena],
    }


def owner(buffers: Buffers, row: int) -> dict[str, int | None]:
    """Whose buffer it is: a tensor's, or the scratch memory of an operator."""
    tensor, operator = int(buffers.tensor[row]), int(buffers.operator[row])
    return {"tensor": tensor if tensor >= 0 else None, "operator": operator if operator >= 0 else None}
