"""A model as columns: one row per operator, tensor, buffer and subgraph, numbered over the whole model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from . import schema
from .dtypes import bits_of, dtype_name
from .encoding import KINDS, Quantization, sparse_tensors
from .ragged import Array, Ragged, Strings, offsets_of
from .report import Finding
from .source import Source
from .tables import MAX_VALUES, FlatBuffer, Tables

# Subgraphs, operator codes, signatures and metadata entries are kept as Python objects; real models have a handful.
_MAX_NAMED = 10_000
# Inputs or outputs of all subgraphs together, and external buffers.
_MAX_LISTED = 1 << 15
# Largest size believed of an external buffer; sums of sizes then stay below 2^63.
_MAX_EXTERNAL = 1 << 42


@dataclass(frozen=True)
class Subgraphs:
    """The subgraphs. Tensors and operators of subgraph ``g`` have the ids from ``tensor_offsets[g]`` to the next."""

    names: Strings
    tensor_offsets: Array
    operator_offsets: Array
    inputs: Ragged
    outputs: Ragged

    def __len__(self) -> int:
        return len(self.names)


class Operators:
    """The operators of all subgraphs in file order; the row is the operator's global id.

    Attributes:
        tables: where each stands in the file.
        subgraph: int32, the subgraph it belongs to.
        index: int32, its place in that subgraph: what the runtime calls it.
        code: int32, its row in the model's operator codes.
        type: int32, its row in ``type_names``.
        type_names: the operator types of the model: the schema's names, and custom operators by their custom code.
        version: int32, the operator version that its code declares.
        inputs, outputs: ragged int32, global tensor ids; -1 is an optional operand that is left out.
    """

    def __init__(self, tables: Tables, subgraphs: Array, codes: OperatorCodes, tensor_offsets: Array) -> None:
        self.tables = tables
        self.subgraph = np.repeat(np.arange(len(subgraphs) - 1, dtype=np.int32), np.diff(subgraphs))
        self.index = (np.arange(len(tables)) - subgraphs[self.subgraph]).astype(np.int32)
        code = tables.scalar("opcode_index")
        tables.buffer.require(code < len(codes.names), tables.positions, "Operator", "its opcode index is out of range")
        self.code = code.astype(np.int32)
        self.type_names = sorted(set(codes.names))
        place = {name: row for row, name in enumerate(self.type_names)}
        self.type = np.array([place[name] for name in codes.names], np.int32)[self.code]
        self.version = codes.version[self.code]
        self._tensor_offsets = tensor_offsets
        self.inputs = self._tensors_of("inputs")
        self.outputs = self._tensors_of("outputs")

    def __len__(self) -> int:
        return len(self.tables)

    @cached_property
    def intermediates(self) -> Ragged:
        """Ragged int32, global ids of the tensors that live inside the operator."""
        return self._tensors_of("intermediates")

    @property
    def ops(self) -> list[str]:
        """The type of every operator by name."""
        names = self.type_names
        return [names[row] for row in self.type.tolist()]

    def _tensors_of(self, field: str) -> Ragged:
        return _global_tensors(self.tables, field, self.subgraph, self._tensor_offsets, MAX_VALUES)


class Tensors:
    """The tensors of all subgraphs in file order; the row is the tensor's global id.

    Attributes:
        tables: where each stands in the file.
        subgraph: int32, the subgraph it belongs to.
        index: int32, its place in that subgraph.
        type: uint8, a TensorType value; :func:`dtype_name` names it.
        shape: ragged int32.
        buffer: int32, its row in the model's buffers (0: none).
        name: what the converter called it.
    """

    def __init__(self, tables: Tables, subgraphs: Array, buffers: int) -> None:
        self.tables = tables
        self.subgraph = np.repeat(np.arange(len(subgraphs) - 1, dtype=np.int32), np.diff(subgraphs))
        self.index = (np.arange(len(tables)) - subgraphs[self.subgraph]).astype(np.int32)
        self.type = tables.scalar("type").view(np.uint8)
        self.shape = tables.ragged("shape", MAX_VALUES)
        buffer = tables.scalar("buffer")
        # A file without buffers has no constants: its tensors name the sentinel that is not there.
        in_range = buffer < max(buffers, 1)
        tables.buffer.require(in_range, tables.positions, "Tensor", "its buffer index is out of range")
        self.buffer = buffer.astype(np.int32)
        self.name = tables.strings("name")

    def __len__(self) -> int:
        return len(self.tables)

    @cached_property
    def shape_signature(self) -> Ragged:
        """Ragged int32: the shape with -1 for what is not known before running; empty where all is known."""
        return self.tables.ragged("shape_signature", MAX_VALUES)

    @cached_property
    def is_variable(self) -> Array:
        """Bool: keeps its value between invocations."""
        return self.tables.scalar("is_variable")

    @cached_property
    def has_rank(self) -> Array:
        """Bool, as stored; files from before the field existed say False everywhere."""
        return self.tables.scalar("has_rank")

    @cached_property
    def rank_known(self) -> Array:
        """Bool: False where the shape is empty because not even the rank is known, and not because it is a scalar."""
        return (self.shape.counts > 0) | self.has_rank | (not self.has_rank.any())

    @cached_property
    def external_buffer(self) -> Array:
        """Int64: the id of an external buffer that holds the data, 0 for none."""
        return self.tables.scalar("external_buffer").astype(np.int64)

    @cached_property
    def elements(self) -> Array:
        """Int64: the product of the shape; -1 where rank or dimensions are unknown or the product exceeds 2^62."""
        return np.where(self.rank_known, _products(self.shape), -1)

    @cached_property
    def nbytes(self) -> Array:
        """Int64: bytes of a dense tensor of this type and shape; -1 where one of them does not say.

        Beyond 2^37 elements no shape is believed: sums over all operators then stay below 2^63.
        """
        bits, elements = bits_of(self.type), self.elements
        known = (bits > 0) & (elements >= 0) & (elements < 2**37)
        return np.where(known, (np.where(known, elements, 0) * bits + 7) // 8, -1)

    @property
    def dtypes(self) -> list[str]:
        """The element type of every tensor by name."""
        return [dtype_name(value) for value in self.type.tolist()]


@dataclass(frozen=True)
class OperatorCodes:
    """The operator codes: builtin value, version, and the name operators go by."""

    builtin: Array
    version: Array
    names: list[str]


@dataclass(frozen=True)
class Buffers:
    """Where the constants lie.

    Attributes:
        start, size: int64, bytes of the model; size 0 is a buffer without data.
    """

    start: Array
    size: Array

    def __len__(self) -> int:
        return len(self.start)


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
        self.codes = _read_codes(self._code_tables)
        self._buffer_tables = self._root.vector("buffers")[1]
        self.buffers = _read_buffers(self._buffer_tables, source.data.size)
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
            _global_tensors(self._subgraph_tables, "inputs", graphs, tensor_offsets, _MAX_LISTED),
            _global_tensors(self._subgraph_tables, "outputs", graphs, tensor_offsets, _MAX_LISTED),
        )

    @property
    def name(self) -> str:
        """The file as the user named it."""
        return self.source.name

    @property
    def sha256(self) -> str:
        """The model's identity: SHA-256 of its bytes (read whole on first use)."""
        return self.source.sha256

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
        found = [
            Finding("note", "unknown-field", _unknown_fields(tables.name, slots))
            for tables in (
                self._root,
                self._code_tables,
                self._buffer_tables,
                self._subgraph_tables,
                self.tensors.tables,
                self.operators.tables,
                self.tensors.tables.table("quantization")[1],
            )
            if (slots := tables.unknown_slots())
        ]
        for kind, where in _unknown_types(self):
            found.append(Finding("note", "unknown-type", f"{kind} is newer than the schema known here", where))
        return found

    def _tensor_maps(self, tables: Tables, field: str) -> list[list[tuple[str, int]]]:
        offsets, maps = tables.vector(field, _MAX_NAMED)
        pairs = list(zip(maps.strings("name").tolist(), maps.scalar("tensor_index").tolist(), strict=True))
        return [pairs[a:b] for a, b in zip(offsets.tolist(), offsets.tolist()[1:], strict=False)]

    def _tensors_named(self, graph: int, names: list[tuple[str, int]]) -> dict[str, int]:
        start, stop = self.subgraphs.tensor_offsets[graph : graph + 2].tolist()
        return {name: start + index for name, index in names if index < stop - start}


