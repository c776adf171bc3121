"""The partitions of a graph that a spy has read back, checked against the model."""

from __future__ import annotations

from typing import Any

from ..analysis.model import Model
from .errors import RuntimeCrash
from .trace import Partition


def partitions_of(model: Model, graphs: Any) -> tuple[Partition, ...]:
    """What delegates took, in the order of execution.

    Args:
        model: the model.
        graphs: one per subgraph, as :class:`.tflite_c.Spy` finds them; they come from a child and may be anything.

    Raises:
        RuntimeCrash: when they do not fit the model.
    """
    found: list[Partition] = []
    seen: set[int] = set()
    try:
        for subgraph, graph in enumerate(graphs):
            first, stop = model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
            for node in graph["nodes"]:
                if "replaced" not in node:
                    continue
                operators = tuple(first + int(index) for index in node["replaced"])
                if seen.intersection(operators) or not all(first <= operator < stop for operator in operators):
                    raise ValueError("operators that the model does not have, or twice")
                seen.update(operators)
                found.append(Partition(subgraph, int(node["node"]), str(node["name"])[:200], operators))
    except (TypeError, KeyError, ValueError) as error:
        raise RuntimeCrash(f"the partition that was read back does not fit the model: {error}") from None
    return tuple(found)
