"""What each operator of a model loses against a reference: a float model, or the same model with other kernels.

Both run on the same inputs in a child process. An error is accumulated where each model goes its own way from the
inputs on, and local where an operator is given the reference's values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np

from ..analysis.dtypes import dtype_name
from ..analysis.matching import Matching, match, source_tensors
from ..analysis.model import Model
from ..analysis.ragged import Array, Ragged
from ..analysis.values import INTEGERS
from . import inputs, interpreter, layer_sums, worker
from .errors import InputError, RuntimeCrash, RuntimeFailure, RuntimeRefused
from .inputs import Input
from .layer_closeups import CHANNEL_SUMS, POINTS
from .layer_closeups import KINDS as LOOK_KINDS
from .layer_sums import SUMS
from .model_file import model_file
from .worker import Limits, Progress

KERNELS = tuple(interpreter.RESOLVERS)
_MOST_SAMPLES = 100_000
_MOST_BYTES = 1 << 31  # of the values of all samples together


@dataclass(frozen=True)
class Settings:
    """How models are compared.

    Attributes:
        kernels, reference_kernels: of the model and of the reference, one of :data:`KERNELS`.
        threads: for the kernels.
        samples: how many random inputs.
        seed: of the random inputs.
        inputs: values by name of the reference's inputs instead of random ones; samples lie along a first axis of
            their own, or along the batch.
        local: whether operators are also run one by one.
    """

    kernels: str = "builtin"
    reference_kernels: str = "builtin"
    threads: int = 1
    samples: int = 8
    seed: int = 0
    inputs: Mapping[str, Array] = field(default_factory=dict)
    local: bool = True

    def __post_init__(self) -> None:
        for kernels in (self.kernels, self.reference_kernels):
            if kernels not in KERNELS:
                raise InputError(f"no kernels {kernels}; there are {', '.join(KERNELS)}")
        if not 1 <= self.samples <= _MOST_SAMPLES:
            raise InputError(f"{self.samples} samples: from 1 to {_MOST_SAMPLES}")


@dataclass(frozen=True)
class LayerErrors:
    """Sums over pairs of tensors. A pair is one output of a pair of operators.

    Attributes:
        matching: operators of the reference (first) and of the model (second).
        pair: int64, the row of ``matching`` that each pair of tensors belongs to.
        output: int64, which output of the operator it is.
        whole: float64 [pairs, sums], accumulated; columns as in ``layer_sums.SUMS``.
        local: float64 [pairs, sums]; no elements where the operator did not get all of its inputs from the reference.
        shape: int64 [pairs, 8], of the values; -1 beyond their rank.
        scale: float64, of the model's tensors; NaN for none.
        points: float32 [2, pairs, points, 2], of both kinds (accumulated, local) values of the reference and of the
            model, NaN where there are fewer. The first is where the largest error is, the others are a random sample.
        channels: int64 [pairs], places along the last axis that there are sums of; 0 where they were too many.
        channel_sums: float64 [2, sums, all channels], rows as in ``layer_closeups.CHANNEL_SUMS``.
        samples: inputs that both were run on.
        settings: how they were run.
        refused: why operators were not run one by one; empty when they were.
    """

    matching: Matching
    pair: Array
    output: Array
    whole: Array
    local: Array
    shape: Array
    scale: Array
    points: Array
    channels: Array
    channel_sums: Array
    samples: int
    settings: Settings
    refused: str


def compare(
    reference: Model,
    model: Model,
    settings: Settings | None = None,
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> LayerErrors:
    """Runs a model and a reference on the same inputs and sums up what differs, operator by operator.

    Operators of the first subgraph are compared; those of loops and branches are part of the operator that runs them.

    Args:
        reference: the model to compare against.
        model: the model in question.
        settings: how.
        limits: for the child process.
        progress: told what is being done.
        cancel: set by another thread to stop.

    Raises:
        InputError: when inputs do not fit the models, or nothing in them corresponds.
        RuntimeFailure: one of its kinds, when one of them cannot be run.
    """
    settings = settings or Settings()
    matching = match(reference, model)
    pair, output, tensors = _pairs(matching, reference, model)
    if not len(tensors):
        raise InputError("no operator of the first subgraph has a counterpart in the other model")
    joined = _joined(reference, model)
    values = _values(reference, model, joined, settings)
    known = _known(model, tensors, joined)
    roles = {"reference": settings.reference_kernels, "model": settings.kernels}
    with model_file(reference) as first, model_file(model) as second:
        arguments: dict[str, Any] = {
            role: {
                "path": path, "kernels": kernels, "threads": settings.threads,
                "inputs": {theirs.name: (theirs, own)[side].tensor for theirs, own in joined},
            }
            for side, ((role, kernels), path) in enumerate(zip(roles.items(), (first, second), strict=True))
        } | {"values": values, "pairs": tensors, "known": known, "seed": settings.seed}  # fmt: skip
        found, refused = _run(arguments, settings.local, limits, progress, cancel)
    told = _believed(found, len(tensors))
    unfed = ~_all_fed(model, matching.second[pair], told.pop("fed"))
    told["local"] = np.where(unfed[:, None], 0.0, told["local"])
    told["points"][1, unfed] = np.nan
    told["channel_sums"][1][:, np.repeat(unfed, told["channels"])] = 0.0
    samples = len(next(iter(values.values()))) if values else 1
    return LayerErrors(matching, pair, output, samples=samples, settings=settings, refused=refused, **told)


def _run(
    arguments: dict[str, Any], local: bool, limits: Limits | None, progress: Progress | None, cancel: Event | None
) -> tuple[Any, str]:
    """What the child found; without the operators one by one where the runtime does not run them so, and why."""

    def run(local: bool) -> Any:
        arguments["local"] = local
        return worker.run(layer_sums.layers, arguments, limits=limits, progress=progress, cancel=cancel)

    if not local:
        return run(False), "not asked for"
    try:
        return run(True), ""
    except (RuntimeRefused, RuntimeCrash) as error:
        return run(False), str(error)


def _pairs(matching: Matching, reference: Model, model: Model) -> tuple[Array, Array, Array]:
    """Outputs of matched operators of the first subgraphs: rows of the matching, which output, local tensor ids."""
    sides = ((reference, matching.first), (model, matching.second))
    inner = np.ones(len(matching.first), bool)
    for side, rows in sides:
        inner &= side.operators.subgraph[rows] == 0
    here = np.flatnonzero(inner)
    outputs: list[Ragged] = [side.operators.outputs.take(rows[here]) for side, rows in sides]
    counts = np.minimum(outputs[0].counts, outputs[1].counts)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    tensors = [some.values[np.repeat(some.offsets[:-1], counts) + place].astype(np.int64) for some in outputs]
    there = (tensors[0] >= 0) & (tensors[1] >= 0)
    return np.repeat(here, counts)[there], place[there], np.stack(tensors, axis=1)[there]


def _joined(reference: Model, model: Model) -> list[tuple[Input, Input]]:
    """Inputs of both: those of the same name, or all in their order."""
    sides = []
    for side in (reference, model):
        _, subgraph, declared = inputs.entry_point(side, None)
        if subgraph:
            raise InputError(f"{side.name}: the first signature does not run the first subgraph")
        sides.append(declared)
    if len(sides[0]) != len(sides[1]):
        raise InputError(f"the models have {len(sides[0])} and {len(sides[1])} inputs")
    by_name = {item.name: item for item in sides[1]}
    if by_name.keys() == {item.name for item in sides[0]}:
        return [(item, by_name[item.name]) for item in sides[0]]
    return list(zip(*sides, strict=True))


def _known(model: Model, pairs: Array, joined: list[tuple[Input, Input]]) -> Array:
    """Int64 [tensors, 2]: for tensors of the model's first subgraph, the one of the reference with the values meant."""
    meant = np.full(len(model.tensors), -1, np.int64)
    meant[pairs[:, 1]] = pairs[:, 0]
    for theirs, own in joined:
        meant[own.tensor] = theirs.tensor
    meant = np.where(meant >= 0, meant, meant[source_tensors(model)])
    rows = np.flatnonzero((meant >= 0) & (model.tensors.subgraph == 0))
    return np.stack([rows, meant[rows]], axis=1)


