"""A closer look at pairs of tensors, in the child process: a sample of their values, sums by channel; both bounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..analysis.ragged import Array

# What a look is at: the values after both models went their own way, or after an operator alone.
KINDS = ("whole", "local")
# Columns of the sums by channel. The channel is the place along the last axis, where TensorFlow Lite has channels.
CHANNEL_SUMS = ("elements", "reference2", "error", "error2")
POINTS = 400  # of a pair of tensors: more dots in a picture cover each other
_FEWEST_POINTS = 16
_ALL_POINTS = 1 << 18
MOST_CHANNELS = 1 << 14  # of a tensor
_ALL_CHANNELS = 1 << 18


class Looks:
    """Collects looks at pairs of tensors.

    Args:
        pairs: how many there are.
        samples: how many inputs both are run on.
        seed: of the choice of elements; the same elements are taken of both kinds.
    """

    def __init__(self, pairs: int, samples: int, seed: int) -> None:
        self._samples, self._seed = samples, seed
        self._each = min(POINTS, max(_FEWEST_POINTS, _ALL_POINTS // max(pairs, 1)))
        # Reference and value; the first of each pair is where the largest error is.
        self.points = np.full((len(KINDS), pairs, 1 + self._each, 2), np.nan, np.float32)
        self._channels: dict[int, Array] = {}
        self._counted = 0

    def look(self, kind: int, row: int, sample: int, shape: tuple[int, ...]) -> Look:
        """Begins a look at one sample of a pair of tensors of this shape; ``kind`` is a place in :data:`KINDS`."""
        size = int(np.prod(shape, dtype=np.int64))
        # Samples share the points, so that none is left out while there are more points than samples.
        first, end = (self._each * part // self._samples for part in (sample, sample + 1))
        chosen = np.arange(size)
        if size > end - first:
            random = np.random.default_rng((self._seed, row, sample))
            chosen = np.sort(random.choice(size, end - first, replace=False, shuffle=False))
        return Look(chosen, self.points[kind, row], 1 + first, self._sums(kind, row, shape))

    def _sums(self, kind: int, row: int, shape: tuple[int, ...]) -> Array | None:
        """Where sums of the channels go, float64 [sums, channels]; None where they are not kept."""
        count = shape[-1] if shape else 1
        if row not in self._channels and 0 < count <= MOST_CHANNELS and self._counted + count <= _ALL_CHANNELS:
            self._channels[row] = np.zeros((len(KINDS), len(CHANNEL_SUMS), count))
            self._counted += count
        sums = self._channels.get(row)
        # The shape of an output may depend on the sample: channels are then those of the first.
        return None if sums is None or sums.shape[2] != count else sums[kind]

    def result(self) -> dict[str, Array]:
        """``points``, float32 [kinds, pairs, points, 2] of reference and value, NaN where there is none; ``channels``,
        int64 [pairs], how many are kept; ``channel_sums``, float64 [kinds, sums, all channels].
        """
        rows = sorted(self._channels)
        channels = np.zeros(self.points.shape[1], np.int64)
        channels[rows] = [self._channels[row].shape[2] for row in rows]
        empty = np.zeros((len(KINDS), len(CHANNEL_SUMS), 0))
        sums = np.concatenate([empty, *(self._channels[row] for row in rows)], axis=2)
        return {"points": self.points, "channels": channels, "channel_sums": sums}


@dataclass
class Look:
    """One sample of a pair of tensors, given block by block.

    Attributes:
        chosen: the elements whose values are kept, ascending.
        points: where they go, from place ``at`` on.
        at: as said.
        sums: by channel, or None.
    """

    chosen: Array
    points: Array
    at: int
    sums: Array | None

    def add(self, begin: int, expected: Array, real: Array, finite: Array) -> None:
        """Adds a block of values from element ``begin`` on, with zeros where they are not finite."""
        first, end = np.searchsorted(self.chosen, (begin, begin + len(real))).tolist()
        places = self.chosen[first:end] - begin
        with np.errstate(over="ignore"):  # beyond float32, and squares beyond float64: infinite, and left out later
            kept = np.stack([expected[places], real[places]], axis=1).astype(np.float32)
            if self.sums is not None:
                error = real - expected
                for row, values in enumerate((finite, expected**2, error, error**2)):
                    self.sums[row] += _by_channel(values, begin, self.sums.shape[1])
        kept[~finite[places]] = np.nan
        self.points[self.at + first : self.at + end] = kept

    def largest(self, expected: float, real: float) -> None:
        """Keeps the values where the error is the largest so far."""
        with np.errstate(over="ignore"):
            self.points[0] = np.array([expected, real]).astype(np.float32)


def _by_channel(values: Array, begin: int, channels: int) -> Array:
    """Sums over all but the last axis of flat values that start at element ``begin``."""
    lead = begin % channels
    rows = -(-(lead + len(values)) // channels)
    padded = np.zeros(rows * channels)
    padded[lead : lead + len(values)] = values
    return np.asarray(padded.reshape(rows, channels).sum(axis=0))
