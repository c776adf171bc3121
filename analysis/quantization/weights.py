"""Checks of quantized weights: whether the stored values make good use of the range they have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..dtypes import dtype_name
from ..model import Model
from ..ragged import Array
from ..values import INTEGERS
from .channels import BLOCKWISE, PER_TENSOR, Channels, Weights, numbers
from .findings import Found, of_operators
from .modes import is_type

# Choices, not standards; docs/quantization.md tells them.
_FEW_BITS = 5.0
_UNDERUSED = 0.9
_CLIPPED_SHARE, _CLIPPED_LEAST, _CLIPPED_RATIO = 0.01, 8, 4
# Nothing is multiplied with a table that is looked up: it has what parameters it likes.
_TABLES = ("GATHER", "EMBEDDING_LOOKUP")


def rows_of(model: Model, weights: Weights, channels: Channels) -> tuple[Array, Array]:
    """The operators that read weights which were looked at, and the rows of these in ``channels``. Both int64."""
    row = np.full(len(model.tensors), -1, np.int64)
    row[channels.tensors] = np.arange(len(channels.tensors))
    found = row[weights.constant]
    return weights.operator[found >= 0], found[found >= 0]


def check_weights(model: Model, weights: Weights, channels: Channels) -> Iterator[Found]:
    """Findings on the weights of operators, those of signed types."""
    operators, rows = rows_of(model, weights, channels)
    signed = channels.signed[channels.offsets[:-1]]
    kept = ~is_type(model, *_TABLES)[operators] & signed[rows]
    operators, rows = operators[kept], rows[kept]
    yield from of_operators(
        model, "error", "quant-asymmetric-weights", operators[(channels.sums(channels.zero_point != 0) > 0)[rows]],
        "weights with a zero point other than 0: the kernels of signed weights take it for 0",
    )  # fmt: skip
    yield from _coarse(model, channels, operators, rows)
    yield from _unused(model, channels, operators, rows)
    clipped = _clipped(model, channels)
    yield from of_operators(
        model, "warning", "quant-clipped", operators[(clipped > 0)[rows]],
        "values pile up at the end of a channel's range: larger weights were cut off",
        _parts(channels, operators, rows, clipped),
    )  # fmt: skip
    narrow = channels.sums((channels.low == -128) & (channels.bits == 8))
    yield from of_operators(
        model, "note", "quant-narrow-range", operators[(narrow > 0)[rows]],
        "weights hold -128: the specification has them from -127, which some kernels rely on",
    )  # fmt: skip


def _parts(channels: Channels, operators: Array, rows: Array, counts: Array) -> dict[int, str]:
    """How many of the channels it is, by operator."""
    told = zip(operators.tolist(), counts[rows].tolist(), channels.counts[rows].tolist(), strict=True)
    return {operator: f"{part} of {whole} channels" for operator, part, whole in told if part}


def _coarse(model: Model, channels: Channels, operators: Array, rows: Array) -> Iterator[Found]:
    """One scale for channels of different size."""
    several = (model.quantization.kind[channels.tensors] == PER_TENSOR) & (channels.counts > 1)
    weakest = channels.smallest(channels.effective_bits, ~channels.zero)
    mine = (several & np.isfinite(weakest))[rows]
    weak = is_type(model, "DEPTHWISE_CONV_2D")[operators] | (weakest[rows] < _FEW_BITS)
    details = {
        operator: f"its weakest channel keeps {bits:.1f} bits"
        for operator, bits in zip(operators[mine].tolist(), weakest[rows[mine]].tolist(), strict=True)
    }
    yield from of_operators(
        model, "warning", "quant-per-tensor-weak", operators[mine & weak],
        f"one scale for all channels, where a channel is left with less than {_FEW_BITS:g} bits or the operator is "
        "depthwise: quantize per channel", details,
    )  # fmt: skip
    yield from of_operators(
        model, "note", "quant-per-tensor", operators[mine & ~weak], "one scale for all channels of the weights", details
    )


def _unused(model: Model, channels: Channels, operators: Array, rows: Array) -> Iterator[Found]:
    """Scales that are larger than the values need; int2 has nothing between none and all of its range."""
    own = model.quantization.kind[channels.tensors] != PER_TENSOR
    used = ~channels.zero & (channels.bits > 2)
    best = -channels.smallest(-channels.range_use, used)
    mine = (own & np.isfinite(best) & (best < _UNDERUSED))[rows]
    details = {
        operator: f"the best {share:.0%}"
        for operator, share in zip(operators[mine].tolist(), best[rows[mine]].tolist(), strict=True)
    }
    yield from of_operators(
        model, "warning", "quant-range-use", operators[mine],
        "no channel of the weights reaches 90 % of its range: the scales are larger than the values need", details,
    )  # fmt: skip


def _clipped(model: Model, channels: Channels) -> Array:
    """Per tensor, how many of its channels have a pile at an end that the levels next to it do not explain. int64."""
    size = np.repeat(channels.size, channels.counts)
    block = np.repeat(model.quantization.kind[channels.tensors] == BLOCKWISE, channels.counts)
    piled = (channels.ends >= _CLIPPED_LEAST) & (channels.ends >= _CLIPPED_SHARE * size) & (channels.bits >= 4)
    piled &= ~channels.zero & channels.signed & ~block
    found = np.zeros(len(channels.tensors), np.int64)
    for row in np.flatnonzero(channels.sums(piled)).tolist():
        start, stop = channels.offsets[row : row + 2].tolist()
        suspects = np.flatnonzero(piled[start:stop])
        ends = channels.ends[start:stop][suspects]
        found[row] = _piles(model, int(channels.tensors[row]), int(channels.axis[row]), suspects, ends)
    return found


def _piles(model: Model, tensor: int, axis: int, suspects: Array, ends: Array) -> int:
    """How many of the suspected channels have at their ends over four times what each of the levels below holds.

    The upper quarter of the levels counts, and at least half of them must occur: weights that are drawn from a few
    clusters are at the end by their nature.
    """
    values = numbers(model, tensor)
    if values is None:
        return 0
    top = INTEGERS[dtype_name(int(model.tensors.type[tensor]))][1]
    quarter = (top + 1) // 4
    near = np.zeros((len(suspects), quarter), np.int64)
    blocks = values.by_channel(axis) if axis >= 0 else ((slice(0, 1), b.reshape(1, 1, -1)) for _, b in values.blocks())
    for place, block in blocks:
        for k in np.flatnonzero((suspects >= place.start) & (suspects < place.stop)).tolist():
            level = np.abs(block[:, suspects[k] - place.start].astype(np.int64)).reshape(-1) - (top - quarter)
            near[k] += np.bincount(level[(level >= 0) & (level < quarter)], minlength=quarter)
    spread = 2 * (near > 0).sum(1) >= quarter
    return int((spread & (ends > _CLIPPED_RATIO * near.mean(1))).sum())
