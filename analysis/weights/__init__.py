"""What the weights are like and how far they could be packed: the ``weights`` report. docs/weights.md defines it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..model import Model
from ..quantization.findings import of_tensors
from ..ragged import Array
from ..report import Column, Finding, Provenance, Report
from .facts import Weight, Weights, dense_bytes, weights_of

__all__ = ["weights"]
# TensorFlow Lite Micro's compressed tensors index a table of values per channel with up to so many bits
# (docs/compression.md of tflite-micro 90b983c2).
_MOST_LUT_BITS = 7
# A channel tells of clusters only when it is so many times longer than it has values.
_CLUSTERED = 2
_MOST_CLUSTERS = 64
_MOST_ZEROS = 0.3


def weights(model: Model) -> Report:
    """One row per tensor; figures for the weights that operators read, of tensors that share a buffer for one."""
    found = weights_of(model)
    columns = _columns(model, found)
    stored_bytes = int(model.constant_bytes[found.tensors].sum())
    cells = {column.name: column for column in columns}
    summary = {
        "tensors": len(found.tensors),
        "unreadable": len(found.unreadable),
        "elements": sum(weight.statistics.count for weight in found.of),
        "stored_bytes": stored_bytes,
        "dense_bytes": int(dense_bytes(model, found).sum()),
        "zeros": sum(weight.statistics.zeros for weight in found.of),
        "deflated_bytes": int(np.asarray(cells["deflated_bytes"].values).sum()),
        "copied_bytes": _copied_bytes(model, found),
        "zero_channels": sum(weight.statistics.zero_channels or 0 for weight in found.of),
    }
    return Report("weights", summary, columns, tuple(_findings(model, found)), over="tensors")


def _copied_bytes(model: Model, found: Weights) -> int:
    return sum(int(model.constant_bytes[group[0]]) * (len(group) - 1) for group in found.copies)


def _columns(model: Model, found: Weights) -> tuple[Column, ...]:
    def column(
        name: str, unit: str, doc: str, of: Callable[[Weight], float | None], provenance: Provenance = "declared",
        *, additive: bool | None = None,
    ) -> Column:  # fmt: skip
        cells = [of(weight) for weight in found.of]
        known = np.array([cell is not None and math.isfinite(cell) for cell in cells], bool)
        values, valid = np.zeros(len(model.tensors)), np.zeros(len(model.tensors), bool)
        values[found.tensors[known]] = [cell for cell, ok in zip(cells, known.tolist(), strict=True) if ok]
        valid[found.tensors[known]] = True
        if (np.abs(values) < 2**53).all() and (values == np.floor(values)).all():
            values = values.astype(np.int64)
        return Column(name, values, unit, "quantity", provenance, doc, valid, additive)

    sizes = dict(zip(found.tensors.tolist(), model.constant_bytes[found.tensors].tolist(), strict=True))
    stored_bytes = np.zeros(len(model.tensors), np.int64)
    read = np.zeros(len(model.tensors), bool)
    for tensor, size in sizes.items():
        stored_bytes[tensor], read[tensor] = size, True
    return (
        Column("stored_bytes", stored_bytes, "By", "quantity", "declared", "bytes in the file", read),
        column("elements", "{element}", "elements, those that are not stored included", lambda w: w.statistics.count),
        column("zero_share", "1", "share of elements that stand for 0", _zero_share),
        column("low", "1", "smallest stored value", lambda w: w.statistics.low),
        column("high", "1", "largest stored value", lambda w: w.statistics.high),
        column("mean", "1", "mean of stored values", lambda w: w.statistics.mean),
        column("deviation", "1", "standard deviation of stored values", lambda w: w.statistics.deviation),
        column("kurtosis", "1", "heaviness of the tails, 3 for normal values", lambda w: w.statistics.kurtosis),
        column("nonfinite", "1", "infinities and NaNs", lambda w: w.statistics.nonfinite, additive=True),
        column("unique", "1", "different stored values", lambda w: w.statistics.unique),
        column("channel_unique", "1", "different values in the output channel that has most", _most),
        column("entropy", "bit", "information of an element by the distribution of values", _entropy, additive=False),
        column("palette_bytes", "By", "size as places in a table of its different values", _palette, "simulated"),
        column("lut_bytes", "By", "size as TensorFlow Lite Micro packs it, a table per channel", _lut, "simulated"),
        column("huffman_bytes", "By", "size with the best code of whole bits, its table left out",
               lambda w: w.statistics.huffman, "simulated"),
        column("deflated_bytes", "By", "size with deflate; of more than 64 KiB estimated from a part",
               lambda w: w.deflated, "simulated"),
    )  # fmt: skip


def _zero_share(weight: Weight) -> float:
    return weight.statistics.zeros / weight.statistics.count


def _most(weight: Weight) -> int | None:
    return None if weight.statistics.channel_unique is None else weight.statistics.channel_unique[1]


def _entropy(weight: Weight) -> float | None:
    """Of few elements with many values it tells of their number only."""
    unique = weight.statistics.unique
    enough = unique is not None and weight.statistics.count >= 64 * unique
    return weight.statistics.entropy if enough else None


def _palette(weight: Weight) -> int | None:
    """Places of whole bits, and the table, in the width of an element: 4 bytes at most."""
    unique, count = weight.statistics.unique, weight.statistics.count
    if unique is None or unique > 256:
        return None
    return (count * max(1, math.ceil(math.log2(max(unique, 2)))) + 7) // 8 + 4 * unique


def _lut(weight: Weight) -> int | None:
    most = _most(weight)
    if most is None or weight.statistics.channel_unique is None:
        return None
    bits = max(1, math.ceil(math.log2(max(most, 2))))
    if bits > _MOST_LUT_BITS or weight.channels is None:
        return None
    return (weight.statistics.count * bits + 7) // 8 + weight.channels * (1 << bits) * max(weight.bits // 8, 1)


def _findings(model: Model, found: Weights) -> Iterator[Finding]:
    def those(test: Callable[[Weight], bool]) -> Array:
        kept: Array = found.tensors[np.array([test(weight) for weight in found.of], bool)]
        return kept

    yield from of_tensors(
        model, "error", "weights-nonfinite", those(lambda weight: weight.statistics.nonfinite > 0),
        "weights are infinite or no number",
    )  # fmt: skip
    if found.copies:
        tensors = np.array(sorted(tensor for group in found.copies for tensor in group[1:]), np.int64)
        yield from of_tensors(
            model, "warning", "weights-copied", tensors,
            f"the same bytes are in another buffer; one buffer for all saves {_copied_bytes(model, found):,} bytes",
        )  # fmt: skip
    yield from of_tensors(
        model, "note", "weights-clustered", those(_is_clustered),
        f"no output channel has more than {_MOST_CLUSTERS} different values: they compress well",
    )  # fmt: skip
    yield from of_tensors(
        model, "note", "weights-zero-channels", those(lambda weight: bool(weight.statistics.zero_channels)),
        "output channels hold nothing but zero: a smaller layer does the same",
    )  # fmt: skip
    if found.unreadable:
        reasons = "; ".join(sorted(set(found.unreadable.values()))[:3])
        yield from of_tensors(
            model, "note", "weights-unread", np.array(sorted(found.unreadable), np.int64),
            f"the values were not looked at: {reasons}",
        )  # fmt: skip


def _is_clustered(weight: Weight) -> bool:
    most, channels = _most(weight), weight.channels
    if most is None or channels is None:
        return False
    figures = weight.statistics
    is_long = figures.count // channels > _CLUSTERED * most
    # Zeros are one value, and types of few bits have few.
    is_chosen = figures.zeros < _MOST_ZEROS * figures.count and most <= 1 << weight.bits - 2
    return 1 < most <= _MOST_CLUSTERS and is_long and is_chosen


def summary_rows(model: Model, report: Report) -> list[dict[str, Any]]:
    """The weights as plain rows, the largest first: what a table of them shows."""
    cells = report.cells()
    known = [tensor for tensor, size in enumerate(cells["stored_bytes"]) if size is not None]
    known.sort(key=lambda tensor: (-cells["stored_bytes"][tensor], tensor))
    return [
        {"tensor": tensor, "name": model.tensors.name[tensor], **{name: of[tensor] for name, of in cells.items()}}
        for tensor in known
    ]