def _values(reference: Model, model: Model, joined: list[tuple[Input, Input]], settings: Settings) -> dict[str, Array]:
    """Values of all inputs by the reference's names, samples along the first axis; real numbers where quantized."""
    names = {theirs.name for theirs, _ in joined}
    for name in settings.inputs:
        if name not in names:
            raise InputError(f"no input {name}; there are {', '.join(sorted(names))}")
    given = {
        theirs.name: _samples(theirs, settings.inputs[theirs.name])
        for theirs, _ in joined
        if theirs.name in settings.inputs
    }
    counts = {len(some) for some in given.values()}
    if len(counts) > 1:
        raise InputError(f"inputs have different numbers of samples: {', '.join(map(str, sorted(counts)))}")
    samples = counts.pop() if counts else settings.samples
    made: dict[str, list[Array]] = {theirs.name: [] for theirs, _ in joined if theirs.name not in given}
    size = 0
    for sample in range(samples if made else 0):
        drawn, _ = inputs.make([theirs for theirs, _ in joined], seed=settings.seed + sample)
        for theirs, own in joined:
            if theirs.name in made:
                made[theirs.name].append(_real(reference, model, theirs, own, drawn[theirs.name]))
                size += made[theirs.name][-1].nbytes
        if size > _MOST_BYTES:
            raise InputError(f"{samples} samples of these inputs are more than {_MOST_BYTES >> 20} MiB: ask for fewer")
    return given | {name: np.stack(some) for name, some in made.items()}


