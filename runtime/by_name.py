"""Operators of a compiled model and of the model that it was made from, matched by type and names of outputs.

Compilers reorder and renumber operators, but the tensors that remain keep their names.
"""

from __future__ import annotations

from collections import defaultdict

from ..analysis.model import Model

Name = tuple[str, tuple[str, ...]]


def names(model: Model) -> list[Name]:
    """Type and names of the outputs of every operator."""
    tensors = model.tensors.name.tolist()
    outputs = model.operators.outputs.tolist()
    return [
        (op, tuple(tensors[tensor] if tensor >= 0 else "" for tensor in written))
        for op, written in zip(model.operators.ops, outputs, strict=True)
    ]


class Originals:
    """The operators of the original model by name, each given out once, in order."""

    def __init__(self, model: Model) -> None:
        self._left: dict[Name, list[int]] = defaultdict(list)
        for operator, name in reversed(list(enumerate(names(model)))):
            self._left[name].append(operator)

    def take(self, name: Name) -> int | None:
        """The next operator of this name that was not taken yet."""
        found = self._left.get(name)
        return found.pop() if found else None

    def rest(self) -> list[int]:
        """Operators that were not taken."""
        return sorted(operator for left in self._left.values() for operator in left)
