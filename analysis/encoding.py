"""How a tensor's numbers are stored: quantization parameters and sparsity, as the file declares them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from . import schema
from .ragged import Array, Ragged, offsets_of
from .tables import Tables

# Row of a tensor's kind in ``Quantization.kind``; the last three are the members of QuantizationDetails in its order.
KINDS = ("", "per-tensor", "per-channel", "custom", "blockwise", "multi-axis", "unknown")
_PER_CHANNEL = 2


class Quantization:
    """Quantization parameters of all tensors; real = scale * (stored - zero_point).

    Attributes:
        scale: ragged float32, one row per tensor: none, one, or one per channel.
        zero_point: ragged int64 likewise.
        dimension: int32, the axis that channels lie on.
        kind: uint8, index into ``KINDS``. With details (``custom`` and later) scale and zero_point do not apply.
    """

    def __init__(self, tensors: Tables, subgraph_edges: Array) -> None:
        self._count = len(tensors)
        self._edges = subgraph_edges
        self._rows, self._tables = tensors.table("quantization")
        self.scale = self._spread("scale")
        self.zero_point = self._spread("zero_point")
        self.dimension = np.zeros(self._count, np.int32)
        self.dimension[self._rows] = self._tables.scalar("quantized_dimension")
        details = self._tables.scalar("details_type").astype(np.int64)
        self.kind = np.minimum(self.scale.counts, _PER_CHANNEL).astype(np.uint8)
        known = np.minimum(details, len(KINDS) - _PER_CHANNEL - 1)
        self.kind[self._rows] = np.where(details > 0, _PER_CHANNEL + known, self.kind[self._rows])

    @cached_property
    def range(self) -> tuple[Ragged, Ragged]:
        """The recorded minimum and maximum, ragged float32 per tensor; informative only."""
        return self._spread("min"), self._spread("max")

    @cached_property
    def details(self) -> dict[int, dict[str, Any]]:
        """Blockwise and multi-axis parameters by tensor.

        ``scales`` and ``zero_points`` are global tensor ids (-1: none); ``block_size``, and what else the schema has.
        """
        members = schema.union_members("QuantizationDetails")
        types = self._tables.scalar("details_type")
        found: dict[int, dict[str, Any]] = {}
        for value in range(2, len(members)):
            rows = np.flatnonzero(types == value)
            there, tables = self._tables.take(rows).table("details", members[value])
            for owner, record in zip(self._rows[rows[there]].tolist(), tables.records(), strict=True):
                operands = {key: self._global_id(owner, record[key]) for key in ("scales", "zero_points")}
                found[owner] = record | operands
        return found

    def _global_id(self, tensor: int, index: int) -> int:
        graph = int(np.searchsorted(self._edges, tensor, "right")) - 1
        start, stop = self._edges[graph : graph + 2].tolist()
        return start + index if 0 <= index < stop - start else -1

    def _spread(self, field: str) -> Ragged:
        """The field's rows, with empty ones for the tensors that have no parameters."""
        column = self._tables.ragged(field)
        counts = np.zeros(self._count, np.int64)
        counts[self._rows] = column.counts
        return Ragged(offsets_of(counts), column.values)


def sparse_tensors(tensors: Tables) -> Array:
    """Whether each tensor is stored sparse, bool."""
    return tensors.present("sparsity")


def sparsity(tensors: Tables, tensor: int) -> dict[str, Any] | None:
    """How one tensor is stored sparse, None when it is dense.

    Returns:
        ``traversal_order``, ``block_map``, and ``dimensions``: for every level ``format`` with its ``size``
        (DENSE) or its number of ``stored`` coordinates (SPARSE_CSR).
    """
    one = Tables(tensors.buffer.with_fresh_budget(), tensors.name, tensors.positions[[tensor]])
    rows, parameters = one.table("sparsity")
    if not len(rows):
        return None
    levels = parameters.vector("dim_metadata", 64)[1]
    stored = np.zeros(len(levels), np.int64)
    members = schema.union_members("SparseIndexVector")
    types = levels.scalar("array_indices_type")
    for value in range(1, len(members)):
        mine = np.flatnonzero(types == value)
        there, vectors = levels.take(mine).table("array_indices", members[value])
        width = np.dtype(schema.fields(members[value])["values"].dtype).itemsize
        stored[mine[there]] = vectors.spans("values")[1] // width
    dense = levels.scalar("format") == schema.enum_values("DimensionType")["DENSE"]
    sizes = levels.scalar("dense_size").tolist()
    return {
        "traversal_order": parameters.ragged("traversal_order", 64).values.tolist(),
        "block_map": parameters.ragged("block_map", 64).values.tolist(),
        "dimensions": [
            {"format": "DENSE", "size": size} if is_dense else {"format": "SPARSE_CSR", "stored": count}
            for is_dense, size, count in zip(dense.tolist(), sizes, stored.tolist(), strict=True)
        ],
    }
