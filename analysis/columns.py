"""The parts of a model as columns: one row per operator, tensor and buffer, numbered over the whole model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import schema
from .dtypes import bits_of, dtype_name
from .ragged import Array, Ragged, Strings
from .tables import MAX_VALUES, Tables


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
        return global_tensors(self.tables, field, self.subgraph, self._tensor_offsets, MAX_VALUES)


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


def read_codes(tables: Tables) -> OperatorCodes:
    """The operator codes, each with the name that operators of it go by."""
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


def read_buffers(tables: Tables, total: int) -> Buffers:
    """Where the buffers lie among so many bytes of the model.

    Raises:
        ModelError: when one lies past their end.
    """
    start, size = tables.spans("data")
    # Files beyond 2 GiB keep data outside the FlatBuffer; "only valid if > 1" (schema.fbs, Buffer.offset).
    offset, outside = tables.scalar("offset"), tables.scalar("size")
    far = offset > 1
    ok = ~far | ((offset <= total) & (outside <= total - np.minimum(offset, total)))
    tables.buffer.require(ok, tables.positions, "Buffer", "its data lies past the end of the file (cut off?)")
    return Buffers(np.where(far, offset, start).astype(np.int64), np.where(far, outside, size).astype(np.int64))


def global_tensors(tables: Tables, field: str, graphs: Array, tensor_offsets: Array, limit: int) -> Ragged:
    """Lists of tensor indices, checked and renumbered from their subgraph's numbering to the model's.

    Args:
        tables: one row per list.
        field: the lists.
        graphs: the subgraph of every row.
        tensor_offsets: the tensors of every subgraph.
        limit: of the indices together.

    Raises:
        ModelError: when an index is out of range.
    """
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
