"""The arena of LiteRT: ArenaPlanner and SimpleMemoryArena of LiteRT f674577 (tflite/arena_planner.cc).

Every subgraph has an arena of its own. What kernels ask for besides the tensors of the file is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..dtypes import bits_of
from ..kept import kept
from ..model import Model
from ..operands import at, numbered
from ..ragged import Array, Ragged
from ..report import Finding
from .buffers import PLACES, Buffers, Requirements, best_fit

RULES = "LiteRT f674577, built-in kernels without a delegate; temporaries of kernels are not included"
_ALIGNMENT = 64
# registration.inplace_operator in tflite/kernels: inputs whose buffer the first output may take, and whether the
# data stay as they are.
_IN_PLACE = {
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV"), ((0, 1), False)),
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "BITCAST"), ((0,), True)),
    **dict.fromkeys(("SOFTMAX", "DYNAMIC_UPDATE_SLICE"), ((0,), False)),
}
_SCALAR_BYTES = 4
_ALL = -1
# SetTensorToPersistentRo in tflite/kernels: where these inputs are known before running, so is the output.
_FOLDED: dict[str, tuple[int, ...]] = {
    "SHAPE": (),
    "RANK": (),
    **dict.fromkeys(("BROADCAST_ARGS", "GATHER", "MUL", "REDUCE_PROD", "RESHAPE", "TILE"), (0, 1)),
    **dict.fromkeys(("CONCATENATION", "RANGE", "STRIDED_SLICE"), (_ALL,)),
}
# SetTensorToDynamic likewise: where these inputs are not known before running, the output is allocated while running.
_SHAPING: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("CONV_3D_TRANSPOSE", "FILL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "TRANSPOSE_CONV"), (0,)),
    **dict.fromkeys(
        ("ARG_MAX", "ARG_MIN", "BROADCAST_TO", "EXPAND_DIMS", "MEAN", "MIRROR_PAD", "ONE_HOT", "PAD", "PADV2",
         "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "RESHAPE", "RESIZE_BILINEAR",
         "RESIZE_NEAREST_NEIGHBOR", "RFFT2D", "SUM", "TILE", "TOPK_V2", "TRANSPOSE"), (1,),
    ),
    **dict.fromkeys(("BATCH_TO_SPACE_ND", "SLICE", "SPACE_TO_BATCH_ND", "SPLIT_V"), (1, 2)),
    "SCATTER_ND": (2,),
    "SPLIT": (0,),
    "SPARSE_TO_DENSE": (1,),
    "STRIDED_SLICE": (1, 2, 3),
    "RANGE": (_ALL,),
    **dict.fromkeys(("UNIQUE", "WHERE"), (_ALL,)),
}  # fmt: skip
# Operators whose outputs are kept for all later runs, in the persistent arena; DEQUANTIZE only that of constants.
_KEPT = ("DENSIFY", "NumericVerify", "DEQUANTIZE")


def requirements(model: Model, sizes: Array | None = None, in_place: bool = True) -> Requirements:
    """What the planner of LiteRT is given for all subgraphs of a model.

    Args:
        model: the model.
        sizes: int64, bytes of every tensor in place of those that the file declares.
        in_place: whether operators may write their output over an input.
    """
    tensors, operators, graphs = model.tensors, model.operators, model.subgraphs
    sizes = tensors.nbytes if sizes is None else sizes
    place, late = _places(model, sizes)
    in_arena = place == PLACES.index("arena")
    declared = ~model.is_constant & ~tensors.is_variable & (bits_of(tensors.type) > 0)
    shared = _shared(model, sizes, declared) if in_place else np.arange(len(tensors))
    first, last, written = _lifetimes(model, shared)
    # Sharing is decided before the kernels say where their outputs are; what turns out impossible is taken back, but
    # the lifetimes stay.
    root = np.where(in_arena & in_arena[shared] & (sizes[shared] == sizes), shared, np.arange(len(tensors)))
    place = np.where((root != np.arange(len(root))) & in_arena, PLACES.index("shared"), place)
    place[in_arena & ~written] = PLACES.index("unused")
    steps = len(operators) + len(graphs)  # one more for every subgraph: what is never freed lives until then
    step_operator = np.full(steps, -1, np.int64)
    step_operator[np.arange(len(operators)) + operators.subgraph] = np.arange(len(operators))
    counts = np.diff(graphs.operator_offsets)
    ends = graphs.operator_offsets[1:] + np.arange(len(graphs))
    step_operator[ends[counts > 0]] = graphs.operator_offsets[1:][counts > 0] - 1

    def buffers(rows: Array, until: Array) -> Buffers:
        none = np.full(len(rows), -1, np.int64)
        return Buffers(rows, none, tensors.subgraph[rows].astype(np.int64), sizes[rows], first[rows], until, none)

    placed = np.flatnonzero((place == PLACES.index("arena")) & (sizes > 0))
    kept = np.flatnonzero((place == PLACES.index("persistent")) & written & (sizes > 0))

    def order(what: Buffers) -> Array:
        """Those that live all through the subgraph by number, then the larger before the smaller."""
        start = graphs.operator_offsets[:-1] + np.arange(len(graphs))
        whole = (what.first == start[what.arena]) & (what.last == ends[what.arena])
        size = np.where(whole, 0, what.size)
        return np.lexsort((what.tensor, np.where(whole, 0, what.first), -size, ~whole))

    return Requirements(
        buffers(placed, last[placed]),
        buffers(kept, ends[tensors.subgraph[kept]]),
        step_operator,
        root,
        place.astype(np.int32),
        _ALIGNMENT,
        order,
        best_fit,
        _findings(model, late, place),
    )


def _places(model: Model, sizes: Array) -> tuple[Array, list[int]]:
    """Where each tensor is before any is shared, in ``PLACES``; the operators whose outputs are sized at run time."""
    tensors, operators = model.tensors, model.operators
    place = np.full(len(tensors), PLACES.index("arena"))
    place[sizes < 0] = PLACES.index("unknown")
    place[bits_of(tensors.type) == 0] = PLACES.index("heap")
    place[tensors.is_variable] = PLACES.index("persistent")
    place[model.is_constant] = PLACES.index("constant")
    heap, late = sized_while_running(model)
    heap = [tensor for tensor in heap if place[tensor] in (PLACES.index("arena"), PLACES.index("unknown"))]
    place[heap] = PLACES.index("heap")
    source = numbered(operators.inputs, np.arange(len(operators)), 0)
    of_constant = at(model.is_constant, source, False)
    kept = _is_type(model, _KEPT) & ((~_is_type(model, ("DEQUANTIZE",))) | of_constant)
    outputs = operators.outputs
    place[outputs.values[kept[outputs.rows] & (outputs.values >= 0)]] = PLACES.index("persistent")
    return place, late


def sized_while_running(model: Model) -> tuple[list[int], list[int]]:
    """The tensors that kernels take out of the arena, and the operators whose outputs have no size before they run."""
    heap, by = _sizing(model)
    return heap, list(by)


def sized_by(model: Model) -> dict[int, list[int]]:
    """Of the operators whose outputs have no size before they run, the inputs that say it, by their places."""
    return _sizing(model)[1]


@kept
def _sizing(model: Model) -> tuple[list[int], dict[int, list[int]]]:
    operators, constant = model.operators, model.is_constant
    inputs, outputs = operators.inputs, operators.outputs
    folds, shaped = (_relevant(model, rules) for rules in (_FOLDED, _SHAPING))
    # Only what may be known, and what is not known for certain, is looked at one by one.
    producer = at(model.producer, inputs.values, -1)
    possibly = at(constant, inputs.values, True) | ((producer >= 0) & _is_type(model, _FOLDED)[producer])
    folding = _is_type(model, _FOLDED)
    folding[inputs.rows[folds & ~possibly]] = False
    shaping = np.zeros(len(operators), bool)
    shaping[inputs.rows[shaped & ~at(constant, inputs.values, True)]] = True
    known = constant.tolist()
    heap: list[int] = []
    late: dict[int, list[int]] = {}
    for row in np.flatnonzero(folding | shaping).tolist():
        name = operators.type_names[operators.type[row]]
        operands, written = inputs[row].tolist(), [tensor for tensor in outputs[row].tolist() if tensor >= 0]
        if folding[row] and _all_known(operands, _FOLDED[name], known):
            for tensor in written[:1]:
                known[tensor] = True
                heap.append(tensor)
        elif shaping[row] and not _all_known(operands, _SHAPING[name], known):
            numbers = range(len(operands)) if _SHAPING[name] == (_ALL,) else _SHAPING[name]
            late[row] = [n for n in numbers if n < len(operands) and operands[n] >= 0 and not known[operands[n]]]
            heap += written
    return heap, late


def _is_type(model: Model, names: Iterable[str]) -> Array:
    """Whether each operator is of one of these types, bool."""
    wanted = set(names)
    return np.array([name in wanted for name in model.operators.type_names], bool)[model.operators.type]


def _relevant(model: Model, rules: dict[str, tuple[int, ...]]) -> Array:
    """For every input of every operator, whether the rule of the operator's type names it. Bool."""
    operators = model.operators
    bits = [
        sum(1 << n for n in rules.get(name, ())) if rules.get(name) != (_ALL,) else -1 for name in operators.type_names
    ]
    number = np.arange(len(operators.inputs.values)) - np.repeat(operators.inputs.offsets[:-1], operators.inputs.counts)
    of_input = np.array(bits, np.int64)[operators.type][operators.inputs.rows]
    is_named: Array = (of_input >> np.minimum(number, 62)) & 1 == 1
    return is_named


