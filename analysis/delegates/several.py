"""Several delegates of one model, one after the other: who runs what, in which order, and what crosses the borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..borders import Borders, reading_instead
from ..model import Model
from ..report import Column, Report
from .nodes import View
from .partition import counted
from .rules import Delegate
from .simulation import Placement, listed, place_in_order


def in_order(model: Model, several: Sequence[Delegate]) -> Report:
    """A report over operators: which of the delegates runs each, when they are asked in this order.

    The summary has the keys of a measured partition; each partition says whose it is.
    """
    view = View(model)
    placed = place_in_order(view, several)
    owner = {operator: one.delegate.name for one in placed for operator in one.taken}
    parts = [
        (subgraph, view.taken[node])
        for subgraph in range(len(model.subgraphs))
        for node in view.plan(subgraph)
        if node in view.taken
    ]
    numbers = np.full(len(model.operators), -1, np.int32)
    for number, (_, operators) in enumerate(parts):
        numbers[operators] = number
    inputs = model.operators.inputs
    for one in placed:
        mine = np.zeros(len(numbers), bool)
        mine[list(one.taken)] = True
        inputs = reading_instead(inputs, mine, one.instead)
    borders = Borders.of(model, numbers, len(parts), inputs)
    taken = numbers >= 0
    summary = {
        "delegate": ",".join(delegate.name for delegate in several),
        "provenance": "simulated",
        "runtime": None,
        "operators": len(model.operators),
        "delegated": int(taken.sum()),
        "crossing_bytes": int(borders.partition_bytes.sum()),
        "crossing_tensors": int(borders.partition_tensors.sum()),
        "sentence": _sentence(model, placed),
        "partitions": [
            {"delegate": owner[operators[0]], "subgraph": subgraph, "operators": sorted(operators)}
            for subgraph, operators in parts
        ],
    }
    columns = (
        Column(
            "partition", numbers, "1", "category", "simulated",
            "Partition that runs the operator, in the order of execution; missing where no delegate takes it.", taken,
        ),
        Column(
            "delegate", [owner.get(operator, "") for operator in range(len(numbers))], "1", "category", "simulated",
            "Delegate that runs the operator; missing where the runtime's own kernels do.", taken,
        ),
        Column(
            "across_bytes", borders.operator_bytes, "By", "quantity", "simulated",
            "Bytes of tensors that cross a border at it; missing where a shape is not known before running.",
            taken & borders.bytes_known,
        ),
    )  # fmt: skip
    subgraphs, sizes = [subgraph for subgraph, _ in parts], [len(operators) for _, operators in parts]
    return Report("partition_in_order", summary, columns, tuple(borders.findings(subgraphs, sizes)), over="operators")


def _sentence(model: Model, placed: Sequence[Placement]) -> str:
    """What a person who decides wants to know."""
    total = len(model.operators)
    shares = [f"{one.delegate.title} {len(one.taken):,} in {counted(len(one.partitions))}" for one in placed]
    taken = {operator for one in placed for operator in one.taken}
    left = [operator for operator in range(total) if operator not in taken]
    rest = (
        f"{listed(model, left)} left to the runtime's own kernels" if left else "nothing left to the built-in kernels"
    )
    return f"of {total:,} operators, {', then '.join(shares)}; {rest}"
