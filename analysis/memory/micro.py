"""The arena of TensorFlow Lite Micro: AllocationInfoBuilder and GreedyMemoryPlanner of tflite-micro 90b983c2.

One arena serves all subgraphs, which are planned where they are called. The head of the arena is planned here: tensors
and the scratch memory of the reference kernels. Its tail holds structures whose size depends on the target.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..dtypes import bits_of
from ..model import Model
from ..options import control_flow
from ..ragged import Array
from ..report import Finding
from ..schema import enum_values
from .buffers import PLACES, Buffers, Requirements, first_fit
from .scratch import scratch

RULES = "tflite-micro 90b983c2, reference kernels; head of the arena, without the structures in its tail"
_ALIGNMENT = 16
_ONLINE = -1
# The subgraphs that an operator runs, in the order in which they are planned.
_ROLES = {"IF": ("then", "else"), "WHILE": ("cond", "body"), "CALL_ONCE": ("init",)}
# Steps, visits of subgraphs and depth at most, when subgraphs run each other again and again.
_MOST_STEPS = 1_000_000
_MOST_VISITS = 10_000
_MOST_NESTED = 64


def requirements(model: Model, sizes: Array | None = None, root: Array | None = None) -> Requirements:
    """What the planner of TFLM is given for a model.

    Args:
        model: the model.
        sizes: int64, bytes of every tensor in place of those that the file declares.
        root: int64 per tensor, the tensor whose buffer it is to share; TFLM shares none.
    """
    tensors = model.tensors
    root = np.arange(len(tensors)) if root is None else root
    schedule = _schedule(model)
    first, last = _lifetimes(model, schedule)
    sizes, place = _places(model, tensor_bytes(model) if sizes is None else sizes)
    plan, problems = _offline_plan(model)
    place[tensors.is_variable & (plan != _ONLINE) & (sizes > 0)] = PLACES.index("arena")
    merged = (place == PLACES.index("arena")) & (root != np.arange(len(root))) & (place[root] == PLACES.index("arena"))
    np.minimum.at(first, root[merged], first[merged])
    np.maximum.at(last, root[merged], last[merged])
    place[merged] = PLACES.index("shared")
    in_arena, kept = (np.flatnonzero(place == PLACES.index(name)) for name in ("arena", "persistent"))
    operators, scratch_bytes = scratch(model)
    ran = schedule.first[operators] >= 0  # what never runs asks for nothing that is planned
    operators, scratch_bytes = operators[ran], scratch_bytes[ran]

    def buffers(rows: Array, owners: Array, size: Array) -> Buffers:
        tensor = np.concatenate([rows, np.full(len(owners), -1, np.int64)])
        return Buffers(
            tensor,
            np.concatenate([np.full(len(rows), -1, np.int64), owners]),
            np.zeros(len(tensor), np.int64),
            -(-size // _ALIGNMENT) * _ALIGNMENT,
            np.concatenate([first[rows], schedule.first[owners]]),
            np.concatenate([last[rows], schedule.last[owners]]),
            np.concatenate([plan[rows], np.full(len(owners), _ONLINE, np.int64)]),
        )

    return Requirements(
        buffers(in_arena, operators, np.concatenate([sizes[in_arena], scratch_bytes])),
        buffers(kept, np.zeros(0, np.int64), sizes[kept]),
        schedule.operator,
        np.where(merged, root, np.arange(len(root))),
        place.astype(np.int32),
        _ALIGNMENT,
        _order,
        first_fit,
        (*problems, *schedule.problems, *_unsized(model, place), *_custom(model)),
    )


def tensor_bytes(model: Model) -> Array:
    """Bytes of every tensor as TFLM counts them, -1 where not known: 4-bit values take a byte, resources are ids."""
    tensors = model.tensors
    bits = np.maximum(bits_of(tensors.type), 0)
    width = np.where(bits > 0, np.maximum(bits, 8) // 8, 0)
    width[tensors.type == enum_values("TensorType")["RESOURCE"]] = 4
    known = (width > 0) & (tensors.elements >= 0) & (tensors.elements < 2**37)
    return np.where(known, np.where(known, tensors.elements, 0) * width, -1)


def _order(what: Buffers) -> Array:
    """Those with a given offset first, then the larger before the smaller and the later before the earlier."""
    online = what.fixed == _ONLINE
    rows = np.arange(len(what))
    return np.lexsort((np.where(online, -rows, rows), np.where(online, -what.size, 0), online))


def _places(model: Model, sizes: Array) -> tuple[Array, Array]:
    """Sizes and places of the tensors; VAR_HANDLE points its output at the resource's id and needs no memory."""
    tensors, operators = model.tensors, model.operators
    place = np.full(len(tensors), PLACES.index("arena"))
    place[sizes < 0] = PLACES.index("unknown")
    place[tensors.is_variable] = PLACES.index("persistent")
    handles = [row for row, name in enumerate(operators.type_names) if name == "VAR_HANDLE"]
    outputs = operators.outputs
    mine = np.isin(operators.type[outputs.rows], handles) & (outputs.values >= 0)
    place[outputs.values[mine]] = PLACES.index("heap")
    place[sizes == 0] = PLACES.index("unused")
    place[model.is_constant] = PLACES.index("constant")
    return sizes, place


