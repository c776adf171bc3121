"""Sparse encodings: which elements of a tensor are stored, and the dense tensor that they make.

The format is that of TACO as tflite/tools/optimize/sparsity/format_converter.h of LiteRT f674577 describes it: levels
in traversal order, each dense or compressed (segments and indices); blocks are levels of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import schema
from .dtypes import bits_of, dtype_name
from .model import Model
from .ragged import Array
from .tables import Tables
from .values import Stored, UnreadableError

# Elements of a dense tensor that is made at most: 256 MiB of float32.
_MOST = 1 << 26
_TYPES = {"FLOAT32": "<f4", "FLOAT16": "<f2", "INT8": "i1", "UINT8": "u1", "INT16": "<i2", "INT32": "<i4"}


@dataclass(frozen=True)
class Encoding:
    """How one tensor is stored sparse.

    Attributes:
        order: the dimension or block dimension of every level.
        blocked: the dimension that each block dimension divides.
        dense: bool per level.
        size: int64 per level: of dense ones.
        segments, indices: per level: of compressed ones, empty else.
        index_bytes: bytes of segments and indices in the file.
    """

    order: list[int]
    blocked: list[int]
    dense: list[bool]
    size: list[int]
    segments: list[Array]
    indices: list[Array]
    index_bytes: int

    @property
    def blocks(self) -> list[int]:
        """The size of every block dimension."""
        rank = len(self.order) - len(self.blocked)
        return [self.size[self.order.index(rank + block)] for block in range(len(self.blocked))]

    @property
    def label(self) -> str:
        """A name for it: ``csr``, or ``block 1x16``."""
        return "block " + "x".join(map(str, self.blocks_by_dimension)) if self.blocked else "csr"

    @property
    def blocks_by_dimension(self) -> list[int]:
        """The size of a block along every dimension, 1 where it has none."""
        sizes = [1] * (len(self.order) - len(self.blocked))
        for block, size in zip(self.blocked, self.blocks, strict=True):
            sizes[block] *= size
        return sizes


class SparseError(UnreadableError):
    """Parameters of sparsity that make no tensor; says why."""


def encoding(model: Model, tensor: int) -> Encoding:
    """The parameters of a sparse tensor.

    Raises:
        SparseError: when they do not fit together.
        ModelError: when they cannot be read.
    """
    tensors = model.tensors.tables
    one = Tables(tensors.buffer.with_fresh_budget(), tensors.name, tensors.positions[[tensor]])
    rows, parameters = one.table("sparsity")
    if not len(rows):
        raise SparseError("is not stored sparse")
    levels = parameters.vector("dim_metadata", 64)[1]
    order = parameters.ragged("traversal_order", 64).values.tolist()
    blocked = parameters.ragged("block_map", 64).values.tolist()
    rank = int(model.tensors.shape.counts[tensor])
    if sorted(order) != list(range(rank + len(blocked))) or len(levels) != len(order):
        raise SparseError("its levels are not its dimensions and blocks")
    if any(not 0 <= dimension < rank for dimension in blocked):
        raise SparseError("a block divides a dimension that there is not")
    segments, segment_bytes = _vectors(levels, "array_segments")
    indices, index_bytes = _vectors(levels, "array_indices")
    dense = (levels.scalar("format") == schema.enum_values("DimensionType")["DENSE"]).tolist()
    size = levels.scalar("dense_size").tolist()
    if any(is_dense and length <= 0 for is_dense, length in zip(dense, size, strict=True)):
        raise SparseError("a dense level has no size")
    if any(not dense[order.index(rank + block)] for block in range(len(blocked))):
        raise SparseError("a block is compressed inside, which no runtime reads")
    return Encoding(order, blocked, dense, size, segments, indices, segment_bytes + index_bytes)


def _vectors(levels: Tables, field: str) -> tuple[list[Array], int]:
    """The whole numbers of every level, in whichever width they are stored, and their bytes."""
    found = [np.zeros(0, np.int64)] * len(levels)
    members = schema.union_members("SparseIndexVector")
    types, total = levels.scalar(f"{field}_type"), 0
    for value in range(1, len(members)):
        mine = np.flatnonzero(types == value)
        there, vectors = levels.take(mine).table(field, members[value])
        column = vectors.ragged("values")
        total += column.values.nbytes
        for row, values in zip(mine[there].tolist(), column, strict=True):
            found[row] = values.astype(np.int64)
    return found, total


def positions(shape: tuple[int, ...], how: Encoding, stored: int) -> Array:
    """Where in the dense tensor, row-major, every one of so many stored elements goes. int64.

    Raises:
        SparseError: when the parameters lead out of the tensor, or to more or fewer elements than are stored.
    """
    rank, elements = len(shape), int(np.prod(shape, dtype=object))
    if elements > _MOST:
        raise SparseError(f"has more than {_MOST} elements")
    # No level has more places than there are elements in the end, or segments at a later level: what a file may make
    # of a few dense sizes stays in proportion to the file.
    most = min(elements, max(stored, *map(len, how.segments), 1))
    place, coordinates = np.zeros(1, np.int64), np.zeros((len(how.order), 1), np.int64)
    for level, is_dense in enumerate(how.dense):
        if is_dense:
            counts = np.full(len(place), how.size[level])
            following, here = None, None
        else:
            segments, indices = how.segments[level], how.indices[level]
            if len(segments) <= int(place.max(initial=-1)) + 1:
                raise SparseError("has too few segments")
            begin, counts = segments[place], np.diff(segments)[place]
            if (counts < 0).any() or (begin < 0).any() or int((begin + counts).max(initial=0)) > len(indices):
                raise SparseError("its segments lead out of its indices")
        if int(counts.sum()) > most:
            raise SparseError(f"tells of more than the {stored} elements that are stored")
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        if is_dense:
            following, here = np.repeat(place * how.size[level], counts) + within, within
        else:
            following = np.repeat(begin, counts) + within
            here = indices[following]
        coordinates = np.repeat(coordinates, counts, axis=1)
        coordinates[level], place = here, following
    level_of = {dimension: level for level, dimension in enumerate(how.order)}
    sizes = how.blocks
    index = [coordinates[level_of[dimension]] for dimension in range(rank)]
    for level in range(len(how.order)):
        block = how.order[level] - rank
        if block >= 0:
            index[how.blocked[block]] = index[how.blocked[block]] * sizes[block] + coordinates[level]
    if len(place) != stored:
        raise SparseError(f"tells where {len(place)} elements go and has {stored}")
    if any(((axis < 0) | (axis >= size)).any() for axis, size in zip(index, shape, strict=True)):
        raise SparseError("an index leads out of the tensor")
    return np.ravel_multi_index(tuple(index), shape).astype(np.int64) if rank else place


def stored_elements(model: Model, tensor: int) -> Array:
    """The elements of a sparse tensor that the file holds, as a view.

    Raises:
        SparseError: when the type is one that is never sparse, or the bytes are no whole number of elements.
    """
    dtype = dtype_name(int(model.tensors.type[tensor]))
    width = int(bits_of(model.tensors.type[tensor : tensor + 1])[0]) // 8
    data = model.buffer_data(int(model.tensors.buffer[tensor]))
    if dtype not in _TYPES or data.size % width:
        raise SparseError(f"its {data.size} bytes are no elements of {dtype}")
    return data.view(_TYPES[dtype])


def dense_values(model: Model, tensor: int) -> Array:
    """The dense tensor that a sparse one stands for; what is not stored is 0.

    Raises:
        SparseError: when the file makes no tensor of it.
        ModelError: when it cannot be read.
    """
    shape = tuple(model.tensors.shape[tensor].tolist())
    if any(size <= 0 for size in shape):
        raise SparseError("has no elements")
    values = stored_elements(model, tensor)
    where = positions(shape, encoding(model, tensor), len(values))
    dense = np.zeros(int(np.prod(shape)), values.dtype)
    dense[where] = values
    return dense.reshape(shape)


def dense_stored(model: Model, tensor: int) -> Stored:
    """The dense tensor that a sparse one stands for, as constants are read.

    Raises:
        SparseError: when the file makes no tensor of it.
        ModelError: when it cannot be read.
    """
    dense = dense_values(model, tensor)
    return Stored(
        dense.reshape(-1).view(np.uint8), dtype_name(int(model.tensors.type[tensor])), dense.shape, dense.size
    )