def _all_known(operands: list[int], numbers: tuple[int, ...], known: list[bool]) -> bool:
    """Whether these inputs, as far as the operator has them, are known before running."""
    wanted = operands if numbers == (_ALL,) else [operands[number] for number in numbers if number < len(operands)]
    return all(tensor < 0 or known[tensor] for tensor in wanted)


def _shared(model: Model, sizes: Array, declared: Array) -> Array:
    """For every tensor the one whose buffer it takes (itself if none): ArenaPlanner::IdentifyInPlaceTensors."""
    graphs, operators = model.subgraphs, model.operators
    is_input, is_output = _listed(graphs.inputs, len(model.tensors)), _listed(graphs.outputs, len(model.tensors))
    references = model.consumers.counts + is_input + is_output + model.tensors.is_variable
    shareable = declared & (is_input == 0)
    rows = np.flatnonzero(_is_type(model, _IN_PLACE))
    names = operators.type_names
    unmodified = np.array([_IN_PLACE.get(name, ((), False))[1] for name in names], bool)[operators.type[rows]]
    both = np.array([_IN_PLACE.get(name, ((), False))[0] == (0, 1) for name in names], bool)[operators.type[rows]]
    output = numbered(operators.outputs, rows, 0)
    taken = np.full(len(rows), -1, np.int64)  # the input whose buffer the output would take
    for number in (1, 0):
        tensor = numbered(operators.inputs, rows, number)
        size = at(sizes, tensor, -1)
        fits = (size == at(sizes, output, -2)) & (size > _SCALAR_BYTES) & (at(references, tensor, 2) <= 1)
        may = at(shareable, tensor, False) & (unmodified | fits) & (both | (number == 0))
        taken = np.where(may, tensor, taken)
    tried = np.flatnonzero((taken >= 0) & (at(is_output, output, 1) == 0))
    counts, root = references.tolist(), list(range(len(model.tensors)))
    for source, target, keeps in zip(
        taken[tried].tolist(), output[tried].tolist(), unmodified[tried].tolist(), strict=True
    ):
        if keeps or counts[root[source]] <= 1:
            root[target] = root[source]
    return np.array(root, np.int64)


