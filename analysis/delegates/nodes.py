"""One operator as the rules of delegates look at it: its operands, and what is constant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..dtypes import dtype_name
from ..memory.litert import sized_while_running
from ..model import Model
from ..options import option_column
from ..ragged import Array

PER_TENSOR = 1


class View:
    """A model's columns as plain lists: rules ask for single cells, one operator after the other."""

    def __init__(self, model: Model) -> None:
        self.model = model
        names = [dtype_name(value) for value in range(256)]
        self.type = [names[value] for value in model.tensors.type.tolist()]
        self.constant: list[bool] = model.is_constant.tolist()
        self.sparse: list[bool] = model.is_sparse.tolist()
        self.shape = model.tensors.shape.tolist()
        self.scales = model.quantization.scale.counts.tolist()
        self.axis = model.quantization.dimension.tolist()
        self.inputs = model.operators.inputs.tolist()
        self.outputs = model.operators.outputs.tolist()
        self.ops = model.operators.ops
        self.version = model.operators.version.tolist()
        self._scale = model.quantization.scale
        self._options: dict[str, dict[int, int | float]] = {}
        self._late: set[int] | None = None
        # Tensors that a delegate makes constants of when it prepares, though an operator writes them.
        self.made: set[int] = set()

    def scale(self, tensor: int) -> float:
        """The first scale of a tensor, 0 where there is none."""
        start, stop = self._scale.offsets[tensor : tensor + 2].tolist()
        return float(self._scale.values[start]) if stop > start else 0.0

    def zero_point(self, tensor: int) -> int:
        """The first zero point of a tensor, 0 where there is none."""
        column = self.model.quantization.zero_point
        start, stop = column.offsets[tensor : tensor + 2].tolist()
        return int(column.values[start]) if stop > start else 0

    def is_late(self, operator: int) -> bool:
        """Whether the shape of what an operator writes is known at run time only."""
        if self._late is None:
            self._late = set(sized_while_running(self.model)[1])
        return operator in self._late

    def option(self, operator: int, name: str) -> int | float:
        """A field of an operator's options, 0 where it has none."""
        if name not in self._options:
            having, values = option_column(self.model, name)
            self._options[name] = dict(zip(having.tolist(), values.tolist(), strict=True))
        return self._options[name].get(operator, 0)

    def nodes(self, subgraph: int) -> Iterator[Node]:
        """The operators of a subgraph in order."""
        start, stop = self.model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
        return (Node(self, operator) for operator in range(start, stop))


class Node:
    """One operator.

    Attributes:
        operator: its global id.
        op: its type.
        inputs, outputs: tensor ids; -1 is left out.
    """

    __slots__ = ("inputs", "op", "operator", "outputs", "view")

    def __init__(self, view: View, operator: int) -> None:
        self.view, self.operator, self.op = view, operator, view.ops[operator]
        self.inputs, self.outputs = view.inputs[operator], view.outputs[operator]

    def input(self, place: int) -> int:
        """An input's tensor, -1 where it is left out or there are fewer."""
        return self.inputs[place] if 0 <= place < len(self.inputs) else -1

    def output(self, place: int = 0) -> int:
        """An output's tensor, -1 where there are fewer."""
        return self.outputs[place] if place < len(self.outputs) else -1

    def type(self, tensor: int) -> str:
        """The element type of a tensor, empty where there is none."""
        return self.view.type[tensor] if tensor >= 0 else ""

    def is_static(self, tensor: int) -> bool:
        """Whether the value of a tensor is there before anything runs."""
        return tensor >= 0 and (self.view.constant[tensor] or tensor in self.view.made)

    def is_per_tensor(self, tensor: int) -> bool:
        """Whether a tensor has one scale for all of its values."""
        return self.view.scales[tensor] == PER_TENSOR and self.view.axis[tensor] == 0

    def option(self, name: str) -> int | float:
        """A field of its options, 0 where it has none."""
        return self.view.option(self.operator, name)


def side_effects(model: Model) -> Array:
    """Bool per operator: it touches resources or runs subgraphs, and the runtime keeps the order of all such.

    OpMightHaveSideEffect in tflite/core/subgraph.cc of LiteRT f674577.
    """
    names = [dtype_name(value) for value in range(256)]
    resource = np.array([name in ("RESOURCE", "VARIANT") for name in names], bool)[model.tensors.type]
    found = np.isin(model.operators.type_names, ["IF", "WHILE", "CALL_ONCE"])[model.operators.type]
    for column in (model.operators.inputs, model.operators.outputs):
        there = column.values >= 0
        rows = column.rows[there][resource[column.values[there]]]
        found[rows] = True
    return found