def _samples(item: Input, values: Array) -> Array:
    """Given values with the samples along a first axis of their own."""
    if values.dtype.kind not in "fiub":
        raise InputError(f"input {item.name}: values of type {values.dtype} cannot be compared")
    if values.ndim == len(item.shape):
        batch = max(item.shape[0], 1) if item.shape else 1
        if item.shape and len(values) % batch:
            raise InputError(f"input {item.name}: {len(values)} values are no multiple of its batch of {batch}")
        values = values.reshape(-1, batch, *item.shape[1:]) if item.shape and -1 not in item.shape[1:] else values[None]
    fits = values.ndim == len(item.shape) + 1 and all(
        size in (-1, there) for size, there in zip(item.shape, values.shape[1:], strict=True)
    )
    if not fits or not len(values):
        wanted, got = ("×".join(map(str, shape)) for shape in (item.shape, values.shape))
        raise InputError(f"input {item.name} is {wanted or 'a scalar'}, and the values given are {got}")
    return np.ascontiguousarray(values)


def _real(reference: Model, model: Model, theirs: Input, own: Input, drawn: Array) -> Array:
    """Random values as real numbers: over all that a quantized input can hold, from -1 to 1 where neither is."""
    if theirs.quantized or (own.quantized and drawn.dtype.kind == "f"):
        side, item = (model, own) if own.quantized else (reference, theirs)
        scale, zero = (column[item.tensor] for column in (side.quantization.scale, side.quantization.zero_point))
        limits = INTEGERS.get(dtype_name(int(side.tensors.type[item.tensor])))
        if len(scale) and len(zero) and limits:
            low, high = ((end - int(zero[0])) * float(scale[0]) for end in limits)
            share = (drawn + 1) / 2 if drawn.dtype.kind == "f" else _share(drawn)
            return np.asarray(low + share * (high - low), np.float32)
    if drawn.dtype.kind == "S":
        raise InputError(f"input {theirs.name} holds texts, which cannot be compared")
    return drawn


def _share(drawn: Array) -> Array:
    limits = np.iinfo(drawn.dtype)
    return (drawn.astype(np.float64) - limits.min) / (limits.max - limits.min)


def _all_fed(model: Model, operators: Array, fed: Array) -> Array:
    """Bool per operator: whether everything real that it reads was given to it, or is constant."""
    given = model.is_constant | model.tensors.is_variable
    given[fed[(fed >= 0) & (fed < len(given))]] = True
    # Weights behind DEQUANTIZE stay with their constant; indices and shapes stay with what makes them.
    given |= model.is_constant[source_tensors(model)]
    given |= np.isin(model.tensors.type, [v for v in range(256) if dtype_name(v) in ("INT32", "INT64", "BOOL")])
    read = model.operators.inputs.take(operators)
    wanting = (read.values >= 0) & ~given[read.values]
    return np.asarray(np.bincount(read.rows[wanting], minlength=len(operators)) == 0)


def _believed(found: Any, pairs: int) -> dict[str, Array]:
    """What the child returned, checked: it ran a hostile model."""
    sums, looks = (pairs, len(SUMS)), len(LOOK_KINDS)
    try:
        arrays = {name: np.array(found[name]) for name in ("channels", "points", "channel_sums")}
        wanted = {
            "whole": ("f", sums), "local": ("f", sums), "shape": ("i", (pairs, 8)), "scale": ("f", (pairs,)),
            "channels": ("i", (pairs,)),
            "points": ("f", (looks, pairs, min(arrays["points"].shape[2], 1 + POINTS), 2)),
            "channel_sums": ("f", (looks, len(CHANNEL_SUMS), int(arrays["channels"].sum()))),
        }  # fmt: skip
        arrays |= {name: np.asarray(found[name]) for name in (*wanted, "fed") if name not in arrays}
        for name, (kind, shape) in wanted.items():
            if arrays[name].shape != shape or arrays[name].dtype.kind != kind:
                raise ValueError(name)
        places = np.concatenate([arrays[name][:, SUMS.index("sample") :] for name in ("whole", "local")])
        if (
            not np.isfinite(places).all()
            or (np.maximum(arrays["shape"], 1).astype(np.float64).prod(axis=1) > 2**53).any()
        ):
            raise ValueError("places of the largest errors")
        if (arrays["channels"] < 0).any():
            raise ValueError("channels")
        if arrays["fed"].ndim != 1 or arrays["fed"].dtype.kind != "i":
            raise ValueError("fed")
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise RuntimeFailure(f"unreadable result of the child process: {error}") from None
    return arrays
