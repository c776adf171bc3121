"""What tensors hold: rectangles and histograms against numpy, real values against the runtime's, refusals."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import contents as contents_module
from tb_tflite_plugin.analysis import histogram as histogram_module
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.contents import Contents, NoContents, Wanted, WrongPlace, contents, npy, rectangle
from tb_tflite_plugin.analysis.histogram import histogram
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.ragged import Array

MODELS = Path(__file__).parents[1] / "models"
ALL = sorted(path.stem for path in MODELS.glob("*.tflite"))


def model_of(name: str) -> Model:
    return open_model(str(MODELS / f"{name}.tflite"))


def loaded(found: Contents, *, real: bool) -> Array:
    size, parts = npy(found, real=real)
    data = b"".join(parts)
    assert len(data) == size
    array: Array = np.load(io.BytesIO(data))
    return array


def whole(rows: list[int], columns: list[int], at: list[int], most: int = 512) -> Wanted:
    return Wanted(rows, columns, at, (0, 0), (10**18, 10**18), (most, most))


def constants(model: Model) -> dict[int, Contents]:
    found = {}
    for tensor in range(len(model.tensors)):
        try:
            found[tensor] = contents(model, tensor)
        except NoContents:
            continue
    return found


@pytest.mark.parametrize("name", ["mnet_fp16", "fc_aeq_weight_only_wi8", "fc_aeq_weight_only_wi4"])
def test_real_values_are_those_of_dequantize(unpacked: Any, name: str) -> None:
    model = model_of(name)
    for source, theirs in unpacked(model, MODELS / f"{name}.tflite", "DEQUANTIZE").items():
        ours = loaded(contents(model, source), real=True)
        assert ours.shape == theirs.shape
        assert np.array_equal(ours.astype(np.float32), theirs)


@pytest.mark.parametrize("name", ALL)
def test_rectangles_and_histograms_are_parts_of_the_whole(name: str) -> None:
    for found in constants(model_of(name)).values():
        array = loaded(found, real=False)
        rank = array.ndim
        rows, columns = list(range(rank - 1)), list(range(rank))[-1:]
        part = rectangle(found, whole(rows, columns, []))
        matrix = array.reshape(part.rows, part.columns)
        assert np.array_equal(part.stored, matrix[:: part.step[0], :: part.step[1]], equal_nan=array.dtype.kind == "f")
        if part.real is not None:
            real = loaded(found, real=True).reshape(part.rows, part.columns)
            assert np.array_equal(part.real, real[:: part.step[0], :: part.step[1]])
        figures = histogram(found)
        assert sum(figures["stored"]["counts"]) + figures["nonfinite"] == array.size == figures["elements"]
        if array.dtype.itemsize == 1 and array.dtype.kind in "iu":
            low, high = int(array.min()), int(array.max())
            expected = np.bincount((array.astype(int) - low).reshape(-1), minlength=high - low + 1)
            assert figures["stored"] == {"low": low - 0.5, "high": high + 0.5, "counts": expected.tolist()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("mnet_int8", "channel"), ("fc_aeq_dynamic_wi4_block32", "block"), ("legacy_uint8", None)],
)
def test_parts_with_one_scale_make_up_the_tensor(name: str, kind: str | None) -> None:
    model = model_of(name)
    seen = set()
    for found in constants(model).values():
        if found.scales is None:
            continue
        array, real = loaded(found, real=False), loaded(found, real=True)
        groups = histogram(found)["groups"]
        seen.add(groups and groups["kind"])
        if groups is None:
            assert np.allclose(real, (array - found.scales.zero[0]) * found.scales.scale[0])
            continue
        if groups["kind"] == "channel":
            parts = np.moveaxis(real, groups["axis"], 0).reshape(groups["count"], -1)
        else:
            parts = real.reshape(groups["count"], -1)
        for channel in {0, 1, groups["count"] - 1}:
            figures = histogram(found, channel)
            assert figures["elements"] == parts.shape[1] == sum(figures["stored"]["counts"])
            assert figures["real"]["low"] == float(parts[channel].min())
            expected = np.histogram(parts[channel], len(figures["real"]["counts"]))[0]
            assert abs(np.cumsum(expected) - np.cumsum(figures["real"]["counts"])).max() <= 0.02 * parts.shape[1] + 1
        with pytest.raises(WrongPlace):
            histogram(found, groups["count"])
    assert kind in seen


def test_merged_axes_fixed_places_and_windows(handmade: Any) -> None:
    array = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    handmade.tensor([2, 3, 4, 5], "FLOAT32", array.tobytes())
    found = contents(handmade.open(), 0)
    filters = rectangle(found, whole([0, 1], [2], [3]))
    assert np.array_equal(filters.stored, array[..., 3].reshape(6, 4))
    turned = rectangle(found, whole([3], [2], [1, 2]))
    assert np.array_equal(turned.stored, array[1, 2].T)
    window = rectangle(found, Wanted([0, 1], [2, 3], [], (2, 5), (3, 100), (2, 5)))
    assert (window.rows, window.columns, window.step) == (6, 20, (2, 3))
    assert np.array_equal(window.stored, array.reshape(6, 20)[2:5:2, 5::3])
    scalar = rectangle(found, whole([], [], [1, 2, 3, 4]))
    assert scalar.stored.tolist() == [[119.0]]


@pytest.mark.parametrize(
    "wanted",
    [
        whole([0, 0], [1], []), whole([0], [4], [0, 0]), whole([0], [1], []), whole([0], [1], [4]),
        whole([0], [1], [0], most=1 << 10), whole([0], [1], [0], most=0),
        Wanted([0], [1], [0], (2, 0), (1, 1), (9, 9)), Wanted([0], [1], [0], (0, 0), (0, 1), (9, 9)),
    ],
)  # fmt: skip
def test_rectangles_that_are_not_there(handmade: Any, wanted: Wanted) -> None:
    handmade.tensor([2, 3, 4], "INT8", bytes(24))
    with pytest.raises(WrongPlace):
        rectangle(contents(handmade.open(), 0), wanted)


def test_numbers_at_the_ends_of_their_types(handmade: Any) -> None:
    wide = np.array([-(2**63), 2**63 - 1, 0, 0], np.int64)
    handmade.tensor([4], "INT64", wide.tobytes())
    far = np.array([np.finfo(np.float64).min, np.finfo(np.float64).max, np.nan, np.inf])
    handmade.tensor([4], "FLOAT64", far.tobytes())
    handmade.tensor([3], "FLOAT32", np.array([0x7FA00000, 0x7FC00000, 0xFF800001], "<u4").tobytes())
    handmade.tensor([2], "FLOAT32", np.full(2, 3, np.float32).tobytes())
    model = handmade.open()
    counts = histogram(contents(model, 0))["stored"]["counts"]
    assert (counts[0], counts[len(counts) // 2], counts[-1], sum(counts)) == (1, 2, 1, 4)
    figures = histogram(contents(model, 1))
    assert (figures["stored"]["counts"][0], figures["stored"]["counts"][-1], figures["nonfinite"]) == (1, 1, 2)
    nothing = histogram(contents(model, 2))  # among them such as signal when they are converted
    assert (nothing["stored"], nothing["nonfinite"]) == (None, 3)
    handmade.tensor([3], "FLOAT32", np.array([0x7FA00000, 0x3F800000, 0], "<u4").tobytes())
    some = histogram(contents(handmade.open(), 4))
    assert (sum(some["stored"]["counts"]), some["nonfinite"]) == (2, 1)
    assert histogram(contents(model, 3))["stored"] == {"low": 3.0, "high": 3.0, "counts": [2]}


def test_large_tensors_are_counted_in_part(handmade: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents_module, "BLOCK", 10)
    monkeypatch.setattr(histogram_module, "MOST", 40)
    handmade.tensor([1000], "UINT8", bytes(500) + b"\1" * 500)
    figures = histogram(contents(handmade.open(), 0))
    assert (figures["elements"], figures["counted"], figures["stored"]["counts"]) == (1000, 40, [20, 20])


def test_what_has_no_contents_says_why(handmade: Any) -> None:
    handmade.tensor([4], "FLOAT32")
    handmade.tensor([4], "FLOAT32", bytes(12))
    handmade.tensor([2], "STRING", bytes(8))
    handmade.tensor([-1, -4], "FLOAT32", bytes(16))
    model = handmade.open()
    for tensor, reason in enumerate(("computed when", "not what the shape takes", "not numbers", "not")):
        with pytest.raises(NoContents, match=reason):
            contents(model, tensor)


def test_scales_that_do_not_fit_leave_real_values_unknown(handmade: Any) -> None:
    def scaled(**fields: Any) -> int:
        tensor: int = handmade.tensor([2, 3], "INT8", bytes(6), quantization=tfl.QuantizationParametersT(**fields))
        return tensor

    blocks = tfl.BlockwiseQuantizationT(scales=99, zeroPoints=-1, blockSize=3)
    details = {"details": blocks, "detailsType": tfl.QuantizationDetails.BlockwiseQuantization}
    scaled(scale=[1.0, 2.0], zeroPoint=[0, 0], quantizedDimension=1)
    scaled(scale=[1.0, 2.0], zeroPoint=[0, 0], quantizedDimension=7)
    scaled(scale=[1.0, 2.0, 3.0], zeroPoint=[0, 0], quantizedDimension=1)
    scaled(**details)
    model = handmade.open()
    for tensor in range(4):
        found = contents(model, tensor)
        assert found.reading == "unknown"
        assert rectangle(found, whole([0], [1], [])).real is None
        assert histogram(found)["real"] is None
        with pytest.raises(NoContents, match="not known"):
            npy(found, real=True)
