"""Rows of a delegate's profile to the operators of its partition: both are in the order of execution.

Every operator takes a run of rows that follow each other, possibly none. A run is the likelier the better its rows fit
the operator; the likeliest division is taken. The share that all divisions with the same answer have in the likelihood
of all divisions is the confidence in it (the forward-backward sums of a hidden Markov model with durations).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..analysis.ragged import Array
from .kernels import Fit

# Log weights. Their sizes are judgements; benchmarks/profile.py measures what comes of them.
_BEFORE, _AFTER = -0.7, -3.0  # a row before the main one, and after it
_AGAIN, _PART = -3.0, -0.3  # a second main row; one more part
_MISTYPED, _ALIEN, _NO_MAIN = -3.0, -9.0, -4.0
_ABSENT, _ELIDED, _SKIPPED = 0.0, -1.5, -7.0  # an operator without rows
_LONGEST, _LONGEST_SEVERAL = 4, 40  # rows of one operator
_BLOCK = 400  # operators that are looked at together; the second half of each block is looked at again


@dataclass(frozen=True)
class Alignment:
    """What was found.

    Attributes:
        operator: int64 per row, its operator's place in the partition; -1 for a row that fits none.
        confidence: float64 per row, 0 to 1; NaN where it has no operator.
        likelihood: log of the sum over all divisions; -inf when there is none.
    """

    operator: Array
    confidence: Array
    likelihood: float


def align(fit: Fit) -> Alignment:
    """Divides the rows among the operators. A partition that is too long for one go is divided piece by piece."""
    rows, operators = fit.main.shape
    owner, confidence = np.full(rows, -1, np.int64), np.full(rows, np.nan)
    row = operator = 0
    likelihood = 0.0
    while operator < operators:
        stop = min(operator + _BLOCK, operators)
        last = stop == operators
        end = rows if last else min(rows, row + 2 * _BLOCK)
        bounds, sure, found = _block(_part(fit, slice(row, end), slice(operator, stop)), open_end=not last)
        if not np.isfinite(found):
            return Alignment(np.full(rows, -1, np.int64), np.full(rows, np.nan), -np.inf)
        kept = stop - operator if last else _BLOCK // 2
        likelihood += found
        for j in range(kept):
            owner[row + bounds[j] : row + bounds[j + 1]] = operator + j
        confidence[row : row + bounds[kept]] = sure[: bounds[kept]]
        row, operator = row + int(bounds[kept]), operator + kept
    owned = np.flatnonzero(owner >= 0)
    alien = owned[~(fit.main | fit.before | fit.after[:, None])[owned, owner[owned]]]
    owner[alien], confidence[alien] = -1, np.nan
    return Alignment(owner, confidence, likelihood)


def _part(fit: Fit, rows: slice, operators: slice) -> Fit:
    return Fit(
        fit.main[rows, operators], fit.before[rows, operators], fit.after[rows], fit.typed[rows, operators],
        fit.several[operators], fit.elided[operators], fit.absent[operators],
    )  # fmt: skip


def _block(fit: Fit, *, open_end: bool) -> tuple[Array, Array, float]:
    """Bounds between the operators' rows, confidence per row, and the log likelihood.

    With ``open_end`` rows may be left over at the end.
    """
    rows, operators = fit.main.shape
    forward = np.full((operators + 1, rows + 1), -np.inf)
    best = forward.copy()
    taken = np.zeros((operators + 1, rows + 1), np.int32)
    forward[0, 0] = best[0, 0] = 0.0
    for j in range(operators):
        for length, weight in enumerate(_weights(fit, j)):
            begin = rows + 1 - length
            np.logaddexp(forward[j + 1, length:], forward[j, :begin] + weight, out=forward[j + 1, length:])
            candidate = best[j, :begin] + weight
            better = candidate > best[j + 1, length:]
            best[j + 1, length:][better] = candidate[better]
            taken[j + 1, length:][better] = length
    end = int(np.argmax(best[-1])) if open_end else rows
    total = float(np.logaddexp.reduce(forward[-1])) if open_end else float(forward[-1, -1])
    bounds = np.zeros(operators + 1, np.int64)
    if not np.isfinite(best[-1, end]):
        return bounds, np.full(rows, np.nan), -np.inf
    bounds[-1] = end
    for j in range(operators, 0, -1):
        bounds[j - 1] = bounds[j] - taken[j, bounds[j]]
    return bounds, _confidence(fit, forward, bounds, total, open_end=open_end), total


def _confidence(fit: Fit, forward: Array, bounds: Array, total: float, *, open_end: bool) -> Array:
    """For every row the probability that it is its operator's."""
    rows, operators = fit.main.shape
    sure = np.zeros(rows)
    backward = np.zeros(rows + 1) if open_end else np.full(rows + 1, -np.inf)
    backward[-1] = 0.0
    for j in range(operators - 1, -1, -1):
        before = np.full(rows + 1, -np.inf)
        own = slice(int(bounds[j]), int(bounds[j + 1]))
        for length, weight in enumerate(_weights(fit, j)):
            begin = rows + 1 - length
            np.logaddexp(before[:begin], weight + backward[length:], out=before[:begin])
            if length and own.start < own.stop:
                share = np.exp(forward[j, :begin] + weight + backward[length:] - total)
                inside = np.convolve(share, np.ones(length))[:rows]
                sure[own] += inside[own]
        backward = before
    return np.minimum(sure, 1.0)


def _weights(fit: Fit, j: int) -> list[Array]:
    """Log weights of runs of 0, 1, 2, … rows of operator ``j``, by the row that each starts at."""
    rows = len(fit.main)
    main = fit.main[:, j]
    typed = np.where(fit.typed[:, j], 0.0, _MISTYPED)
    does = np.where(main, typed, -np.inf)
    ahead = np.where(fit.before[:, j], _BEFORE, _ALIEN)
    again = np.where(main, (_PART if fit.several[j] else _AGAIN) + typed, np.where(fit.after, _AFTER, _ALIEN))
    nothing = _ABSENT if fit.absent[j] else _ELIDED if fit.elided[j] else _SKIPPED
    found = [np.full(rows + 1, nothing)]
    if fit.absent[j]:
        return found
    without, with_main = ahead, does
    for length in range(1, min(rows, _LONGEST_SEVERAL if fit.several[j] else _LONGEST) + 1):
        if length > 1:
            following = slice(length - 1, rows)
            with_main = np.logaddexp(with_main[:-1] + again[following], without[:-1] + does[following])
            without = without[:-1] + ahead[following]
        found.append(np.logaddexp(with_main, without + _NO_MAIN))
        if not np.isfinite(found[-1]).any():
            break
    return found