def _read_codes(tables: Tables) -> OperatorCodes:
    # Codes above 127 do not fit the old field, which then holds a placeholder; old files have only the old field.
    # schema_utils.cc GetBuiltinCode of LiteRT f674577 takes the greater of the two.
    builtin = np.maximum(tables.scalar("builtin_code"), tables.scalar("deprecated_builtin_code").astype(np.int32))
    names = schema.enum_names("BuiltinOperator")
    custom = schema.enum_values("BuiltinOperator")["CUSTOM"]
    by_name = [
        (text or "CUSTOM") if value == custom else names.get(value, f"BUILTIN_{value}")
        for value, text in zip(builtin.tolist(), tables.strings("custom_code").tolist(), strict=True)
    ]
    return OperatorCodes(builtin, tables.scalar("version"), by_name)


def _read_buffers(tables: Tables, total: int) -> Buffers:
    start, size = tables.spans("data")
    # Files beyond 2 GiB keep data outside the FlatBuffer; "only valid if > 1" (schema.fbs, Buffer.offset).
    offset, outside = tables.scalar("offset"), tables.scalar("size")
    far = offset > 1
    ok = ~far | ((offset <= total) & (outside <= total - np.minimum(offset, total)))
    tables.buffer.require(ok, tables.positions, "Buffer", "its data lies past the end of the file (cut off?)")
    return Buffers(np.where(far, offset, start).astype(np.int64), np.where(far, outside, size).astype(np.int64))