@dataclass
class _Schedule:
    """When everything runs. A step per operator, and one per subgraph that an operator enters.

    Attributes:
        operator: int64 per step, the operator that runs, the first one also before it does; -1 if there is none.
        first, last: int64 per operator: its steps, -1 for one that never runs. An operator lasts until the subgraphs
            that it runs have ended.
        entered, left: subgraphs, with the step at which they begin or end.
    """

    operator: Array
    first: Array
    last: Array
    entered: list[tuple[int, int]] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)


@dataclass
class _Frame:
    """A subgraph that is being planned: its next operator, and those subgraphs that the last one has still to run."""

    graph: int
    position: int
    caller: int = -1
    waiting: list[int] = field(default_factory=list)


def _schedule(model: Model) -> _Schedule:
    edges = model.subgraphs.operator_offsets.tolist()
    names, types = model.operators.type_names, model.operators.type
    runs = {
        operator: [roles[role] for role in _ROLES[names[types[operator]]] if role in roles]
        for operator, roles in control_flow(model).items()
        if names[types[operator]] in _ROLES
    }
    callers = np.array(sorted(runs), np.int64)
    none = np.full(len(model.operators), -1, np.int64)
    schedule = _Schedule(np.zeros(0, np.int64), none, none.copy())
    starts = [edges[0]] if len(edges) > 1 and edges[1] > 0 else [-1]  # inputs are there before the first operator
    steps = [np.array(starts, np.int64)]
    clock = 0
    stack = [_Frame(0, edges[0])] if len(edges) > 1 else []
    schedule.entered += [(0, 0)] if stack else []
    while stack:
        frame = stack[-1]
        if frame.waiting:
            graph = frame.waiting.pop(0)
            if len(stack) >= _MOST_NESTED or len(schedule.entered) >= _MOST_VISITS or clock >= _MOST_STEPS:
                message = "subgraphs run each other deeper or more often than is planned here; what follows is left out"
                schedule.problems.append(Finding("warning", "memory-nesting", message, (frame.caller,)))
                break  # the operators that are still running last until here
            clock += 1
            steps.append(np.array([frame.caller]))
            schedule.entered.append((graph, clock))
            stack.append(_Frame(graph, edges[graph]))
            continue
        if frame.caller >= 0:
            schedule.last[frame.caller] = clock
            frame.caller = -1
        stop = edges[frame.graph + 1]
        place = int(np.searchsorted(callers, frame.position))
        following = int(callers[place]) + 1 if place < len(callers) and callers[place] < stop else stop
        operators = np.arange(frame.position, following)
        when = clock + 1 + np.arange(len(operators))
        steps.append(operators)
        schedule.first[operators] = np.where(schedule.first[operators] < 0, when, schedule.first[operators])
        schedule.last[operators] = when
        clock += len(operators)
        frame.position = following
        if len(operators) and operators[-1] in runs:
            frame.caller = int(operators[-1])
            frame.waiting = list(runs[frame.caller])
        elif following == stop:
            schedule.left.append((frame.graph, clock))
            stack.pop()
    running = [frame.caller for frame in stack if frame.caller >= 0]
    schedule.last[running] = clock
    schedule.operator = np.concatenate(steps)
    return schedule


