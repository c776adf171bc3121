"""A model: its columns, and what follows from them taken together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .columns import Operators, Subgraphs, Tensors, global_tensors, read_buffers, read_codes
from .encoding import Quantization, sparse_tensors
from .newer import unknown_fields, unknown_types
from .ragged import Array, Ragged, offsets_of
from .report import Finding
from .source import Source
from .tables import FlatBuffer, Tables

# Subgraphs, operator codes, signatures and metadata entries are kept as Python objects; real models have a handful.
_MAX_NAMED = 10_000
# Inputs or outputs of all subgraphs together, and external buffers.
_MAX_LISTED = 1 << 15
# Largest size believed of an external buffer; sums of sizes then stay below 2^63.
_MAX_EXTERNAL = 1 << 42


@dataclass(frozen=True)
class Signature:
    """One entry point: a key, its subgraph, and names for tensors (global ids)."""

    key: str
    subgraph: int
    inputs: dict[str, int]
    outputs: dict[str, int]


@dataclass(frozen=True)
class Metadata:
    """A named buffer that is not a constant of any tensor."""

    name: str
    buffer: int


class Model:
    """A model read into columns.

    Columns that everything needs are read on opening; others on first use. No page that holds only weights is touched
    before :meth:`buffer_data` is asked for.

    Args:
        source: the bytes of exactly one model.

    Raises:
        ModelError: when the bytes are not a well-formed model. Later reads raise it too.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.flatbuffer = FlatBuffer(source.data, source.name, source.base, source.check)
        if source.data.size < 8 or source.data[4:8].tobytes() != b"TFL3":
            raise self.flatbuffer.error("not a TensorFlow Lite model: bytes 4 to 8 are not TFL3", 0, "Model")
        self._root = self.flatbuffer.root("Model")
        self.version = int(self._root.scalar("version")[0])
        self._code_tables = self._root.vector("operator_codes", _MAX_NAMED)[1]
        self.codes = read_codes(self._code_tables)
        self._buffer_tables = self._root.vector("buffers")[1]
        self.buffers = read_buffers(self._buffer_tables, source.data.size)
        self._subgraph_tables = self._root.vector("subgraphs", _MAX_NAMED)[1]
        tensor_offsets, tensors = self._subgraph_tables.vector("tensors")
        operator_offsets, operators = self._subgraph_tables.vector("operators")
        self.tensors = Tensors(tensors, tensor_offsets, len(self.buffers))
        self.operators = Operators(operators, operator_offsets, self.codes, tensor_offsets)
        graphs = np.arange(len(self._subgraph_tables))
        self.subgraphs = Subgraphs(
            self._subgraph_tables.strings("name"),
            tensor_offsets,
            operator_offsets,
            global_tensors(self._subgraph_tables, "inputs", graphs, tensor_offsets, _MAX_LISTED),
            global_tensors(self._subgraph_tables, "outputs", graphs, tensor_offsets, _MAX_LISTED),
        )

    @property
    def name(self) -> str:
        """The file as the user named it."""
        return self.source.name

    @property
    def sha256(self) -> str:
        """SHA-256 of its bytes (read whole on first use)."""
        return self.source.sha256

    @property
    def identity(self) -> dict[str, Any]:
        """What every JSON answer says of the model it is about."""
        return {"sha256": self.sha256, "name": self.name, "size_bytes": int(self.source.data.size)}

    @cached_property
    def description(self) -> str:
        """What the writer put into the description field."""
        return self._root.strings("description")[0]

    @cached_property
    def signatures(self) -> list[Signature]:
        """The signatures; several may share a subgraph, entries whose tensor does not exist are left out."""
        tables = self._root.vector("signature_defs", _MAX_NAMED)[1]
        graphs = tables.scalar("subgraph_index").tolist()
        maps = [self._tensor_maps(tables, field) for field in ("inputs", "outputs")]
        return [
            Signature(key, graph, *(self._tensors_named(graph, rows[i]) for rows in maps))
            for i, (key, graph) in enumerate(zip(tables.strings("signature_key").tolist(), graphs, strict=True))
            if graph < len(self.subgraphs)
        ]

    @cached_property
    def metadata(self) -> list[Metadata]:
        """The metadata entries that name an existing buffer."""
        tables = self._root.vector("metadata", _MAX_NAMED)[1]
        rows = zip(tables.strings("name").tolist(), tables.scalar("buffer").tolist(), strict=True)
        return [Metadata(name, buffer) for name, buffer in rows if buffer < len(self.buffers)]

    @cached_property
    def external_buffers(self) -> list[dict[str, Any]]:
        """Declared slices of other files: id, group (a file name or URI), offset, length, packing."""
        groups = self._root.vector("external_buffer_groups", _MAX_NAMED)[1].strings("name").tolist()
        rows = self._root.vector("external_buffers", _MAX_LISTED)[1].records()
        return [{**row, "group": groups[row["group"]] if row["group"] < len(groups) else ""} for row in rows]

    @cached_property
    def is_constant(self) -> Array:
        """Bool per tensor: its data comes with the model."""
        return (self.constant_bytes > 0) | (self.tensors.external_buffer > 0)

    @cached_property
    def quantization(self) -> Quantization:
        """Quantization parameters of all tensors."""
        return Quantization(self.tensors.tables, self.subgraphs.tensor_offsets)

    @cached_property
    def is_sparse(self) -> Array:
        """Bool per tensor: stored sparse."""
        return sparse_tensors(self.tensors.tables)

    @cached_property
    def constant_bytes(self) -> Array:
        """Int64 per tensor: stored bytes of its constant data, here or in an external buffer; 0 for none."""
        size = self.buffers.size if len(self.buffers) else np.zeros(1, np.int64)
        stored = size[self.tensors.buffer]
        outside = {row["id"]: min(row["length"], _MAX_EXTERNAL) for row in self.external_buffers}
        for tensor in np.flatnonzero(self.tensors.external_buffer).tolist():
            stored[tensor] = outside.get(int(self.tensors.external_buffer[tensor]), 0)
        return stored

    @cached_property
    def producer(self) -> Array:
        """Int32 per tensor: the operator that writes it, -1 for none."""
        producer = np.full(len(self.tensors), -1, np.int32)
        outputs = self.operators.outputs
        written = outputs.values >= 0
        producer[outputs.values[written]] = outputs.rows[written]
        return producer

    @cached_property
    def consumers(self) -> Ragged:
        """Ragged int32 per tensor: the operators that read it, ascending."""
        inputs = self.operators.inputs
        read = inputs.values >= 0
        tensors = inputs.values[read]
        order = np.argsort(tensors, kind="stable")
        counts = np.bincount(tensors, minlength=len(self.tensors))
        return Ragged(offsets_of(counts), inputs.rows[read][order].astype(np.int32))

    @cached_property
    def layer_names(self) -> list[str]:
        """A name for every operator: that of its first output."""
        names, outputs = self.tensors.name.tolist(), self.operators.outputs
        first = np.full(len(self.operators), -1, np.int64)
        some = outputs.counts > 0
        first[some] = outputs.values[outputs.offsets[:-1][some]]
        return [names[tensor] if tensor >= 0 else "" for tensor in first.tolist()]

    def to_pandas(self) -> Any:
        """The operators as a pandas data frame, one row each; the columns are those of the ``ops`` report.

        Raises:
            ImportError: where pandas is not installed.
        """
        from .listing import ops

        return ops(self).to_pandas()

    def buffer_data(self, buffer: int) -> Array:
        """The bytes of a buffer as a uint8 view of the mapping: nothing is copied.

        Raises:
            ModelError: when the file was changed since it was opened.
        """
        self.source.check()
        start = int(self.buffers.start[buffer])
        return self.source.data[start : start + int(self.buffers.size[buffer])]

    @cached_property
    def findings(self) -> list[Finding]:
        """What in the file goes beyond the schema known here."""
        tables = (
            self._root,
            self._code_tables,
            self._buffer_tables,
            self._subgraph_tables,
            self.tensors.tables,
            self.operators.tables,
            self.tensors.tables.table("quantization")[1],
        )
        return [
            Finding("note", "unknown-field", unknown_fields(rows.name, slots))
            for rows in tables
            if (slots := rows.unknown_slots())
        ] + [
            Finding("note", "unknown-type", f"{kind} is newer than the schema known here", where)
            for kind, where in unknown_types(self.codes, self.operators, self.tensors, self.quantization)
        ]

    def _tensor_maps(self, tables: Tables, field: str) -> list[list[tuple[str, int]]]:
        offsets, maps = tables.vector(field, _MAX_NAMED)
        pairs = list(zip(maps.strings("name").tolist(), maps.scalar("tensor_index").tolist(), strict=True))
        return [pairs[a:b] for a, b in zip(offsets.tolist(), offsets.tolist()[1:], strict=False)]

    def _tensors_named(self, graph: int, names: list[tuple[str, int]]) -> dict[str, int]:
        start, stop = self.subgraphs.tensor_offsets[graph : graph + 2].tolist()
        return {name: start + index for name, index in names if index < stop - start}
