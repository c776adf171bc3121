"""Is one model faster than another, or the same model with other kernels? Both run in turn in one process.

Blocks that are timed one after the other differ by chance far more often than a test of means or ranks admits: caches,
clocks and neighbours change in the meantime. So blocks of both alternate, and the interval of the ratio comes from
drawing whole rounds again: what disturbed a round disturbed both. A verdict needs more than an interval without 1: the
whole interval has to lie beyond a difference that matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, Literal

import numpy as np

from ..analysis.matching import match
from ..analysis.model import Model
from ..analysis.ragged import Array
from ..analysis.report import Column, Finding, Report
from . import gpu, measure, steady, worker
from .errors import RuntimeCrash, RuntimeRefused
from .model_file import model_file
from .profile_report import times_of
from .profiler import Settings, believed, completed, explained, job_of
from .trace import Trace
from .trace_file import environment_json
from .worker import Limits, Progress

Verdict = Literal["slower", "faster", "same", "unclear"]
THRESHOLD = 0.05
_DRAWS = 2000
_FEWEST_ROUNDS = 8
_WORTH_NAMING = 0.01  # share of the whole below which the ratio of an operator says nothing


@dataclass(frozen=True)
class Ratio:
    """How much longer the second takes than the first.

    Attributes:
        ratio: of the medians, second over first.
        low, high: its bootstrap interval (95 %); NaN where there are too few rounds for one.
        verdict: of the second: slower or faster when the whole interval is beyond the threshold, same when within it.
    """

    ratio: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """Two traces of runs that alternated.

    Attributes:
        first, second: the traces; the first is the one to compare against.
        whole: of the latencies.
        operators: float64, ratio of the self times by operator id of the first model, NaN where one has none or too
            little; None where the models have too little in common.
        pairs: int64, the second model's operator for each of the first's, -1 for none; None likewise.
        rounds: int64, how many samples of each trace belong to each round.
        threshold: the difference that matters, as a share.
    """

    first: Trace
    second: Trace
    whole: Ratio
    operators: Array | None
    pairs: Array | None
    rounds: Array
    threshold: float


def compare(
    first: Model,
    second: Model,
    settings: Settings | None = None,
    other: Settings | None = None,
    *,
    threshold: float = THRESHOLD,
    limits: Limits | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Comparison:
    """Runs two models in turn.

    Args:
        first: the model to compare against.
        second: the model in question.
        settings: how both are run; ``runs``, ``warmup`` and ``seconds`` are taken from here.
        other: how the second is run, where that differs.
        threshold: the difference that matters, as a share.
        limits: for the child process.
        progress: told what is being done.
        cancel: set by another thread to stop.

    Raises:
        InputError: when inputs, shapes or the signature do not fit a model.
        RuntimeFailure: one of its kinds, when one of them cannot be run as asked.
    """
    settings = settings or Settings()
    sides = [(first, settings), (second, other or settings)]
    jobs = [job_of(model, how) for model, how in sides]
    with model_file(first) as first_path, model_file(second) as second_path:
        asked = [
            {**job, "path": path, "kernels": how.kernels}
            for (job, _), path, (_, how) in zip(jobs, (first_path, second_path), sides, strict=True)
        ]
        arguments = {"jobs": asked, "runs": settings.runs, "warmup": settings.warmup, "seconds": settings.seconds}
        try:
            found = worker.run(measure.measure, arguments, limits=limits, progress=progress, cancel=cancel)
        except (RuntimeRefused, RuntimeCrash) as error:
            if "gpu" in [how.kernels for _, how in sides]:
                gpu.require_driver(error.log)
            raise explained(error) from None
    traces = [
        replace(trace, findings=(*assumed, *trace.findings))
        for trace, (_, assumed) in zip(
            [
                completed(trace, model, how, job, how.kernels)
                for trace, (model, how), (job, _) in zip(believed(found, 2), sides, jobs, strict=True)
            ],
            jobs,
            strict=True,
        )
    ]
    rounds = _believed_rounds(found, [trace.latency.samples for trace in traces])
    whole = ratio(traces[0].latency.samples, traces[1].latency.samples, rounds, threshold)
    pairs = paired(first, second)
    operators = None if pairs is None else _by_operator(pairs, len(second.operators), traces)
    return Comparison(traces[0], traces[1], whole, operators, pairs, rounds, threshold)


def _believed_rounds(found: Any, samples: Sequence[Array]) -> Array:
    try:
        rounds = np.array(found["rounds"], np.int64)
        if rounds.ndim == 1 and (rounds > 0).all() and all(rounds.sum() == len(some) for some in samples):
            return rounds
    except (TypeError, KeyError, ValueError, OverflowError):
        pass
    raise RuntimeCrash("unreadable result of the child process: rounds that do not fit the samples")


def ratio(first: Array, second: Array, rounds: Array, threshold: float = THRESHOLD, seed: int = 0) -> Ratio:
    """The ratio of the medians with its interval.

    Args:
        first: samples of the latency, in rounds.
        second: likewise.
        rounds: int64, how many samples of each belong to each round.
        threshold: the difference that matters, as a share.
        seed: of the drawing.
    """
    middle = float(np.median(second) / np.median(first))
    if len(rounds) < _FEWEST_ROUNDS:
        return Ratio(middle, np.nan, np.nan, "unclear")
    owner = np.repeat(np.arange(len(rounds)), rounds)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(rounds), np.full(len(rounds), 1 / len(rounds)), _DRAWS)
    low, high = np.percentile(_medians(second, drawn, owner) / _medians(first, drawn, owner), [2.5, 97.5]).tolist()
    return Ratio(middle, low, high, _verdict(low, high, threshold))


def _medians(samples: Array, drawn: Array, owner: Array) -> Array:
    """The median of the samples of every drawing, which has each round so many times: a weighted median."""
    order = np.argsort(samples, kind="stable")
    ranked, rounds = samples[order].astype(np.float64), owner[order]
    found = np.empty(len(drawn))
    for row, counts in enumerate(drawn):
        weights = np.cumsum(counts[rounds])
        found[row] = ranked[np.searchsorted(weights, weights[-1] / 2)]
    return found


def _verdict(low: float, high: float, threshold: float) -> Verdict:
    if low > 1 + threshold:
        return "slower"
    if high < 1 - threshold:
        return "faster"
    return "same" if low >= 1 - threshold and high <= 1 + threshold else "unclear"


def paired(first: Model, second: Model) -> Array | None:
    """The second model's operator for each of the first's: by id where structures are equal, else as matched.

    Returns:
        int64, -1 for none; None where less than half of the operators find one.
    """
    if same_structure(first, second):
        return np.arange(len(first.operators))
    found = match(first, second)
    if 2 * len(found.first) < max(len(first.operators), len(second.operators)):
        return None
    pairs = np.full(len(first.operators), -1, np.int64)
    pairs[found.first] = found.second
    return pairs


def _of_pairs(trace: Trace, pairs: Array, count: int) -> Array:
    """Self times of the second model's ``count`` operators by the first's ids, NaN where there is none."""
    times = times_of(trace).operators(count)
    return np.where(pairs >= 0, times[np.maximum(pairs, 0)], np.nan) if count else np.full(len(pairs), np.nan)


def _by_operator(pairs: Array, count: int, traces: Sequence[Trace]) -> Array:
    times = [times_of(traces[0]).operators(len(pairs)), _of_pairs(traces[1], pairs, count)]
    totals = [times_of(trace).total or np.nan for trace in traces]
    enough = (times[0] > _WORTH_NAMING * totals[0]) | (times[1] > _WORTH_NAMING * totals[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = times[1] / times[0]
    return np.where(enough & np.isfinite(ratios), ratios, np.nan)


def same_structure(first: Model, second: Model) -> bool:
    """Whether operators of two models with the same id are the same: same types, and the same wiring of tensors."""
    a, b = first.operators, second.operators
    return (
        len(a) == len(b)
        and a.ops == b.ops
        and np.array_equal(a.subgraph, b.subgraph)
        and all(
            np.array_equal(one.offsets, two.offsets) and np.array_equal(one.values, two.values)
            for one, two in ((a.inputs, b.inputs), (a.outputs, b.outputs))
        )
    )


def report(comparison: Comparison, model: Model, second: Model) -> Report:
    """A comparison as a report over the operators of the first model.

    Args:
        comparison: what was measured.
        model: the first model.
        second: the second.
    """
    sides = {"first": comparison.first, "second": comparison.second}
    whole = comparison.whole
    summary = {
        "ratio": whole.ratio,
        "low": None if np.isnan(whole.low) else whole.low,
        "high": None if np.isnan(whole.high) else whole.high,
        "verdict": whole.verdict,
        "threshold": comparison.threshold,
        "rounds": len(comparison.rounds),
        "environment": environment_json(comparison.first.environment),
        **{
            side: {
                "model": vars(trace.model).copy(),
                "kernels": trace.environment.kernels,
                "inference_us": steady.describe(trace.latency.samples),
                "first_inference_us": trace.startup["first_inference_ns"] / 1000,
                "memory": dict(trace.memory),
            }
            for side, trace in sides.items()
        },
    }
    findings = [
        replace(
            finding, message=f"the {side}: {finding.message}", operators=() if side == "second" else finding.operators
        )
        for side, trace in sides.items()
        for finding in trace.findings
    ]
    columns = [
        Column("id", np.arange(len(model.operators)), "1", "quantity", "declared", "Global number of the operator."),
        Column("op", model.operators.ops, "1", "category", "declared", "Operator type."),
        Column("name", model.layer_names, "1", "text", "declared", "Name of its first output."),
    ]
    if comparison.operators is None or comparison.pairs is None:
        text = "the models differ in structure: their operators are not compared one by one"
        findings.append(Finding("note", "structures-differ", text))
    else:
        alone = np.flatnonzero(comparison.pairs < 0)
        if not same_structure(model, second):
            text = (
                f"the models differ in structure: {len(model.operators) - len(alone)} of {len(model.operators)} "
                f"operators were found in the second by name or by what is around them, {len(alone)} were not"
            )
            findings.append(Finding("note", "operators-matched", text, tuple(alone[:1000].tolist())))
        times = {
            "first": times_of(comparison.first).operators(len(model.operators)),
            "second": _of_pairs(comparison.second, comparison.pairs, len(second.operators)),
        }
        for side in sides:
            us = times[side] / 1000
            doc = f"self_us of the {side} model's operator, see the profile."
            columns.append(Column(f"{side}_us", us, "us", "quantity", "measured", doc, ~np.isnan(us)))
        ratios = comparison.operators
        doc = "Second over first; missing where the operator takes less than 1 % of both."
        columns.append(Column("ratio", ratios, "1", "quantity", "measured", doc, ~np.isnan(ratios)))
    return Report("comparison", summary, tuple(columns), tuple(findings), over="operators")
