"""Which operator of one model is which of another: a float model and its quantized form, or two versions of a network.

Three kinds of evidence, each with a confidence. Operators of the same type, fused activation and layer name are taken
for the same. Others are compared by their surroundings: type, shapes and neighbours up to three steps away, with what
only changes how numbers are stored (QUANTIZE, DEQUANTIZE, DENSIFY) looked through. What lies between two operators so
found is counted off in order, where both models have as many of a kind.

All of it is near-linear in the size of the models: sorting, and steps over columns.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .model import Model
from .options import option_column
from .ragged import Array, Ragged

TRANSPARENT = ("QUANTIZE", "DEQUANTIZE", "DENSIFY")
# How a pair was found. The confidences order the kinds of evidence; they are no measured error rates.
EVIDENCE = {"name": 1.0, "structure": 0.9, "order": 0.6, "type": 0.3}
_ROUNDS = 3
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Matching:
    """Pairs of operators, by the first model's order.

    Attributes:
        first, second: int64, global operator ids; none occurs twice.
        evidence: keys of :data:`EVIDENCE`, how each pair was found.
    """

    first: Array
    second: Array
    evidence: tuple[str, ...]

    @property
    def confidence(self) -> Array:
        """Float64, one per pair, from 0 to 1."""
        return np.array([EVIDENCE[how] for how in self.evidence], np.float64)


def match(first: Model, second: Model, *, names: bool = True) -> Matching:
    """Matches the operators of two models.

    Args:
        first: one model.
        second: the other.
        names: whether names of layers count as evidence.
    """
    sides = [_Side(first), _Side(second)]
    found: dict[int, tuple[int, str]] = {}
    if names:
        for pair in _unique(*(side.named() for side in sides)):
            found[pair[0]] = (pair[1], "name")
    taken = {second for second, _ in found.values()}
    for a, b in _unique(*(side.surroundings() for side in sides)):
        if a not in found and b not in taken:
            found[a] = (b, "structure")
            taken.add(b)
    for how, keys in (("order", [side.shaped() for side in sides]), ("type", [side.typed() for side in sides])):
        anchors = _increasing(sorted((a, b) for a, (b, _) in found.items()))
        for a, b in _counted_off(anchors, *keys, set(found), {b for b, _ in found.values()}):
            found[a] = (b, how)
    rows = sorted((a, b, how) for a, (b, how) in found.items())
    return Matching(
        np.array([a for a, _, _ in rows], np.int64),
        np.array([b for _, b, _ in rows], np.int64),
        tuple(how for _, _, how in rows),
    )


def source_tensors(model: Model) -> Array:
    """Int64 per tensor: the tensor that it holds the values of, behind QUANTIZE, DEQUANTIZE and DENSIFY."""
    source = np.arange(len(model.tensors))
    operators = model.operators
    some = np.flatnonzero(_is_transparent(model) & (operators.inputs.counts > 0) & (operators.outputs.counts > 0))
    read = operators.inputs.values[operators.inputs.offsets[some]].astype(np.int64)
    written = operators.outputs.values[operators.outputs.offsets[some]].astype(np.int64)
    known = (read >= 0) & (written >= 0)
    source[written[known]] = read[known]
    # Each step doubles how far is seen; a hostile file may have cycles, which end with the count.
    for _ in range(max(len(some), 1).bit_length() + 1):
        source = source[source]
    return source


def _is_transparent(model: Model) -> Array:
    wanted = np.array([name in TRANSPARENT for name in model.operators.type_names], bool)
    return wanted[model.operators.type] if len(wanted) else np.zeros(0, bool)


class _Side:
    """One model's operators, and what each is known by. Only those that compute are in the mappings."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.rows = np.flatnonzero(~_is_transparent(model))
        activation = np.zeros(len(model.operators), np.int64)
        fused, values = option_column(model, "fused_activation_function")
        activation[fused] = values
        types = np.array([zlib.crc32(name.encode()) for name in model.operators.type_names], np.uint64)
        kind = types[model.operators.type] if len(types) else np.zeros(0, np.uint64)
        # One number for what the operator is: its subgraph, type and fused activation.
        self.kind = _mixed(_mixed(kind, activation.astype(np.uint64)), model.operators.subgraph.astype(np.uint64))

    def named(self) -> dict[int, Hashable]:
        """By kind and the names that its first output joins."""
        layers, kinds = self.model.layer_names, self.kind.tolist()
        named = ((row, components(layers[row])) for row in self.rows.tolist())
        return {row: (kinds[row], parts) for row, parts in named if parts}

    def typed(self) -> dict[int, Hashable]:
        """By kind alone."""
        return dict(zip(self.rows.tolist(), self.kind[self.rows].tolist(), strict=True))

    def shaped(self) -> dict[int, Hashable]:
        """By kind, shapes read and shapes written."""
        return dict(zip(self.rows.tolist(), self._labels()[self.rows].tolist(), strict=True))

    def surroundings(self) -> dict[int, Hashable]:
        """By kind and shapes of itself and of what lies around it."""
        model, source = self.model, source_tensors(self.model)
        inputs = model.operators.inputs
        there = np.flatnonzero(inputs.values >= 0)
        reader = inputs.rows[there]
        place = (there - inputs.offsets[reader]).astype(np.uint64)
        writer = model.producer[source[inputs.values[there]]]
        inner = (writer >= 0) & np.isin(reader, self.rows)
        reader, place, writer = reader[inner], place[inner], writer[inner]
        labels = self._labels()
        for _ in range(_ROUNDS):
            before, after = np.zeros_like(labels), np.zeros_like(labels)
            np.add.at(before, reader, _mixed(labels[writer], place))
            np.add.at(after, writer, _mixed(labels[reader], np.uint64(7)))
            labels = _mixed(_mixed(labels, before), after)
        return dict(zip(self.rows.tolist(), labels[self.rows].tolist(), strict=True))

    def _labels(self) -> Array:
        operators = self.model.operators
        shapes = _numbers(self.model.tensors.shape)
        read = _listed(operators.inputs, shapes[source_tensors(self.model)])
        return _mixed(_mixed(self.kind, read), _listed(operators.outputs, shapes))