def _lifetimes(model: Model, schedule: _Schedule) -> tuple[Array, Array]:
    """First and last step of every tensor, int64; -1 for never. As MarkAllocationLifetimes has it."""
    tensors, operators = model.tensors, model.operators
    never = np.iinfo(np.int64).max
    first, last = np.full(len(tensors), never), np.full(len(tensors), -1, np.int64)
    for column, creates in ((operators.outputs, True), (operators.inputs, False)):
        ran = (column.values >= 0) & (schedule.first[column.rows] >= 0)
        if creates:
            np.minimum.at(first, column.values[ran], schedule.first[column.rows[ran]])
        np.maximum.at(last, column.values[ran], schedule.last[column.rows[ran]])
    graphs = model.subgraphs
    for column, marks in ((graphs.inputs, schedule.entered), (graphs.outputs, schedule.left)):
        earliest, latest = np.full(len(graphs), never), np.full(len(graphs), -1, np.int64)
        if marks:
            graph, step = np.array(marks, np.int64).T
            np.minimum.at(earliest, graph, step)
            np.maximum.at(latest, graph, step)
        there = column.values >= 0
        np.minimum.at(first, column.values[there], earliest[column.rows[there]])
        np.maximum.at(last, column.values[there], latest[column.rows[there]])
    return np.where(first == never, -1, first), last


def _offline_plan(model: Model) -> tuple[Array, list[Finding]]:
    """The offset of every tensor that the file prescribes, -1 where it leaves that to the planner."""
    online = np.full(len(model.tensors), _ONLINE, np.int64)
    for entry in model.metadata:
        if entry.name != "OfflineMemoryAllocation":
            continue
        data = model.buffer_data(entry.buffer)
        words = data[: len(data) // 4 * 4].view("<i4").astype(np.int64)
        if len(words) < 3 or words[2] != len(model.tensors) or len(words) < 3 + words[2]:
            message = (
                "the metadata OfflineMemoryAllocation does not have an offset for every tensor: TFLM refuses the model"
            )
            return online, [Finding("error", "memory-offline", message)]
        offsets = words[3 : 3 + len(online)]
        if (offsets < _ONLINE).any():
            message = "the metadata OfflineMemoryAllocation has negative offsets other than -1; they are planned anew"
            return np.maximum(offsets, _ONLINE), [Finding("error", "memory-offline", message)]
        message = f"{int((offsets != _ONLINE).sum())} tensors are where the metadata OfflineMemoryAllocation puts them"
        return offsets, [Finding("note", "memory-offline", message)]
    return online, []


def _unsized(model: Model, place: Array) -> list[Finding]:
    outputs = model.operators.outputs
    there = outputs.values >= 0
    where = np.unique(outputs.rows[there][place[outputs.values[there]] == PLACES.index("unknown")])
    if not len(where):
        return []
    message = (
        f"the outputs of {len(where)} operators have no size in the file: they are not planned, and TFLM refuses them"
    )
    return [Finding("warning", "memory-dynamic", message, tuple(where[:1000].tolist()))]


def _custom(model: Model) -> list[Finding]:
    where = np.flatnonzero(model.codes.builtin[model.operators.code] == enum_values("BuiltinOperator")["CUSTOM"])
    if not len(where):
        return []
    message = f"the scratch memory of {len(where)} custom operators is not known and not in the plan"
    return [Finding("note", "memory-custom", message, tuple(where[:1000].tolist()))]
