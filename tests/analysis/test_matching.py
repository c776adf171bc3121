"""Matching operators: pairs of fixtures of one network, with and without names, against the order of execution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.matching import TRANSPARENT, components, match, source_tensors

SAME = [
    ("mnet_float32", other)
    for other in (
        "mnet_int8", "mnet_fp16", "mnet_int8_mixed", "mnet_dynrange", "mnet_int16x8", "mnet_uint8io",
        "mnet_int8_float_io", "mnet_int8_per_tensor", "mnet_pruned80_sparse", "mnet_pruned80_sparse_fp16",
        "mnet_clustered16",
    )
] + [("opzoo_float32", "opzoo_int8"), ("lstm_float32", "lstm_int8"), ("tiny_mlp", "tiny_mlp_int8")]  # fmt: skip


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize(("first", "second"), SAME)
def test_forms_of_one_network(models: Path, first: str, second: str, names: bool) -> None:
    sides = [open_model(str(models / f"{name}.tflite")) for name in (first, second)]
    found = match(sides[0], sides[1], names=names)
    # Converters keep the order: what computes is the same operator at the same place.
    wanted = [[row for row, op in enumerate(side.operators.ops) if op not in TRANSPARENT] for side in sides]
    assert [found.first.tolist(), found.second.tolist()] == wanted
    assert (found.confidence >= 0.6).all()


def test_an_edited_network(models: Path) -> None:
    first, second = (open_model(str(models / f"{name}.tflite")) for name in ("mnet_float32", "mnet_v2_float32"))
    found = match(first, second)
    assert "MAX_POOL_2D" not in {first.operators.ops[row] for row in found.first.tolist()}
    names = [[components(model.layer_names[row]) for row in rows.tolist()]
             for model, rows in ((first, found.first), (second, found.second))]  # fmt: skip
    assert names[0] == names[1]
    assert len(found.first) >= 18


def test_no_operator_twice_and_types_agree(models: Path) -> None:
    first, second = (open_model(str(models / f"{name}.tflite")) for name in ("mnet_v2_float32", "opzoo_int8"))
    found = match(first, second, names=False)
    for rows in (found.first, found.second):
        assert len(set(rows.tolist())) == len(rows)
    pairs = zip(found.first.tolist(), found.second.tolist(), strict=True)
    assert all(first.operators.ops[a] == second.operators.ops[b] for a, b in pairs)
    assert (found.confidence < 0.9).all()  # other networks: nothing is found for certain


def test_values_behind_conversions(models: Path) -> None:
    model = open_model(str(models / "mnet_uint8io.tflite"))
    source = source_tensors(model)
    first = int(model.operators.inputs[1][0])
    assert model.operators.ops[0] == "QUANTIZE"
    assert source[first] == model.subgraphs.inputs[0][0]
    computed = np.array([op not in TRANSPARENT for op in model.operators.ops])
    outputs = model.operators.outputs.values[model.operators.outputs.offsets[:-1][computed]]
    assert np.array_equal(source[outputs], outputs)


def test_names_as_converters_change_them() -> None:
    assert components("mnet/a/Relu;mnet/a/Conv2D1") == components("mnet/a/Conv2D2;mnet/a/Relu:0")
    assert components("") == frozenset()
