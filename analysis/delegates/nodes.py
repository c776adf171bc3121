"""One operator as the rules of delegates look at it: its operands, and what is constant."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ..dtypes import dtype_name
from ..kept import kept
from ..model import Model
from ..options import option_column
from ..ragged import Ragged
from .kinds import first, kinds
from .partition import Links, Subset

# What a question looked at.
_AT_KIND, _AT_SCALES, _FURTHER = range(3)
_Found = TypeVar("_Found")

PER_TENSOR = 1
TAKEN = "DELEGATE"  # what stands in the graph for operators that a delegate took


@dataclass(frozen=True)
class _Columns:
    """A model's columns as lists. Of tensors these have one more at the end, and nobody changes them."""

    type: list[str]
    shape: list[list[int]]
    signature: list[list[int]]
    constant: list[bool]
    sparse: list[bool]
    computed: list[bool]
    scales: list[int]
    axis: list[int]
    scale: list[float]
    zero_point: list[int]
    tensor_kind: list[int]
    scale_kind: list[int]
    resources: frozenset[int]
    version: list[int]
    ops: list[str]
    inputs: list[list[int]]
    outputs: list[list[int]]
    kind: list[Hashable]
    scaled: list[Hashable]
    alone: list[int]
    late: frozenset[int]


@kept
def _columns(model: Model) -> _Columns:
    tensors, operators, quantization, alike = model.tensors, model.operators, model.quantization, kinds(model)
    types = [dtype_name(value) for value in range(256)]
    of_tensors = [types[value] for value in tensors.type.tolist()]
    return _Columns(
        type=[*of_tensors, ""],
        shape=[*_lists(tensors.shape), []],
        signature=[*_lists(tensors.shape_signature), []],
        constant=[*model.is_constant.tolist(), False],
        sparse=[*model.is_sparse.tolist(), False],
        computed=[*(model.producer >= 0).tolist(), False],
        scales=[*quantization.scale.counts.tolist(), 0],
        axis=[*quantization.dimension.tolist(), 0],
        scale=[*first(quantization.scale).tolist(), 0.0],
        zero_point=[*first(quantization.zero_point).tolist(), 0],
        tensor_kind=[*alike.tensors.tolist(), -1],
        scale_kind=[*alike.scales.tolist(), -1],
        resources=frozenset(tensor for tensor, name in enumerate(of_tensors) if name in ("RESOURCE", "VARIANT")),
        version=operators.version.tolist(),
        ops=list(operators.ops),
        inputs=operators.inputs.tolist(),
        outputs=operators.outputs.tolist(),
        kind=alike.operators.tolist(),
        scaled=alike.scaled.tolist(),
        alone=alike.alone.tolist(),
        late=alike.late,
    )


def _lists(column: Ragged) -> list[list[int]]:
    """The rows as lists; equal ones are one list."""
    _, some, numbers = np.unique(column.kinds(), return_index=True, return_inverse=True)
    lists = column.take(some).tolist()
    return [lists[number] for number in numbers.tolist()]