def _mixed(one: Array, other: Array | np.uint64) -> Array:
    """Hashes of pairs of numbers, uint64: an xor-multiply finaliser on both in turn."""
    mixed = (one ^ (one >> np.uint64(29))) * _ODD + np.asarray(other, np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _ODD
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _numbers(column: Ragged) -> Array:
    """A hash of every row of a ragged column of integers, uint64; order counts."""
    place = np.arange(len(column.values), dtype=np.int64) - column.offsets[:-1][column.rows]
    cells = _mixed(column.values.astype(np.int64).view(np.uint64), place.astype(np.uint64))
    hashes = column.counts.astype(np.uint64)
    np.add.at(hashes, column.rows, cells)
    return hashes


def _listed(operands: Ragged, hashes: Array) -> Array:
    """A hash of every operator's operands, uint64; those left out count for nothing."""
    there = np.flatnonzero(operands.values >= 0)
    rows = operands.rows[there]
    place = (there - operands.offsets[:-1][rows]).astype(np.uint64)
    found = np.zeros(len(operands), np.uint64)
    np.add.at(found, rows, _mixed(hashes[operands.values[there]], place))
    return found


def components(name: str) -> frozenset[str]:
    """The layers that a converter's name joins, without output numbers and the digits that make names unique."""
    parts = (re.sub(r"(?<=\D)\d{1,2}$", "", re.sub(r":\d+$", "", part)) for part in name.split(";"))
    return frozenset(part for part in parts if part)


def _unique(first: Mapping[int, Hashable], second: Mapping[int, Hashable]) -> list[tuple[int, int]]:
    """Pairs of rows with a key that both sides have exactly once."""
    counts = [Counter(side.values()) for side in (first, second)]
    place = {key: row for row, key in second.items()}
    return [(row, place[key]) for row, key in first.items() if counts[0][key] == 1 and counts[1][key] == 1]


def _increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs, sorted by the first, whose second increases too (patience sorting)."""
    tails: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for row, (_, second) in enumerate(pairs):
        pile = bisect_left(tails, second)
        before.append(at[pile - 1] if pile else -1)
        tails[pile : pile + 1] = [second]
        at[pile : pile + 1] = [row]
    run, row = [], at[-1] if at else -1
    while row >= 0:
        run.append(pairs[row])
        row = before[row]
    return run[::-1]


def _counted_off(
    anchors: Sequence[tuple[int, int]],
    first: Mapping[int, Hashable],
    second: Mapping[int, Hashable],
    done: set[int],
    taken: set[int],
) -> Iterable[tuple[int, int]]:
    """Pairs between the anchors: the n-th of a key with the n-th, where a gap holds as many on both sides."""
    waiting = [
        _by_gap([pair[side] for pair in anchors], keys, left_out)
        for side, (keys, left_out) in enumerate(((first, done), (second, taken)))
    ]
    for place, rows in waiting[0].items():
        others = waiting[1].get(place, [])
        if len(rows) == len(others):
            yield from zip(rows, others, strict=True)


def _by_gap(
    anchors: Sequence[int], keys: Mapping[int, Hashable], left_out: set[int]
) -> dict[tuple[int, Hashable], list[int]]:
    found: dict[tuple[int, Hashable], list[int]] = {}
    for row, key in keys.items():
        if row not in left_out:
            found.setdefault((bisect_left(anchors, row), key), []).append(row)
    return found