def _listed(column: Ragged, count: int) -> Array:
    """How often each tensor stands in the lists."""
    return np.bincount(column.values[column.values >= 0], minlength=count)


def _lifetimes(model: Model, root: Array) -> tuple[Array, Array, Array]:
    """First and last step of every tensor, and whether it is ever written: ArenaPlanner::PlanAllocations."""
    tensors, operators, graphs = model.tensors, model.operators, model.subgraphs
    step = np.arange(len(operators)) + operators.subgraph
    start = (graphs.operator_offsets[:-1] + np.arange(len(graphs)))[tensors.subgraph]
    end = (graphs.operator_offsets[1:] + np.arange(len(graphs)))[tensors.subgraph]
    never = np.iinfo(np.int64).max
    first = np.full(len(tensors), never)
    outputs, inputs = operators.outputs, operators.inputs
    there = outputs.values >= 0
    np.minimum.at(first, outputs.values[there], step[outputs.rows[there]])
    is_input, is_output = _listed(graphs.inputs, len(tensors)) > 0, _listed(graphs.outputs, len(tensors)) > 0
    first = np.where(is_input | tensors.is_variable, start, first)
    written = first != never
    last = np.full(len(tensors), -1, np.int64)
    there = inputs.values >= 0
    np.maximum.at(last, root[inputs.values[there]], step[inputs.rows[there]])
    kept = is_input | is_output | tensors.is_variable | (last < first)
    return np.where(written, first, start), np.where(kept, end, last), written


def _findings(model: Model, late: list[int], place: Array) -> tuple[Finding, ...]:
    outputs = model.operators.outputs
    there = outputs.values >= 0
    unsized = outputs.rows[there][place[outputs.values[there]] == PLACES.index("unknown")]
    where = np.unique(np.concatenate([unsized, np.array(late, np.int64)]))
    if not len(where):
        return ()
    message = (
        f"the shapes of the outputs of {len(where)} operators are known at run time only: they are allocated then "
        "and are not in this plan, and LiteRT plans what follows them in a second step"
    )
    return (Finding("note", "memory-dynamic", message, tuple(where[:1000].tolist())),)
