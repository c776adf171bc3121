"""Small weights are looked at together: what is found of them is what is found of each alone."""

from __future__ import annotations

from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.ragged import Array
from tb_tflite_plugin.analysis.values import readable, stored, stored_rows
from tb_tflite_plugin.analysis.weights import facts
from tb_tflite_plugin.analysis.weights.facts import weights_of
from tb_tflite_plugin.analysis.weights.statistics import Statistics, statistics
from tb_tflite_plugin.analysis.weights.together import SMALL, together

MODELS = sorted((Path(__file__).parents[1] / "models").glob("*.tflite"))
# Sums of floats; their last bits may depend on how a processor adds.
SUMS = {"mean", "deviation", "kurtosis", "entropy"}


def check(found: Statistics, alone: Statistics) -> None:
    for field in fields(Statistics):
        one, other = getattr(found, field.name), getattr(alone, field.name)
        assert type(one) is type(other), field.name
        if other is None or field.name not in SUMS:
            assert repr(one) == repr(other), field.name
        else:
            assert one == pytest.approx(other, rel=1e-12, abs=1e-12, nan_ok=True), field.name


def model_of(handmade: Any, kind: str, shape: list[int], data: list[bytes], zeros: list[list[int]]) -> Model:
    """FULLY_CONNECTED with each of the tensors as weights."""
    for values, points in zip(data, zeros, strict=True):
        given = tfl.QuantizationParametersT(scale=[1.0] * len(points), zeroPoint=points) if points else None
        weights = handmade.tensor(shape, kind, values, quantization=given)
        handmade.op("FULLY_CONNECTED", [handmade.tensor([1, 4]), weights], [handmade.tensor([1, 4])])
    model: Model = handmade.open()
    return model


def drawn(random: np.random.Generator, kind: str, count: int) -> Array:
    """Bytes of a tensor of any type: the usual values, few different ones, and any bits at all."""
    how = random.integers(0, 6)
    floats = {"FLOAT32": "<f4", "FLOAT16": "<f2", "FLOAT64": "<f8"}
    if kind in floats or kind == "BFLOAT16":
        values = random.normal(random.choice([0, 3, 1000]), random.choice([0.01, 1, 100]), count)
        if how == 1:
            values = np.round(values)
        if how == 2:
            values[random.random(count) < 0.7] = random.choice([0.0, -0.0])
        if how == 3:
            values[random.integers(0, count, 3)] = random.choice([np.nan, np.inf, -np.inf], 3)
        if how == 4:
            values = np.full(count, random.choice([0.0, 0.1, np.nan, 7e4, 1e30]))
        with np.errstate(over="ignore"):
            stored_as = values.astype(floats.get(kind, "<f4"))
        return (
            stored_as.view(np.uint8) if kind in floats else stored_as.view(np.uint8).reshape(-1, 4)[:, 2:].reshape(-1)
        )
    bits = {"INT4": 4, "UINT4": 4, "INT2": 2, "INT16": 16, "INT32": 32, "INT64": 64, "UINT64": 64}.get(kind, 8)
    size = (count * bits + 7) // 8
    some = random.integers(0, 256, random.choice([1, 3, 256]), np.uint8)
    found = random.choice(some, size)
    found[random.random(size) < (0.8 if how == 1 else 0)] = 0
    return found


KINDS = (
    "FLOAT32", "FLOAT16", "BFLOAT16", "FLOAT64", "INT8", "UINT8", "BOOL", "INT4", "UINT4", "INT2", "INT16", "INT32",
    "INT64", "UINT64",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_of_many_are_those_of_each(handmade: Any, kind: str) -> None:
    random = np.random.default_rng([11, KINDS.index(kind)])
    shapes = [[1], [7], [3, 5], [4, 16], [2, 3, 3, 5], [33, 31], [2, 1030], [1, 4, 1024]]
    for shape in shapes:
        count = int(np.prod(shape))
        zeros = [[], [0], [3], [-1], [300]] if kind not in ("FLOAT32", "FLOAT16") else [[]]
        points = [zeros[row] for row in random.integers(0, len(zeros), 24).tolist()]
        model = model_of(type(handmade)(), kind, shape, [drawn(random, kind, count).tobytes() for _ in points], points)
        tensors = np.flatnonzero(model.is_constant)
        assert readable(model, tensors).all()
        zero = np.array([(point or [0])[0] for point in points])
        raw, numbers = stored_rows(model, tensors)
        for axis in range(-1, len(shape)):
            found = together(numbers, tuple(shape), axis, zero)
            for row, tensor in enumerate(tensors.tolist()):
                values = stored(model, tensor)
                assert values is not None
                np.testing.assert_array_equal(numbers[row], values.read(0, count))
                assert raw[row].tobytes() == model.buffer_data(int(model.tensors.buffer[tensor])).tobytes()
                alone, one = statistics(values, axis, int(zero[row])), found[row]
                if one is not None:
                    check(one, alone)
                elif kind != "UINT64":
                    assert alone.nonfinite > 0 or max(abs(alone.low), abs(alone.high)) > 1e9


def test_where_all_are_to_be_looked_at_alone_none_is_left_over() -> None:
    nothing = np.full((3, 12), np.nan, np.float32)
    for axis in (-1, 0, 1):
        assert together(nothing, (3, 4), axis, np.zeros(3, np.int64)) == [None] * 3


def everything(model: Model) -> list[Any]:
    found = weights_of(model)
    others = [(*astuple(weight)[:4], weight.encoding, weight.pattern, weight.deflated) for weight in found.of]
    return [found.tensors.tolist(), repr(others), found.unreadable, found.copies]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_weights_of_models_are_those_of_each(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, again = open_model(str(path)), open_model(str(path))
    found = everything(model)
    monkeypatch.setattr(facts, "SMALL", 0)
    assert everything(again) == found
    for one, other in zip(weights_of(model).of, weights_of(again).of, strict=True):
        check(one.statistics, other.statistics)


def test_zero_points_that_differ_by_channel_stand_for_nothing(handmade: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = [bytes([2, 2, 5, 5])] * 3
    points = [[2, 2], [2, 5], [5]]
    model = model_of(handmade, "INT8", [2, 2], data, points)
    assert [weight.zero for weight in weights_of(model).of] == [2, 0, 5]
    assert [weight.statistics.zeros for weight in weights_of(model).of] == [2, 0, 2]
    monkeypatch.setattr(facts, "SMALL", 0)
    assert everything(handmade.open()) == everything(model)


def test_what_cannot_be_read_is_left_to_those_that_tell_why(handmade: Any) -> None:
    """Too short, of a type without numbers, empty, larger than small: none is in the rows."""
    for kind, shape, size in (("FLOAT32", [4], 12), ("COMPLEX64", [1], 8), ("FLOAT32", [0], 4), ("STRING", [1], 8)):
        handmade.op("ADD", [handmade.tensor(shape, kind, bytes(size)), 0], [handmade.tensor([1])])
    large = handmade.tensor([SMALL + 1], "INT8", bytes(SMALL + 1))
    handmade.op("ADD", [large, 0], [handmade.tensor([1])])
    model = handmade.open()
    tensors = np.arange(len(model.tensors))
    assert [bool(ok) for ok in readable(model, tensors)] == [stored(model, t) is not None for t in tensors.tolist()]
    assert large in weights_of(model).tensors
    assert len(weights_of(model).unreadable) == 3  # texts are no weights