def _global_tensors(tables: Tables, field: str, graphs: Array, tensor_offsets: Array, limit: int) -> Ragged:
    """Lists of tensor indices, checked and renumbered from their subgraph's numbering to the model's."""
    local = tables.ragged(field, limit)
    edges = tensor_offsets.astype(np.int32)  # ids are 32 bits wide: there are MAX_ROWS tensors at most
    first = np.repeat(edges[:-1][graphs], local.counts)
    ok = (local.values >= -1) & (local.values < np.repeat(np.diff(edges)[graphs], local.counts))
    if not ok.all():
        row = int(np.searchsorted(local.offsets, np.argmin(ok), "right")) - 1
        raise tables.buffer.error(f"a tensor index in {field} is out of range", int(tables.positions[row]), tables.name)
    first += local.values
    first[local.values < 0] = -1
    return Ragged(local.offsets, first)


def _products(shape: Ragged) -> Array:
    counts = shape.counts
    product, magnitude = np.ones(len(shape), np.int64), np.ones(len(shape))
    ok = counts <= 32
    with np.errstate(over="ignore"):
        for axis in range(int(counts[ok].max(initial=0))):
            rows = np.flatnonzero(ok & (counts > axis))
            size = shape.values[shape.offsets[rows] + axis].astype(np.int64)
            ok[rows[size < 0]] = False
            product[rows] *= size
            magnitude[rows] *= np.maximum(size, 1)
    return np.where(ok & (magnitude < 2.0**62), product, -1)


def _unknown_fields(table: str, slots: list[int]) -> str:
    listed = ", ".join(str(slot) for slot in slots[:8]) + (", …" if len(slots) > 8 else "")
    return f"{table} has fields that the schema known here does not ({listed}): the file is newer"


def _unknown_types(model: Model) -> list[tuple[str, tuple[int, ...]]]:
    names = schema.enum_names("BuiltinOperator")
    new_codes = np.array([value not in names for value in model.codes.builtin.tolist()], bool)
    where = np.flatnonzero(new_codes[model.operators.code]) if len(new_codes) else np.zeros(0, np.int64)
    found = []
    if len(where):
        kinds = sorted({model.operators.type_names[row] for row in model.operators.type[where].tolist()})
        found.append(("operator type " + ", ".join(kinds[:8]), tuple(where[:1000].tolist())))
    types = sorted(set(np.unique(model.tensors.type).tolist()) - set(schema.enum_names("TensorType")))
    if types:
        found.append(("tensor type " + ", ".join(dtype_name(value) for value in types[:8]), ()))
    if (model.quantization.kind == KINDS.index("unknown")).any():
        found.append(("a kind of quantization", ()))
    for field in ("builtin_options", "builtin_options_2"):
        values = model.operators.tables.scalar(f"{field}_type")
        members = schema.union_members(schema.fields("Operator")[field].element.removeprefix("union:"))
        where = np.flatnonzero(values >= len(members))
        if len(where):
            listed = ", ".join(str(value) for value in np.unique(values[where])[:8].tolist())
            found.append((f"{field} type {listed}", tuple(where[:1000].tolist())))
    return found
