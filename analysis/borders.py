"""What crosses the borders of partitions: tensors that one side writes and the other reads, and their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .model import Model
from .ragged import Array, Ragged, offsets_of
from .report import Finding

_MOST_FINDINGS = 100


@dataclass(frozen=True)
class Borders:
    """Tensors across borders, each counted once per partition and direction. Constants do not cross.

    Attributes:
        reads: per operator, the tensors that its partition reads from outside and this operator is the first to read.
        writes: per operator, the tensors that it writes and something outside its partition reads.
        operator_bytes: int64 per operator, bytes of both.
        bytes_known: bool per operator, False where a tensor's size is not known before running.
        partition_tensors: int64, partitions x (in, out).
        partition_bytes: int64, partitions x (in, out), of the tensors whose size is known.
        partition_unknown: int64, partitions x (in, out), tensors whose size is not.
    """

    reads: Ragged
    writes: Ragged
    operator_bytes: Array
    bytes_known: Array
    partition_tensors: Array
    partition_bytes: Array
    partition_unknown: Array

    @classmethod
    def of(cls, model: Model, partition: Array, count: int, inputs: Ragged | None = None) -> Borders:
        """The borders of ``count`` partitions.

        Args:
            model: the model.
            partition: the partition of each operator, -1 for none.
            count: how many there are.
            inputs: what operators really read, where that is not what the file says; -1 for nothing.
        """
        inputs = model.operators.inputs if inputs is None else inputs
        sides = (_reads(model, partition, inputs), _writes(model, partition, inputs))
        size = model.tensors.nbytes
        operators = len(model.operators)
        operator_bytes, known = np.zeros(operators, np.int64), np.ones(operators, bool)
        totals = np.zeros((3, count, 2), np.int64)
        for side, (rows, tensors) in enumerate(sides):
            there = size[tensors] >= 0
            np.add.at(operator_bytes, rows[there], size[tensors[there]])
            known[rows[~there]] = False
            np.add.at(totals[0, :, side], partition[rows], 1)
            np.add.at(totals[1, :, side], partition[rows[there]], size[tensors[there]])
            np.add.at(totals[2, :, side], partition[rows[~there]], 1)
        ragged = [_ragged(rows, tensors, operators) for rows, tensors in sides]
        return cls(ragged[0], ragged[1], operator_bytes, known, totals[0], totals[1], totals[2])

    def findings(self, subgraphs: list[int], sizes: list[int]) -> list[Finding]:
        """One line per partition."""
        found = []
        for row, (subgraph, size) in enumerate(zip(subgraphs[:_MOST_FINDINGS], sizes, strict=False)):
            sides = (f"reads {self._side(row, 0)}", f"writes {self._side(row, 1)}")
            where = f" of subgraph {subgraph}" if subgraph else ""
            found.append(
                Finding("note", "partition-border", f"partition {row}: {size} operators{where}; {'; '.join(sides)}")
            )
        if len(subgraphs) > _MOST_FINDINGS:
            found.append(Finding("note", "partition-border", f"and {len(subgraphs) - _MOST_FINDINGS} more partitions"))
        return found

    def _side(self, row: int, side: int) -> str:
        tensors, unknown = int(self.partition_tensors[row, side]), int(self.partition_unknown[row, side])
        text = f"{tensors} tensor{'' if tensors == 1 else 's'}, {int(self.partition_bytes[row, side]):,} bytes"
        return text + (f" and {unknown} of unknown size" if unknown else "")


def reading_instead(inputs: Ragged, which: Array, instead: Mapping[int, int]) -> Ragged:
    """The inputs of operators, with some tensors in place of others for those of a mask."""
    if not instead:
        return inputs
    old, new = (np.fromiter(side, np.int64, len(instead)) for side in (instead.keys(), instead.values()))
    order = np.argsort(old)
    old, new = old[order], new[order]
    place = np.minimum(np.searchsorted(old, inputs.values), len(old) - 1)
    swapped = which[inputs.rows] & (old[place] == inputs.values)
    return Ragged(inputs.offsets, np.where(swapped, new[place], inputs.values))


def _reads(model: Model, partition: Array, inputs: Ragged) -> tuple[Array, Array]:
    """Operator and tensor of what partitions read from outside; the operator is the first of the partition to do so."""
    rows, tensors = inputs.rows, inputs.values
    keep = (tensors >= 0) & (partition[rows] >= 0)
    keep[keep] &= ~model.is_constant[tensors[keep]]
    rows, tensors = rows[keep], tensors[keep]
    writer = model.producer[tensors]
    outside = (writer < 0) | (partition[writer] != partition[rows])
    rows, tensors = rows[outside], tensors[outside]
    _, first = np.unique(partition[rows].astype(np.int64) * len(model.tensors) + tensors, return_index=True)
    first.sort()
    return rows[first], tensors[first]


def _writes(model: Model, partition: Array, inputs: Ragged) -> tuple[Array, Array]:
    """Operator and tensor of what partitions write and others read: other operators, or whoever runs the subgraph."""
    outputs = model.operators.outputs
    rows, tensors = outputs.rows, outputs.values
    keep = (tensors >= 0) & (partition[rows] >= 0)
    rows, tensors = rows[keep], tensors[keep]
    needed = np.zeros(len(model.tensors), bool)
    results = model.subgraphs.outputs.values
    needed[results[results >= 0]] = True
    there = inputs.values >= 0
    readers, read = inputs.rows[there], inputs.values[there]
    writer = model.producer[read]
    needed[read[(writer >= 0) & (partition[readers] != partition[writer])]] = True
    crossing = needed[tensors]
    return rows[crossing], tensors[crossing]


def _ragged(rows: Array, tensors: Array, count: int) -> Ragged:
    order = np.argsort(rows, kind="stable")
    return Ragged(offsets_of(np.bincount(rows, minlength=count)), tensors[order].astype(np.int32))
