"""Inputs: shapes for what is dynamic, values by type and quantization, from files, and what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.runtime import inputs
from tb_tflite_plugin.runtime.errors import InputError
from tb_tflite_plugin.runtime.inputs import Input


def item(dtype: str, shape: tuple[int, ...] = (2, 3), quantized: bool = False, name: str = "x") -> Input:
    return Input(name, 0, shape, dtype, quantized)


def test_entry_points(models: Path) -> None:
    model = open_model(models / "multi_signature.tflite")
    assert inputs.entry_point(model, None)[0] == model.signatures[0].key
    key, subgraph, found = inputs.entry_point(model, "encode")
    assert (key, [(i.name, i.shape, i.dtype) for i in found]) == ("encode", [("x", (1, 32), "FLOAT32")])
    assert subgraph == next(s.subgraph for s in model.signatures if s.key == "encode")
    with pytest.raises(InputError, match="no signature train; there are decode, encode, roundtrip"):
        inputs.entry_point(model, "train")


def test_a_model_without_signatures(models: Path) -> None:
    model = open_model(models / "legacy_uint8.tflite")
    assert inputs.entry_point(model, None)[:2] == (None, 0)
    assert [i.name for i in inputs.entry_point(model, None)[2]] == ["in"]
    with pytest.raises(InputError, match="has no signatures"):
        inputs.entry_point(model, "serving_default")


def test_dynamic_shapes_come_from_the_signature(models: Path) -> None:
    _, _, found = inputs.entry_point(open_model(models / "mnet_dynamic_batch_float32.tflite"), None)
    assert found[0].shape == (-1, 32, 32, 3)
    values, assumed = inputs.make(found)
    assert values["image"].shape == assumed["image"] == (1, 32, 32, 3)
    values, assumed = inputs.make(found, shapes={"image": (4, 32, 32, 3)})
    assert values["image"].shape == (4, 32, 32, 3)
    assert assumed == {}


@pytest.mark.parametrize(
    ("dtype", "quantized", "low", "high"),
    [
        ("FLOAT32", False, -1, 1),
        ("FLOAT16", False, -1, 1),
        ("INT8", True, -128, 127),
        ("INT8", False, -128, 127),
        ("UINT8", True, 0, 255),
        ("INT16", True, -32768, 32767),
        ("INT32", False, 0, 1),
        ("INT64", False, 0, 1),
        ("BOOL", False, 0, 1),
    ],
)
def test_values_by_type_and_quantization(dtype: str, quantized: bool, low: float, high: float) -> None:
    values = inputs.make([item(dtype, (50, 200), quantized)])[0]["x"]
    assert values.dtype == np.dtype(dtype.lower())
    assert low <= values.min() < values.max() <= high
    span = float(values.max()) - float(values.min())
    assert span > 0.95 * (high - low)


def test_values_depend_on_seed_and_place_only() -> None:
    both = [item("FLOAT32", name="a"), item("FLOAT32", name="b")]
    first, again = inputs.make(both, seed=3)[0], inputs.make(both, seed=3)[0]
    np.testing.assert_array_equal(first["a"], again["a"])
    assert not np.array_equal(first["a"], first["b"])
    assert not np.array_equal(first["a"], inputs.make(both, seed=4)[0]["a"])
    # What is given for one input does not change the others.
    given = inputs.make(both, given={"a": np.zeros((2, 3), np.float32)}, seed=3)[0]
    np.testing.assert_array_equal(given["b"], first["b"])


def test_zeros_and_texts() -> None:
    values, _ = inputs.make([item("FLOAT32"), item("STRING", (2,), name="s")], zeros=True)
    assert not values["x"].any()
    assert values["s"].tolist() == [b"0", b"0"]
    given = inputs.make([item("STRING", (-1,))], given={"x": np.array(["ü", "bc"])})[0]["x"]
    assert given.tolist() == ["ü".encode(), b"bc"]


def test_given_values_are_taken_as_they_are() -> None:
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    taken = inputs.make([item("FLOAT32")], given={"x": value.astype(">f4")})[0]["x"]
    np.testing.assert_array_equal(taken, value)
    assert taken.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"given": {"y": np.zeros(1)}}, "no input y; there are x"),
        ({"shapes": {"y": (1,)}}, "no input y"),
        ({"shapes": {"x": (2, 3, 4)}}, r"has 2 dimensions \(2×3\), not 3"),
        ({"shapes": {"x": (2, -3)}}, "is no shape for it"),
        ({"shapes": {"x": (1 << 20, 1 << 20)}}, "is no shape for it"),
        ({"given": {"x": np.zeros((2, 3))}}, "of type float32, and what was given of type float64"),
        ({"given": {"x": np.zeros(6, np.float32)}}, "has 2 dimensions"),
        ({"given": {"x": np.zeros((2, 3), np.float32)}, "shapes": {"x": (1, 3)}}, "the shape 1×3 was given"),
    ],
)
def test_what_does_not_fit_is_said(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        inputs.make([item("FLOAT32")], **arguments)


def test_types_without_values() -> None:
    with pytest.raises(InputError, match="of type RESOURCE"):
        inputs.make([item("RESOURCE")])
    with pytest.raises(InputError, match="the model has none"):
        inputs.make([], shapes={"x": (1,)})


def test_files(tmp_path: Path) -> None:
    a, b = np.arange(3, dtype=np.int8), np.ones((2, 2), np.float32)
    np.save(tmp_path / "a.npy", a)
    np.savez(tmp_path / "all.npz", a=a, b=b)
    np.testing.assert_array_equal(inputs.read(f"x={tmp_path}/a.npy")["x"], a)
    found = inputs.read(f"{tmp_path}/all.npz")
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(found["b"], b)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "text.npz").write_text("no archive")
    for argument in (f"x={tmp_path}/none.npy", f"x={tmp_path}/objects.npy", f"{tmp_path}/text.npz"):
        with pytest.raises(InputError, match=str(tmp_path)):
            inputs.read(argument)
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(InputError, match="NAME="):
        inputs.read(f"{tmp_path}/a.npy")
    np.savez(tmp_path / "all.npz", a=np.zeros(3))
    with pytest.raises(InputError, match="by name"):
        inputs.read(f"x={tmp_path}/all.npz")


def test_shapes_from_the_command_line() -> None:
    assert inputs.read_shape("x=1,224,224,3") == ("x", (1, 224, 224, 3))
    assert inputs.read_shape("a=b:0=1x2") == ("a=b:0", (1, 2))
    assert inputs.read_shape("x=") == ("x", ())
    for wrong in ("x", "x=1,a", "x=-1", "1,2,3"):
        with pytest.raises(InputError, match="NAME=1,224,224,3"):
            inputs.read_shape(wrong)
