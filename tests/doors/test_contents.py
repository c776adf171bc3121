"""The routes to what a tensor holds."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.contents import contents, npy
from werkzeug.test import Client

from tb_tflite_plugin import open_model


@pytest.fixture
def at(serve: Callable[..., Client], models: Path) -> Callable[[str], Any]:
    """Asks about the tensor of a depthwise convolution's weights, [1, 3, 3, 48] int8, or another."""
    client = serve(models / "mnet_int8.tflite")
    model = open_model(str(models / "mnet_int8.tflite"))
    shapes = [tuple(shape.tolist()) for shape in model.tensors.shape]
    tensor = shapes.index((1, 3, 3, 48))
    id = client.get("/models").json["models"][0]["id"]
    return lambda rest: client.get(f"/model/{id}/tensor/{rest.replace('T', str(tensor))}")


def expected(models: Path, *, real: bool) -> np.ndarray:
    model = open_model(str(models / "mnet_int8.tflite"))
    tensor = [tuple(shape.tolist()) for shape in model.tensors.shape].index((1, 3, 3, 48))
    values: np.ndarray = np.load(io.BytesIO(b"".join(npy(contents(model, tensor), real=real)[1])))
    return values


def test_a_tensor_is_downloaded_whole(at: Callable[[str], Any], models: Path) -> None:
    for query, real in (("", False), ("?values=real", True)):
        answer = at(f"T/values.npy{query}")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        values = np.load(io.BytesIO(answer.data))
        assert len(answer.data) == int(answer.headers["Content-Length"])
        assert values.dtype == (np.float32 if real else np.int8)
        assert np.array_equal(values, expected(models, real=real))


def test_a_slice_holds_stored_and_real_values(decode: Any, at: Callable[[str], Any], models: Path) -> None:
    header, columns = decode(at("T/slice?rows=3,1&columns=2&at=0&begin=9,0&size=6,3").data)
    assert (header["matrix"], header["size"], header["step"]) == ([144, 3], [6, 3], [1, 1])
    for name, real in (("stored", False), ("real", True)):
        matrix = expected(models, real=real)[0].transpose(2, 0, 1).reshape(144, 3)
        assert np.array_equal(columns[name].reshape(6, 3), matrix[9:15])


def test_a_histogram_of_all_and_of_a_channel(at: Callable[[str], Any], models: Path) -> None:
    figures, values = at("T/histogram").json, expected(models, real=False)
    assert figures["groups"] == {"kind": "channel", "count": 48, "axis": 3}
    assert (figures["stored"]["low"], sum(figures["stored"]["counts"])) == (values.min() - 0.5, values.size)
    of_channel = at("T/histogram?channel=5").json
    assert (of_channel["stored"]["high"], of_channel["elements"]) == (values[..., 5].max() + 0.5, 9)


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("T/histogram?channel=48", 400), ("T/histogram?channel=-1", 400), ("T/histogram?channel=x", 400),
        ("T/slice", 400), ("T/slice?rows=1&columns=2&at=0,0&begin=3,0", 400), ("T/slice?rows=1,&columns=2", 400),
        ("T/slice?rows=1&columns=2&at=0,0&most=1000000,1000000", 400), ("T/slice?rows=" + "1," * 99 + "1", 400),
        ("T/slice?rows=" + "9" * 4000, 400), ("T/slice?rows=1&columns=2&at=0,0&size=1", 400),
        ("0/histogram", 422), ("0/slice", 422), ("0/values.npy", 422), ("99999/histogram", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_a_reason(at: Callable[[str], Any], rest: str, status: int) -> None:
    answer = at(rest)
    assert answer.status_code == status
    assert answer.json["error"]["message"]