class View:
    """A model's columns as plain lists: rules ask for single cells, one operator after the other.

    :meth:`once` asks about operators that are alike (``kinds.py``) one time. It sees by itself who looks further than
    at the operator and its operands: what leads there, ``model``, ``ops``, ``inputs`` and ``outputs`` here and the
    number of a :class:`Node`, notes it; so do scales and zero points, by which kinds are divided further. How a rule
    came there followed from what is alike, so that it would come there with every operator of the kind.
    """

    def __init__(self, model: Model) -> None:
        columns = _columns(model)
        self._model = model
        # Of tensors. One more at the end of each: the tensor -1, which is left out, has no type and no shape.
        self.type, self.shape, self.signature = columns.type, columns.shape, columns.signature
        self.constant, self.sparse, self.computed = columns.constant, columns.sparse, columns.computed
        self.scales, self.axis = columns.scales, columns.axis
        self._scale, self._zero_point, self._scale_kind = columns.scale, columns.zero_point, columns.scale_kind
        self._tensor_kind = columns.tensor_kind
        self._resources = columns.resources
        # Of operators, to which those are added that stand for what a delegate took.
        self.version, self._ops = columns.version.copy(), columns.ops.copy()
        self._inputs, self._outputs = columns.inputs.copy(), columns.outputs.copy()
        self._kind, self._scaled, self._alone = columns.kind.copy(), columns.scaled.copy(), columns.alone.copy()
        self._late = columns.late
        self._options: dict[str, dict[int, int | float]] = {}
        self._looked = _AT_KIND
        self._answers: dict[int, tuple[object, dict[Hashable, Any]]] = {}
        # Tensors that a delegate makes constants of when it prepares, though an operator writes them.
        self.made: set[int] = set()
        # What each operator of type TAKEN stands for.
        self.taken: dict[int, list[int]] = {}
        self._plans: dict[int, Sequence[int]] = {}
        self._links: dict[int, Links] = {}
        self._nodes: dict[int, Sequence[Node]] = {}
        self._kinds: dict[int, tuple[list[Hashable], list[Hashable]]] = {}

    @property
    def model(self) -> Model:
        """The whole model."""
        self.looks_further()
        return self._model

    @property
    def ops(self) -> list[str]:
        """The types of all operators."""
        self.looks_further()
        return self._ops

    @property
    def inputs(self) -> list[list[int]]:
        """The tensors that each operator reads."""
        self.looks_further()
        return self._inputs

    @property
    def outputs(self) -> list[list[int]]:
        """The tensors that each operator writes."""
        self.looks_further()
        return self._outputs

    def looks_further(self) -> None:
        """Notes that what is asked now looks at more than an operator and its operands."""
        self._looked = _FURTHER

    def operands(self, operator: int) -> tuple[str, list[int], list[int]]:
        """The type of an operator, and the tensors that it reads and writes."""
        return self._ops[operator], self._inputs[operator], self._outputs[operator]

    def kinds(self, operator: int, inputs: list[int] | None = None) -> tuple[Hashable, Hashable]:
        """Equal for operators that are alike, without scales and with them; with ``inputs``, as if it read these."""
        if inputs is None:
            return self._kind[operator], self._scaled[operator]
        tensors = inputs + self._outputs[operator]
        seen: dict[int, int] = {}
        places = [seen.setdefault(tensor, place) for place, tensor in enumerate(tensors)]
        kind = (self._alone[operator], len(inputs), *(self._tensor_kind[tensor] for tensor in tensors), *places)
        return kind, ("scales", kind, *(self._scale_kind[tensor] for tensor in tensors))

    def once(self, node: Node, about: object, ask: Callable[[Node], _Found]) -> _Found:
        """What ``ask`` finds of an operator; asked one time for all that are alike, unless it looks further.

        Args:
            node: the operator.
            about: what is asked, the same object for the same question.
            ask: the question; its answer is shared, so nobody changes it.
        """
        answers: dict[Hashable, _Found] = self._answers.setdefault(id(about), (about, {}))[1]
        kind, scaled = node.kind, node.scaled
        if self.made and not self.made.isdisjoint(node.inputs + node.outputs):
            made = tuple(tensor in self.made for tensor in node.inputs + node.outputs)
            kind, scaled = (kind, made), (scaled, made)
        if kind in answers:
            return answers[kind]
        if scaled in answers:
            self._looked = max(self._looked, _AT_SCALES)
            return answers[scaled]
        before, self._looked = self._looked, _AT_KIND
        found = ask(node)
        if self._looked < _FURTHER:
            answers[scaled if self._looked == _AT_SCALES else kind] = found
        self._looked = max(self._looked, before)
        return found

    def each(self, subgraph: int, ask: Callable[[Node], _Found]) -> list[_Found]:
        """What ``ask`` finds of the operators of a subgraph, in order; see :meth:`once`."""
        nodes = self.nodes(subgraph)
        if self.made:
            return [self.once(node, ask, ask) for node in nodes]
        if subgraph not in self._kinds:
            self._kinds[subgraph] = [node.kind for node in nodes], [node.scaled for node in nodes]
        kinds, scaled = self._kinds[subgraph]
        of_kind = dict(zip(kinds, nodes, strict=True))
        for node in of_kind.values():
            self.once(node, ask, ask)
        answers: dict[Hashable, _Found] = self._answers[id(ask)][1] if nodes else {}
        if answers.keys() >= of_kind.keys():
            return [answers[kind] for kind in kinds]
        keys = [kind if kind in answers else with_scales for kind, with_scales in zip(kinds, scaled, strict=True)]
        for node in dict(zip(keys, nodes, strict=True)).values():
            self.once(node, ask, ask)
        return [answers[key] if key in answers else ask(node) for key, node in zip(keys, nodes, strict=True)]

    def scale(self, tensor: int) -> float:
        """The first scale of a tensor, 0 where there is none."""
        self._looked = max(self._looked, _AT_SCALES)
        return self._scale[tensor]

    def zero_point(self, tensor: int) -> int:
        """The first zero point of a tensor, 0 where there is none."""
        self._looked = max(self._looked, _AT_SCALES)
        return self._zero_point[tensor]

    @property
    def late(self) -> frozenset[int]:
        """Operators that write what has no size before they run."""
        self.looks_further()
        return self._late

    def is_late(self, operator: int) -> bool:
        """Whether the shape of what an operator writes is known at run time only."""
        return operator in self._late

    def option(self, operator: int, name: str) -> int | float:
        """A field of an operator's options, 0 where it has none."""
        if name not in self._options:
            having, values = option_column(self._model, name)
            self._options[name] = dict(zip(having.tolist(), values.tolist(), strict=True))
        return self._options[name].get(operator, 0)

    def plan(self, subgraph: int) -> Sequence[int]:
        """The operators of a subgraph in the order of execution; those that a delegate took are one, :data:`TAKEN`."""
        if subgraph not in self._plans:
            start, stop = self._model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
            self._plans[subgraph] = range(start, stop)
        return self._plans[subgraph]

    def nodes(self, subgraph: int) -> Sequence[Node]:
        """The operators of a subgraph in order: the same objects for every delegate that asks."""
        self.looks_further()
        if subgraph not in self._nodes:
            self._nodes[subgraph] = [Node(self, operator) for operator in self.plan(subgraph)]
        return self._nodes[subgraph]

    def links(self, subgraph: int, *, effects: bool = True) -> Links:
        """What waits for what in a subgraph, as it is now; ``effects``: those with side effects for each other too."""
        plan = self.plan(subgraph)
        if subgraph not in self._links:
            ordered = [operator for operator in plan if self.has_side_effects(operator)]
            self._links[subgraph] = Links(plan, self._inputs, self._outputs, ordered)
        links = self._links[subgraph]
        return links if effects or not links.ordered else Links(plan, self._inputs, self._outputs)

    def has_side_effects(self, operator: int) -> bool:
        """Whether it touches resources or runs subgraphs: the runtime keeps the order of all such.

        OpMightHaveSideEffect in tflite/core/subgraph.cc of LiteRT f674577.
        """
        if self._ops[operator] in ("IF", "WHILE", "CALL_ONCE"):
            return True
        if not self._resources:
            return False
        return not self._resources.isdisjoint(self._inputs[operator] + self._outputs[operator])

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
                for tensor in self._inputs[operator]:
                    read_by.setdefault(instead.get(tensor, tensor) if subset.taken else tensor, set()).add(number)
        results = set(self._model.subgraphs.outputs[subgraph].tolist())
        plan: list[int] = []
        for number, subset in enumerate(subsets):
            if not subset.taken:
                plan += subset.operators
                continue
            written = {tensor for operator in subset.operators for tensor in self._outputs[operator]} - {-1}
            read = {
                instead.get(tensor, tensor) for operator in subset.operators for tensor in self._inputs[operator]
            } - {-1}
            self.taken[len(self._ops)] = subset.operators
            plan.append(len(self._ops))
            self._ops.append(TAKEN)
            self.version.append(1)
            self._inputs.append(sorted(read - written))
            kept = [tensor for tensor in written if tensor in results or read_by.get(tensor, set()) - {number}]
            self._outputs.append(sorted(kept))
            self._alone.append(-1)
            for column, kind in zip(
                (self._kind, self._scaled), self.kinds(len(self._ops) - 1, self._inputs[-1]), strict=True
            ):
                column.append(kind)
        self._plans[subgraph] = plan
        self._links.pop(subgraph, None)
        self._nodes.pop(subgraph, None)
        self._kinds.pop(subgraph, None)


class Node:
    """One operator.

    Attributes:
        view: the model that it is of.
        op: its type.
        inputs, outputs: tensor ids; -1 is left out.
        kind: equal for operators that are alike in all that is here but their id and the scales of their operands.
        scaled: equal for those that are alike in these scales, too.
    """

    __slots__ = ("_operator", "inputs", "kind", "op", "outputs", "scaled", "view")

    def __init__(self, view: View, operator: int, inputs: list[int] | None = None) -> None:
        """An operator of a view; with ``inputs`` as if it read these."""
        self.view, self._operator = view, operator
        self.kind, self.scaled = view.kinds(operator, inputs)
        self.op, self.inputs, self.outputs = view.operands(operator)
        if inputs is not None:
            self.inputs = inputs

    @property
    def operator(self) -> int:
        """Its global id; a condition that asks for it is not asked once for all that are alike."""
        self.view.looks_further()
        return self._operator

    @property
    def version(self) -> int:
        """The version of the operator."""
        return self.view.version[self._operator]

    @property
    def is_late(self) -> bool:
        """Whether the shape of what it writes is known at run time only."""
        return self.view.is_late(self._operator)

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
        return self.view.option(self._operator, name)
