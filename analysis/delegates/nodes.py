"""One operator as the rules of delegates look at it: its operands, and what is constant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..dtypes import dtype_name
from ..memory.litert import sized_while_running
from ..model import Model
from ..options import option_column
from .partition import Links, Subset

PER_TENSOR = 1
TAKEN = "DELEGATE"  # what stands in the graph for operators that a delegate took


class View:
    """A model's columns as plain lists: rules ask for single cells, one operator after the other."""

    def __init__(self, model: Model) -> None:
        self.model = model
        names = [dtype_name(value) for value in range(256)]
        # One more at the end of each: the tensor -1, which is left out, has no type and no shape.
        self.type = [*(names[value] for value in model.tensors.type.tolist()), ""]
        self.constant: list[bool] = [*model.is_constant.tolist(), False]
        self.sparse: list[bool] = [*model.is_sparse.tolist(), False]
        self.shape: list[list[int]] = [*model.tensors.shape.tolist(), []]
        self.signature: list[list[int]] = [*model.tensors.shape_signature.tolist(), []]
        self.scales: list[int] = [*model.quantization.scale.counts.tolist(), 0]
        self.axis: list[int] = [*model.quantization.dimension.tolist(), 0]
        self.inputs = model.operators.inputs.tolist()
        self.outputs = model.operators.outputs.tolist()
        self.ops = list(model.operators.ops)
        self.version = model.operators.version.tolist()
        self._scale = model.quantization.scale
        self._options: dict[str, dict[int, int | float]] = {}
        self._late: set[int] | None = None
        # Tensors that a delegate makes constants of when it prepares, though an operator writes them.
        self.made: set[int] = set()
        # What each operator of type TAKEN stands for.
        self.taken: dict[int, list[int]] = {}
        self._plans: dict[int, Sequence[int]] = {}
        self._links: dict[int, Links] = {}
        self._is_resource = [name in ("RESOURCE", "VARIANT") for name in self.type]

    def scale(self, tensor: int) -> float:
        """The first scale of a tensor, 0 where there is none."""
        if self.scales[tensor] == 0:
            return 0.0
        start, stop = self._scale.offsets[tensor : tensor + 2].tolist()
        return float(self._scale.values[start]) if stop > start else 0.0

    def zero_point(self, tensor: int) -> int:
        """The first zero point of a tensor, 0 where there is none."""
        if tensor < 0:
            return 0
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

    def plan(self, subgraph: int) -> Sequence[int]:
        """The operators of a subgraph in the order of execution; those that a delegate took are one, :data:`TAKEN`."""
        if subgraph not in self._plans:
            start, stop = self.model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
            self._plans[subgraph] = range(start, stop)
        return self._plans[subgraph]

    def nodes(self, subgraph: int) -> Iterator[Node]:
        """The operators of a subgraph in order."""
        return (Node(self, operator) for operator in self.plan(subgraph))

    def links(self, subgraph: int, *, effects: bool = True) -> Links:
        """What waits for what in a subgraph, as it is now; ``effects``: those with side effects for each other too."""
        if not effects:
            return Links(self.plan(subgraph), self.inputs, self.outputs)
        if subgraph not in self._links:
            plan = self.plan(subgraph)
            ordered = [operator for operator in plan if self.has_side_effects(operator)]
            self._links[subgraph] = Links(plan, self.inputs, self.outputs, ordered)
        return self._links[subgraph]

    def has_side_effects(self, operator: int) -> bool:
        """Whether it touches resources or runs subgraphs: the runtime keeps the order of all such.

        OpMightHaveSideEffect in tflite/core/subgraph.cc of LiteRT f674577.
        """
        if self.ops[operator] in ("IF", "WHILE", "CALL_ONCE"):
            return True
        operands = (*self.inputs[operator], *self.outputs[operator])
        return any(tensor >= 0 and self._is_resource[tensor] for tensor in operands)

    def replace(self, subgraph: int, subsets: Sequence[Subset], instead: Mapping[int, int]) -> None:
        """Puts one operator of type :data:`TAKEN` in the place of each subset that a delegate took.

        ReplaceNodeSubsetsWithDelegateKernels in tflite/core/subgraph.cc: the order of execution is then that of the
        subsets. What a later delegate is asked about is this graph. ``instead`` are tensors that these subsets read in
        place of others.
        """
        if not any(subset.taken for subset in subsets):
            return
        read_by: dict[int, set[int]] = {}
        for number, subset in enumerate(subsets):
            for operator in subset.operators:
                for tensor in self.inputs[operator]:
                    read_by.setdefault(instead.get(tensor, tensor) if subset.taken else tensor, set()).add(number)
        results = set(self.model.subgraphs.outputs[subgraph].tolist())
        plan: list[int] = []
        for number, subset in enumerate(subsets):
            if not subset.taken:
                plan += subset.operators
                continue
            written = {tensor for operator in subset.operators for tensor in self.outputs[operator]} - {-1}
            read = {
                instead.get(tensor, tensor) for operator in subset.operators for tensor in self.inputs[operator]
            } - {-1}
            self.taken[len(self.ops)] = subset.operators
            plan.append(len(self.ops))
            self.ops.append(TAKEN)
            self.version.append(1)
            self.inputs.append(sorted(read - written))
            kept = [tensor for tensor in written if tensor in results or read_by.get(tensor, set()) - {number}]
            self.outputs.append(sorted(kept))
        self._plans[subgraph] = plan
        self._links.pop(subgraph, None)


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
