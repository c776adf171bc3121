"""Quantization and sparsity as a file declares them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.encoding import KINDS, sparse_tensors, sparsity
from tb_tflite_plugin.analysis.errors import ModelError


def quantized(handmade: Any, graph_tensors: int = 1, **fields: Any) -> Any:
    """The quantization of a model whose last tensor has these parameters."""
    for _ in range(graph_tensors - 1):
        handmade.tensor([1])
    handmade.tensor([4], "INT8", quantization=tfl.QuantizationParametersT(**fields))
    return handmade.open().quantization


@pytest.mark.parametrize(
    ("scale", "zero_point", "kind"),
    [([], [], ""), ([0.5], [3], "per-tensor"), ([0.5, 0.25], [0, 0], "per-channel")],
)
def test_kind_follows_from_the_number_of_scales(
    handmade: Any, scale: list[float], zero_point: list[int], kind: str
) -> None:
    found = quantized(handmade, 3, scale=scale, zeroPoint=zero_point, quantizedDimension=2, min=[-1.0], max=[1.5])
    assert [KINDS[value] for value in found.kind.tolist()] == ["", "", kind]
    assert found.scale.tolist() == [[], [], scale]
    assert found.zero_point.tolist() == [[], [], zero_point]
    assert found.dimension.tolist() == [0, 0, 2]
    low, high = found.range
    assert (low.tolist(), high.tolist()) == ([[], [], [-1.0]], [[], [], [1.5]])
    assert found.details == {}


def test_zero_points_are_64_bits_wide(handmade: Any) -> None:
    assert quantized(handmade, scale=[1.0], zeroPoint=[-(2**40)]).zero_point.tolist() == [[-(2**40)]]


def test_blockwise_parameters_refer_to_tensors_by_numbers_of_the_whole_model(handmade: Any) -> None:
    handmade.tensor([1])
    handmade.subgraph()
    details = tfl.BlockwiseQuantizationT(scales=1, zeroPoints=-1, blockSize=32, blockShape=[1, 32])
    found = quantized(handmade, 3, details=details, detailsType=tfl.QuantizationDetails.BlockwiseQuantization)
    assert KINDS[found.kind[3]] == "blockwise"
    assert found.details == {3: {"scales": 2, "zero_points": -1, "block_size": 32, "block_shape": [1, 32]}}


def test_multi_axis_parameters_are_read(handmade: Any) -> None:
    details = tfl.MultiAxisQuantizationT(scales=0, zeroPoints=7, blockSize=0, quantizedDimensions=[0, 2])
    found = quantized(handmade, 2, details=details, detailsType=tfl.QuantizationDetails.MultiAxisQuantization)
    assert KINDS[found.kind[1]] == "multi-axis"
    # Tensor 7 does not exist.
    assert found.details == {1: {"scales": 0, "zero_points": -1, "block_size": 0, "quantized_dimensions": [0, 2]}}


def test_custom_quantization_is_named(handmade: Any) -> None:
    details = tfl.CustomQuantizationT(custom=[1, 2, 3])
    found = quantized(handmade, details=details, detailsType=tfl.QuantizationDetails.CustomQuantization, scale=[1.0])
    assert KINDS[found.kind[0]] == "custom"
    assert found.details == {}


def test_quantization_newer_than_the_schema_is_listed(handmade: Any) -> None:
    details = tfl.CustomQuantizationT(custom=[1])
    found = quantized(handmade, details=details, detailsType=200)
    assert KINDS[found.kind[0]] == "unknown"
    messages = [finding.message for finding in handmade.open().findings]
    assert messages == ["a kind of quantization is newer than the schema known here"]


@pytest.mark.parametrize(
    ("table", "union", "values"),
    [
        (tfl.Int32VectorT, tfl.SparseIndexVector.Int32Vector, [0, 70_000, 3]),
        (tfl.Uint16VectorT, tfl.SparseIndexVector.Uint16Vector, [0, 7_000, 3]),
        (tfl.Uint8VectorT, tfl.SparseIndexVector.Uint8Vector, [0, 70, 3]),
    ],
)
def test_sparse_levels_count_their_stored_coordinates(handmade: Any, table: Any, union: int, values: list[int]) -> None:
    indices = table(values=np.array(values))
    compressed = tfl.DimensionMetadataT(
        format=tfl.DimensionType.SPARSE_CSR, arraySegments=table(values=np.array([0, 3])), arraySegmentsType=union,
        arrayIndices=indices, arrayIndicesType=union,
    )  # fmt: skip
    handmade.tensor([8])
    handmade.tensor(
        [8, 4],
        sparsity=tfl.SparsityParametersT(
            traversalOrder=[0, 1], blockMap=[1], dimMetadata=[tfl.DimensionMetadataT(denseSize=8), compressed]
        ),
    )
    tables = handmade.open().tensors.tables
    assert sparse_tensors(tables).tolist() == [False, True]
    assert sparsity(tables, 0) is None
    assert sparsity(tables, 1) == {
        "traversal_order": [0, 1],
        "block_map": [1],
        "dimensions": [{"format": "DENSE", "size": 8}, {"format": "SPARSE_CSR", "stored": 3}],
    }


def test_sparse_tensors_can_be_looked_at_for_ever(handmade: Any) -> None:
    level = tfl.DimensionMetadataT(denseSize=1)
    parameters = tfl.SparsityParametersT(traversalOrder=[0] * 64, dimMetadata=[level] * 64)
    handmade.tensor([1], sparsity=parameters)
    model = handmade.open()
    budget = model.flatbuffer._budget
    sparsity(model.tensors.tables, 0)
    assert model.flatbuffer._budget == budget


def test_more_sparse_levels_than_any_tensor_has_are_an_error(handmade: Any) -> None:
    parameters = tfl.SparsityParametersT(dimMetadata=[tfl.DimensionMetadataT()] * 65)
    handmade.tensor([1], sparsity=parameters)
    with pytest.raises(ModelError, match="SparsityParameters: 65 entries in dim_metadata; at most 64 are read"):
        sparsity(handmade.open().tensors.tables, 0)
