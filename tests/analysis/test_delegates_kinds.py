"""Operators that are alike are asked about once: the answers are those of asking about each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.nodes import Node, View
from tb_tflite_plugin.analysis.delegates.rules import Claim, Delegate, Failure, claim_by, created, failures
from tb_tflite_plugin.analysis.delegates.simulation import place_in_order
from tb_tflite_plugin.analysis.model import Model

MODELS = sorted((Path(__file__).parents[1] / "models").glob("*.tflite"))


def variants() -> list[Delegate]:
    """All delegates, and those that options make another set of rules of."""
    found = delegates()
    levels = [created(found["nnapi"], {"feature_level": str(level)}) for level in range(1, 9)]
    floats = created(found["gpu-legacy"], {"quantized": "false"})
    return [*found.values(), *levels, created(found["coreml"], {"coreml_version": "2"}), floats]


def claims(model: Model) -> list[Any]:
    """What all delegates want of a model and why not the rest, in the order in which it is found."""
    found: list[Any] = []
    view = View(model)
    for delegate in variants():
        view.made = set()
        for subgraph in range(len(model.subgraphs)):
            claim = delegate.claim(view, subgraph)
            found.append((delegate.name, claim.operators, list(claim.failures.items()), dict(claim.instead)))
    order = [delegates()[name] for name in ("gpu", "xnnpack", "nnapi")]
    return found + [(placed.partitions, placed.failures) for placed in place_in_order(View(model), order)]


def one_by_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(View, "once", lambda _, node, _about, ask: ask(node))
    patch.setattr(View, "each", lambda view, subgraph, ask: [ask(node) for node in view.nodes(subgraph)])


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_kinds_are_judged_as_each_of_their_operators(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = claims(open_model(path))
    one_by_one(monkeypatch)
    assert claims(open_model(path)) == together


def quantized(scale: float, zero: int = 0, axis: int = 0, count: int = 1) -> Any:
    return tfl.QuantizationParametersT(scale=[scale] * count, zeroPoint=[zero] * count, quantizedDimension=axis)


# Of an operand or an operator: what is changed of it.
DIFFERENT: dict[str, Callable[[dict[str, Any]], object]] = {
    "nothing": lambda _: None,
    "type": lambda it: it["tensor"].update(kind="UINT8"),
    "shape": lambda it: it["tensor"].update(shape=[4, 1]),
    "rank": lambda it: it["tensor"].update(shape=[1, 1, 4]),
    "dynamic": lambda it: it["tensor"].update(shapeSignature=[-1, 4]),
    "constant": lambda it: it["tensor"].update(data=bytes(4)),
    "sparse": lambda it: it["tensor"].update(
        sparsity=tfl.SparsityParametersT(traversalOrder=[0, 1]), data=bytes(4)),
    "axis": lambda it: it["tensor"].update(quantization=quantized(0.5, axis=1)),
    "channels": lambda it: it["tensor"].update(quantization=quantized(0.5, count=4)),
    "no quantization": lambda it: it["tensor"].update(quantization=None),
    "option": lambda it: it.update(options=tfl.SoftmaxOptionsT(beta=2.0)),
    "table of options": lambda it: it.update(options=tfl.PackOptionsT(axis=1)),
    "no options": lambda it: it.update(options=None),
    "operator": lambda it: it.update(op="RELU"),
    "left out": lambda it: it.update(more=[-1]),
    "one more": lambda it: it.update(more=[0]),
    "the same twice": lambda it: it.update(more=None),
}  # fmt: skip


def test_whatever_a_condition_can_see_makes_another_kind(handmade: Any) -> None:
    other = handmade.tensor([1, 4], "INT8", quantization=quantized(0.5))
    for change in (*DIFFERENT.values(), DIFFERENT["nothing"]):
        it: dict[str, Any] = {
            "tensor": {"shape": [1, 4], "kind": "INT8", "quantization": quantized(0.5)},
            "options": tfl.SoftmaxOptionsT(beta=1.0), "op": "SOFTMAX", "more": [other],
        }  # fmt: skip
        if change not in (DIFFERENT["left out"], DIFFERENT["one more"], DIFFERENT["the same twice"]):
            it["more"] = []
        change(it)
        tensor = handmade.tensor(**it["tensor"])
        more = [tensor] if it["more"] is None else it["more"]
        handmade.op(it["op"], [tensor, *more], [handmade.tensor([1, 4], "INT8")], it["options"])
    kinds = [node.kind for node in View(handmade.open()).nodes(0)]
    assert kinds[0] == kinds[-1]
    assert len(set(kinds)) == len(DIFFERENT)


def test_the_version_of_an_operator_and_what_computes_its_input_make_another_kind(handmade: Any) -> None:
    x = handmade.tensor([4])
    for version in (1, 2):
        handmade.op("RELU", [x], [handmade.tensor([4])])
        handmade.model.operatorCodes[-1].version = version
    handmade.op("RELU", [1], [handmade.tensor([4])])
    assert len({node.kind for node in View(handmade.open()).nodes(0)}) == 3


def chain(handmade: Any, length: int) -> Model:
    """RELU after RELU; only a look at the neighbours or the names tells them apart."""
    tensors = [handmade.tensor([4]) for _ in range(length + 1)]
    for source, target in pairwise(tensors):
        handmade.op("RELU", [source], [target])
    model: Model = handmade.open()
    return model


@pytest.mark.parametrize(
    ("looks", "alike"),
    [
        (lambda node: node.view.scale(node.input(0)), True),
        (lambda node: node.version + node.option("beta") + node.is_late, True),
        (lambda node: node.operator, False),
        (lambda node: node.view.model.producer[node.input(0)], False),
        (lambda node: len(node.view.inputs), False),
        (lambda node: len(node.view.outputs), False),
        (lambda node: len(node.view.ops), False),
        (lambda node: len(node.view.nodes(0)), False),
    ],
)
def test_who_looks_further_is_asked_of_every_operator(
    handmade: Any, looks: Callable[[Node], object], alike: bool
) -> None:
    model, asked = chain(handmade, 6), []

    def condition(node: Node) -> Failure | None:
        asked.append(node.inputs[0])
        return Failure("it", str(looks(node)), "else") if node.inputs[0] >= 0 else None

    view = View(model)
    claim = claim_by(view, 0, lambda node: failures(node, {"RELU": (condition,)}))
    assert claim.operators == set()
    # The first reads no result of another, and the rest are alike.
    assert len(set(asked)) == (2 if alike else 6)
    assert set(claim.failures) == set(range(6))


def test_tensors_that_a_delegate_makes_constant_are_told_apart(handmade: Any) -> None:
    view = View(chain(handmade, 3))
    about = object()
    before = [view.once(node, about, lambda node: node.is_static(node.input(0))) for node in view.nodes(0)]
    view.made.add(2)
    after = [view.once(node, about, lambda node: node.is_static(node.input(0))) for node in view.nodes(0)]
    assert (before, after) == ([False] * 3, [False, False, True])


def test_a_claim_may_change_what_it_was_told(handmade: Any) -> None:
    """Claims of others add to the list of failures: it is their own."""
    model = chain(handmade, 4)
    rules = {"RELU": (lambda _: Failure("it", "wrong", "right"),)}

    def claim(view: View, subgraph: int) -> Claim:
        found = {node.operator: failures(node, rules) for node in view.nodes(subgraph)}
        for operator, failed in found.items():
            failed.append(Failure("it", str(operator), "another"))
        return Claim(set(), found)

    assert [len(failed) for failed in claim(View(model), 0).failures.values()] == [2] * 4


def test_scales_are_told_apart_for_those_who_look_at_them(handmade: Any) -> None:
    scales = [(0.5, 0), (np.nan, 0), (0.5, 0), (np.nan, 0), (0.25, 0), (0.5, 1), (0.0, 0), (-0.0, 0)]
    for scale, zero in scales:
        tensor = handmade.tensor([4], "INT8", quantization=quantized(scale, zero))
        handmade.op("RELU", [tensor], [handmade.tensor([4])])
    asked: list[str] = []

    def ask(look: Callable[[Node], object]) -> list[str]:
        def answer(node: Node) -> str:
            asked.append(str(look(node)))
            return asked[-1]

        def question(node: Node) -> str:  # a question in a question: who looked is known to both
            return view.once(node, answer, answer)

        view = View(handmade.open())
        return view.each(0, question)

    assert len(set(ask(lambda node: node.type(node.input(0))))) == len(asked) == 1
    asked.clear()
    found = ask(lambda node: (node.view.scale(node.input(0)), node.view.zero_point(node.input(0))))
    assert found == [str(pair) for pair in scales]
    assert len(asked) == len(set(map(str, scales))) == 6
