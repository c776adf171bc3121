"""Where shapes begin to be known at run time only, and what a delegate refuses for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

import numpy as np

from ..compatibility import open_shapes
from ..memory.litert import sized_by
from ..model import Model
from ..report import Finding
from .rules import LATE, OPEN, Failure

_MOST_ROOTS, _MOST_TRIED, _MOST_LISTED = 20, 200, 1000


def dynamic_roots(model: Model, title: str, failures: Mapping[int, Sequence[Failure]]) -> list[Finding]:
    """One finding for every operator at which shapes become unknown, where a delegate refuses anything for it.

    Args:
        model: the model.
        title: the delegate's.
        failures: by operator, why the delegate refuses it.
    """
    every = chain(_late(model, title, _for(failures, LATE)), _open(model, title, _for(failures, OPEN)))
    found = list(islice(every, _MOST_ROOTS))
    if next(every, None) is not None:
        found.append(Finding("warning", "dynamic-shape-root", "and more operators at which shapes become unknown"))
    return found


def _for(failures: Mapping[int, Sequence[Failure]], why: str) -> dict[int, bool]:
    """The operators that are refused for their shapes, and whether it is all of their subgraph."""
    return {
        operator: any(one.operand == "the subgraph" for one in reasons if one.found.startswith(why))
        for operator, reasons in failures.items()
        if any(one.found.startswith(why) for one in reasons)
    }


def _late(model: Model, title: str, refused: dict[int, bool]) -> Iterator[Finding]:
    """Operators that size their result by numbers that are computed."""
    if not refused:
        return
    names, ops, inputs = model.tensors.name, model.operators.ops, model.operators.inputs
    for operator, place in _first(model):
        tensor = int(inputs[operator][place])
        writer = int(model.producer[tensor])
        source = f"which {ops[writer]} {writer} computes" if writer >= 0 else "which the caller gives"
        text = f"{ops[operator]} {operator} sizes its result by input {place} ({names[tensor]}), {source}"
        advice = f"make input {place} a constant"
        yield from _finding(model, text, advice, operator, title, refused)


def _open(model: Model, title: str, refused: dict[int, bool]) -> Iterator[Finding]:
    """Operators whose shapes the file itself leaves open."""
    if not refused:
        return
    signature = model.tensors.shape_signature
    is_open = np.bincount(signature.rows[signature.values < 0], minlength=len(model.tensors)) > 0
    ops, names = model.operators.ops, model.tensors.name
    for operator in np.flatnonzero(open_shapes(model) == 0)[:_MOST_TRIED].tolist():
        given = [int(t) for t in model.operators.inputs[operator] if t >= 0 and is_open[t] and model.producer[t] < 0]
        what = f"of the model's input {names[given[0]]}" if given else "of its result"
        text = f"{ops[operator]} {operator}: the file leaves dimensions {what} open"
        yield from _finding(model, text, "give them sizes", operator, title, refused)


def _first(model: Model) -> list[tuple[int, int]]:
    """Operators that size their result by a computed input, and its place, where no earlier one has made it unknown."""
    sized = sized_by(model)
    inputs, outputs = model.operators.inputs.tolist(), model.operators.outputs.tolist()
    unknown: set[int] = set()
    found = []
    for operator, operands in enumerate(inputs):
        follows = not unknown.isdisjoint(operands)
        if operator in sized and not follows and sized[operator]:
            found.append((operator, sized[operator][0]))
        if operator in sized or follows:
            unknown.update(tensor for tensor in outputs[operator] if tensor >= 0)
    return found


def _finding(
    model: Model, text: str, advice: str, root: int, title: str, refused: dict[int, bool]
) -> Iterator[Finding]:
    """The finding on a root, where the delegate refuses it or what follows from it."""
    after = _following(model, root)
    subgraph = model.operators.subgraph
    whole = refused.get(root, False)
    about = [
        operator
        for operator in sorted(refused)
        if (subgraph[operator] == subgraph[root] if whole else operator == root or operator in after)
    ]
    if not about:
        return
    what = f"the whole subgraph ({len(about):,})" if whole else f"{len(about):,} of them and of it"
    message = (
        f"{text}: shapes are known at run time only from here on. Operators that follow: {len(after):,}; {title} "
        f"refuses for it: {what}. Remedy: {advice}"
    )
    listed = (root, *(operator for operator in about if operator != root))
    yield Finding("warning", "dynamic-shape-root", message, listed[:_MOST_LISTED])


def _following(model: Model, start: int) -> set[int]:
    """The operators that read, directly or not, what an operator writes."""
    found: set[int] = set()
    new = [start]
    while new:
        for tensor in model.operators.outputs[new.pop()].tolist():
            for reader in model.consumers[tensor].tolist() if tensor >= 0 else ():
                if reader not in found:
                    found.add(reader)
                    new.append(reader)
    return found
