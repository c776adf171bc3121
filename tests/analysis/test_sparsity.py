"""Sparse encodings decoded as the runtime does, hostile ones refused, and what is said of zeros."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.sparse import SparseError, dense_values, encoding
from tb_tflite_plugin.analysis.sparsity import sparsity, sparsity_tensors
from tb_tflite_plugin.analysis.weights import facts, weights

MODELS = Path(__file__).parents[1] / "models"
DENSIFIED = ["mnet_pruned80_sparse", "mnet_pruned80_sparse_dynrange", "mnet_pruned80_sparse_fp16",
             "mnet_pruned80_sparse_int8", "fc_2by4_sparse"]  # fmt: skip


def model_of(name: str) -> Model:
    return open_model(str(MODELS / f"{name}.tflite"))


@pytest.mark.parametrize("name", DENSIFIED)
def test_dense_values_are_bit_by_bit_those_of_densify(unpacked: Any, name: str) -> None:
    model = model_of(name)
    for source, theirs in unpacked(model, MODELS / f"{name}.tflite", "DENSIFY").items():
        ours = dense_values(model, source)
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


def test_blocks_are_those_of_the_dense_twin() -> None:
    sparse, dense = model_of("fc_block1x4_sparse"), model_of("fc_block1x4_dense")
    large = np.flatnonzero(dense.buffers.size > 4096).tolist()
    twins = [dense.buffer_data(buffer).view("<f4") for buffer in large]
    tensors = np.flatnonzero(sparse.is_sparse).tolist()
    assert [encoding(sparse, tensor).label for tensor in tensors] == ["block 1x4"] * 2
    for tensor in tensors:
        assert any(np.array_equal(dense_values(sparse, tensor).reshape(-1), twin) for twin in twins)


def level(
    size: int = 0, segments: list[int] | None = None, indices: list[int] | None = None, kind: str = "Int32"
) -> Any:
    if segments is None:
        return tfl.DimensionMetadataT(format=tfl.DimensionType.DENSE, denseSize=size)
    vector = getattr(tfl, f"{kind}VectorT")
    types = getattr(tfl.SparseIndexVector, f"{kind}Vector")
    width = {"Int32": np.int32, "Uint16": np.uint16, "Uint8": np.uint8}[kind]
    return tfl.DimensionMetadataT(
        format=tfl.DimensionType.SPARSE_CSR,
        arraySegments=vector(values=np.array(segments, width)), arraySegmentsType=types,
        arrayIndices=vector(values=np.array(indices, width)), arrayIndicesType=types,
    )  # fmt: skip


def sparse_model(handmade: Any, shape: list[int], order: list[int], blocks: list[int], levels: list[Any], data: bytes,
                 version: int = 8) -> Model:  # fmt: skip
    how = tfl.SparsityParametersT(traversalOrder=order, blockMap=blocks, dimMetadata=levels)
    weight = handmade.tensor(shape, "INT8", data, sparsity=how)
    handmade.op("FULLY_CONNECTED", [handmade.tensor([1, 4]), weight], [handmade.tensor([1, 2])])
    handmade.model.operatorCodes[0].version = version
    model: Model = handmade.open()
    return model


@pytest.mark.parametrize("kind", ["Int32", "Uint16", "Uint8"])
def test_compressed_along_rows(handmade: Any, kind: str) -> None:
    levels = [level(2), level(0, [0, 1, 3], [2, 0, 3], kind)]
    model = sparse_model(handmade, [2, 4], [0, 1], [], levels, bytes([5, 6, 7]))
    assert dense_values(model, 0).tolist() == [[0, 0, 5, 0], [6, 0, 0, 7]]
    width = {"Int32": 4, "Uint16": 2, "Uint8": 1}[kind]
    assert encoding(model, 0).index_bytes == 6 * width
    assert encoding(model, 0).label == "csr"


def test_columns_first(handmade: Any) -> None:
    levels = [level(4), level(0, [0, 1, 1, 2, 3], [1, 0, 1])]
    model = sparse_model(handmade, [2, 4], [1, 0], [], levels, bytes([5, 6, 7]))
    assert dense_values(model, 0).tolist() == [[0, 0, 6, 0], [5, 0, 0, 7]]


def test_both_levels_compressed(handmade: Any) -> None:
    levels = [level(0, [0, 1], [1]), level(0, [0, 2], [0, 3])]
    model = sparse_model(handmade, [2, 4], [0, 1], [], levels, bytes([5, 6]))
    assert dense_values(model, 0).tolist() == [[0, 0, 0, 0], [5, 0, 0, 6]]


def test_blocks_in_another_order(handmade: Any) -> None:
    """Blocks of 2x2 whose inside is stored column by column."""
    levels = [level(1), level(0, [0, 1], [1]), level(2), level(2)]
    model = sparse_model(handmade, [2, 4], [0, 1, 3, 2], [0, 1], levels, bytes([1, 2, 3, 4]))
    assert dense_values(model, 0).tolist() == [[0, 0, 1, 3], [0, 0, 2, 4]]
    assert encoding(model, 0).label == "block 2x2"


@pytest.mark.parametrize(
    ("order", "blocks", "levels", "data", "reason"),
    [
        ([0, 0], [], [level(2), level(4)], b"12345678", "levels"),
        ([0, 1], [], [level(2)], b"12345678", "levels"),
        ([0, 1, 2], [7], [level(2), level(4), level(1)], b"12345678", "divides"),
        ([0, 1], [], [level(0), level(4)], b"12345678", "no size"),
        ([0, 1], [], [level(2), level(0, [0, 1], [0])], b"1", "too few segments"),
        ([0, 1], [], [level(2), level(0, [0, 1, 9], [0])], b"1", "out of its indices"),
        ([0, 1], [], [level(2), level(0, [0, 1, 0], [0])], b"1", "out of its indices"),
        ([0, 1], [], [level(2), level(0, [0, 0, 1], [4])], b"1", "out of the tensor"),
        ([0, 1], [], [level(2), level(0, [0, 0, 1], [-1])], b"1", "out of the tensor"),
        ([0, 1], [], [level(1 << 30), level(1 << 30)], b"1", "more than the 1 elements"),
        ([0, 1], [], [level(2), level(0, [0, 0, 1], [0])], b"12", "where 1 elements go and has 2"),
    ],
)
def test_what_makes_no_tensor(
    handmade: Any, order: list[int], blocks: list[int], levels: list[Any], data: bytes, reason: str
) -> None:
    model = sparse_model(handmade, [2, 4], order, blocks, levels, data)
    with pytest.raises(SparseError, match=reason):
        dense_values(model, 0)
    assert "sparse-damaged" in {finding.code for finding in sparsity(model).findings}


def test_no_tensor_of_any_size_is_made(handmade: Any) -> None:
    levels = [level(1 << 20), level(0, [0, 1], [0])]
    model = sparse_model(handmade, [1 << 20, 1 << 20], [0, 1], [], levels, b"1")
    with pytest.raises(SparseError, match="more than"):
        dense_values(model, 0)


def test_dense_levels_cost_no_more_than_is_stored(handmade: Any) -> None:
    model = sparse_model(handmade, [8192, 8192], [0, 1], [], [level(8192), level(8192)], b"1")
    with pytest.raises(SparseError, match="more than the 1 elements"):
        dense_values(model, 0)


def test_many_elements_are_left_out_and_not_called_damaged(handmade: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_MOST_DECODED", 7)
    levels = [level(2), level(0, [0, 1, 3], [2, 0, 3])]
    model = sparse_model(handmade, [2, 4], [0, 1], [], levels, bytes([5, 6, 7]))
    assert facts.weights_of(model).unreadable == {0: facts.TOO_MANY}
    assert "sparse-damaged" not in codes(model)
    assert "weights-unread" in {finding.code for finding in weights(model).findings}


def codes(model: Model) -> set[str]:
    return {finding.code for finding in sparsity(model).findings}


def test_findings_of_the_fixtures() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted(MODELS.glob("*.tflite")):
        for code in codes(open_model(str(path))) - {"sparse-stored-dense"}:
            found.setdefault(code, set()).add(path.stem)
    assert found == {
        "sparse-version": {"fc_block1x16_sparse_dynrange"},
        "sparse-micro": {"fc_block1x16_sparse_dynrange", "fc_block1x16_sparse_int8", "fc_block1x4_sparse"},
        "sparse-densify": set(DENSIFIED),
        "sparse-xnnpack": {name for name in DENSIFIED if name.startswith("mnet")} | {"mnet_pruned80_dense"},
    }


def test_an_encoding_that_no_kernel_reads(handmade: Any) -> None:
    model = sparse_model(handmade, [2, 4], [0, 1], [], [level(2), level(0, [0, 1, 2], [0, 0])], b"12")
    assert codes(model) == {"sparse-unread", "sparse-micro"}
    assert sparsity(model).cells()["zeros_used"] == ["none"]


def test_bytes_and_patterns() -> None:
    report = sparsity_tensors(model_of("fc_2by4_sparse"))
    of = report.cells()
    first = of["encoding"].index("csr")
    assert (of["value_bytes"][first], of["index_bytes"][first], of["dense_bytes"][first]) == (98_304, 49_282, 196_608)
    assert (of["pattern"][first], of["pattern_share"][first]) == ("2:4", 1.0)
    assert of["pattern_chance"][first] == pytest.approx(11 / 16)
    summary = report.summary
    assert (summary["sparse_tensors"], summary["value_bytes"], summary["index_bytes"]) == (2, 106_496, 51_460)


def test_why_xnnpack_does_not_infer_sparse() -> None:
    (text,) = (
        f.message for f in sparsity(model_of("mnet_pruned80_sparse_int8")).findings if f.code == "sparse-xnnpack"
    )
    assert "CONCATENATION, MAX_POOL_2D in between" in text
    assert "14 operators compute in integers" in text
