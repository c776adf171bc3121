"""Sums over the values of two models, tensor by tensor, in the child process: what figures of accuracy are made of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..analysis.ragged import Array
from . import litert
from .cut_model import MOST_BYTES, CutModel, cut
from .errors import RuntimeRefused
from .interpreter import RESOLVERS
from .layer_closeups import Look, Looks
from .spy import refusals_as_errors
from .worker import Progress

# Columns of the sums. Those from ``largest`` on are no sums: the largest error, the sample and the element it is at.
SUMS = (
    "elements", "reference2", "error", "error2", "value2", "product", "low", "high", "clipped", "nonfinite",
    "largest", "sample", "element",
)  # fmt: skip
_BLOCK = 1 << 20


class Running:
    """A model in an interpreter that keeps the values of all tensors.

    Args:
        model: a path, or the bytes of a model.
        kernels: a key of :data:`.interpreter.RESOLVERS`.
        threads: for the kernels.
        sizes: shapes of inputs by local tensor id.
    """

    def __init__(self, model: str | bytes, kernels: str, threads: int, sizes: Mapping[int, tuple[int, ...]]) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        given = {"model_path": model} if isinstance(model, str) else {"model_content": model}
        self._interpreter = Interpreter(
            **given,
            num_threads=threads,
            experimental_op_resolver_type=OpResolverType[RESOLVERS[kernels]],
            # Without it the memory of a tensor is used again, and what is read there is silently another one's.
            experimental_preserve_all_tensors=True,
        )
        for detail in self._interpreter.get_input_details():
            size = sizes.get(detail["index"])
            if size is not None and tuple(detail["shape"]) != size:
                self._interpreter.resize_tensor_input(detail["index"], size)
        self._interpreter.allocate_tensors()
        self._details = {detail["index"]: detail for detail in self._interpreter.get_tensor_details()}

    def set(self, tensor: int, values: Array, *, stored: bool = False) -> None:
        """Gives an input real numbers, which are rounded to what it holds, or ``stored`` ones as they are."""
        detail = self._details[tensor]
        scale, zero = self._parameters(tensor, values.ndim)
        dtype = np.dtype(detail["dtype"])
        if not stored and scale is not None:
            limits = np.iinfo(dtype)
            values = np.clip(np.round(values / scale) + zero, limits.min, limits.max)
        self._interpreter.set_tensor(tensor, np.ascontiguousarray(values, dtype))

    def invoke(self) -> None:
        """Runs the model on the inputs that it was given."""
        self._interpreter.invoke()

    def shape(self, tensor: int) -> tuple[int, ...] | None:
        """The shape of a tensor's values after a run; None where it has no numbers to be read."""
        try:
            values = self._interpreter.get_tensor(tensor)
        except ValueError:  # no data, or of a type without numbers
            return None
        return tuple(values.shape) if values.dtype.kind in "fiu" else None

    def stored(self, tensor: int) -> Array:
        """The values of a tensor as it holds them."""
        values: Array = self._interpreter.get_tensor(tensor)
        return values

    def blocks(self, tensor: int) -> Iterator[tuple[Array, Array]]:
        """The values of a tensor by blocks, flat: as real numbers in float64, and as stored."""
        stored = self.stored(tensor)
        scale, zero = self._parameters(tensor, stored.ndim)
        flat = scaled = stored.reshape(-1)
        if scale is not None and scale.size > 1:
            scaled, scale = ((stored.astype(np.float64) - zero) * scale).reshape(-1), None
        for begin in range(0, flat.size, _BLOCK):
            block, real = flat[begin : begin + _BLOCK], scaled[begin : begin + _BLOCK].astype(np.float64)
            yield (real if scale is None else (real - zero.item()) * scale.item()), block

    def ends(self, tensor: int) -> tuple[int, int, float, float, float] | None:
        """Least and greatest stored value of a quantized tensor, both as real numbers, and its scale."""
        scale, zero = self._parameters(tensor, 0)
        if scale is None or scale.size != 1:
            return None
        limits = np.iinfo(self._details[tensor]["dtype"])
        low, high = ((end - zero.item()) * scale.item() for end in (limits.min, limits.max))
        return int(limits.min), int(limits.max), low, high, scale.item()

    def _parameters(self, tensor: int, rank: int) -> tuple[Array | None, Array]:
        """Scale and zero point, shaped to be broadcast; no scale where stored values are the real ones."""
        detail = self._details[tensor]
        found = detail["quantization_parameters"]
        scales, zeros = found["scales"].astype(np.float64), found["zero_points"].astype(np.float64)
        if not scales.size or np.dtype(detail["dtype"]).kind not in "iu" or not (scales > 0).all():
            return None, zeros
        if scales.size > 1 and rank:
            shape = [1] * rank
            shape[found["quantized_dimension"]] = -1
            return scales.reshape(shape), zeros.reshape(shape)
        return scales, zeros


def layers(
    progress: Progress,
    reference: dict[str, Any],
    model: dict[str, Any],
    values: dict[str, Array],
    pairs: Array,
    known: Array,
    local: bool,
    seed: int,
) -> dict[str, Any]:
    """Child function: sums over matched tensors of two models on the same inputs.

    Args:
        progress: told what is being done.
        reference: path, kernels, threads and ``inputs``, the local tensor id of every input by its name in ``values``.
        model: likewise.
        values: real numbers of every input, with the samples along the first axis.
        pairs: int64 [pairs, 2], local ids of tensors of the reference and of the model.
        known: int64 [tensors, 2], for tensors of the model the tensor of the reference with the values meant.
        local: whether operators are also run one by one, on the reference's values.
        seed: of the elements whose values are returned.

    Returns:
        ``whole`` and ``local``, float64 [pairs, len(SUMS)]: pairs that cannot be compared have no elements. ``shape``,
        int64 [pairs, 8], the shape of each pair (-1 beyond its rank), and ``scale``, NaN where there is none.
        ``fed``: the tensors of the model that the operators got from the reference. And what
        :meth:`.Looks.result` says.
    """
    litert.require_tested()
    with refusals_as_errors():
        sides = []
        for role, job in (("the reference", reference), ("the model", model)):
            progress(f"load of {role}", 0, 0)
            sizes = {tensor: tuple(values[name].shape[1:]) for name, tensor in job["inputs"].items()}
            sides.append(Running(job["path"], job["kernels"], job["threads"], sizes))
        first, second = sides
        whole, alone = _empty(len(pairs)), _empty(len(pairs))
        apart: _Apart | None = None
        samples = len(next(iter(values.values()))) if values else 1
        shapes, scales, fed = np.full((len(pairs), 8), -1, np.int64), np.full(len(pairs), np.nan), set[int]()
        looks = Looks(len(pairs), samples, seed)
        for sample in range(samples):
            for role, job, side in (("reference", reference, first), ("model", model, second)):
                progress(f"inference of the {role}", sample, samples)
                for name, tensor in job["inputs"].items():
                    side.set(tensor, values[name][sample])
                side.invoke()
            progress("comparison of the values", sample, samples)
            for row, (theirs, own) in enumerate(pairs.tolist()):
                shape = second.shape(own)
                if shape is None or first.shape(theirs) != shape or len(shape) > shapes.shape[1]:
                    continue
                shapes[row, : len(shape)] = shape
                scales[row] = (second.ends(own) or (np.nan,))[-1]
                _add(whole[row], looks.look(0, row, sample, shape), first, theirs, second, own, sample)
            if local:
                apart = apart or _Apart(model, second, known)
                fed |= apart.run(first, second, sample, samples, progress)
                for row, (theirs, own) in enumerate(pairs.tolist()):
                    where = apart.cut.written.get(own)
                    shape = None if where is None else apart.running.shape(where)
                    if where is not None and shape is not None and first.shape(theirs) == shape:
                        look = looks.look(1, row, sample, shape)
                        _add(alone[row], look, first, theirs, apart.running, where, sample)
    return {
        "whole": whole, "local": alone, "shape": shapes, "scale": scales, "fed": np.array(sorted(fed), np.int64),
        **looks.result(),
    }  # fmt: skip


class _Apart:
    """The model cut into its operators, and where each gets its values from."""

    def __init__(self, job: Mapping[str, Any], whole: Running, known: Array) -> None:
        if os.path.getsize(job["path"]) > MOST_BYTES:
            raise RuntimeRefused("the model is too large for its operators to be run one by one")
        with open(job["path"], "rb") as file:
            self.cut: CutModel = cut(file.read())
        self._inputs = [*job["inputs"].values(), *self.cut.inputs]
        sizes = {tensor: whole.stored(tensor).shape for tensor in self._inputs}
        self.running = Running(self.cut.content, job["kernels"], job["threads"], sizes)
        self._known = dict(known.tolist())

    def run(self, reference: Running, whole: Running, sample: int, samples: int, progress: Progress) -> set[int]:
        """Runs all operators; what no tensor of the reference stands for comes from the model's own run.

        Returns:
            The tensors that came from the reference.
        """
        progress("inference operator by operator", sample, samples)
        fed = set()
        for tensor in self._inputs:
            theirs = self._known.get(tensor)
            shape = whole.stored(tensor).shape
            if theirs is not None and reference.shape(theirs) == shape:
                real = np.concatenate([block for block, _ in reference.blocks(theirs)] or [np.zeros(0)])
                self.running.set(tensor, real.reshape(shape))
                fed.add(tensor)
            else:
                self.running.set(tensor, whole.stored(tensor), stored=True)
        self.running.invoke()
        return fed


def _empty(rows: int) -> Array:
    sums = np.zeros((rows, len(SUMS)))
    sums[:, SUMS.index("largest") :] = -1
    return sums


def _add(sums: Array, look: Look, reference: Running, theirs: int, model: Running, own: int, sample: int) -> None:
    """Adds one sample of a pair of tensors of equal shape to its row of sums, and to the look at it."""
    ends = model.ends(own)
    begin = 0
    for (expected, _), (real, stored) in zip(reference.blocks(theirs), model.blocks(own), strict=True):
        finite = np.isfinite(expected) & np.isfinite(real)
        error = np.where(finite, real - expected, 0.0)
        wanted, got = np.where(finite, expected, 0.0), np.where(finite, real, 0.0)
        found = [finite.sum(), wanted @ wanted, error.sum(), error @ error, got @ got, wanted @ got, 0.0, 0.0, 0.0]
        if ends is not None:
            least, most, low, high, scale = ends
            at_low, at_high = stored == least, stored == most
            beyond = (at_low & (expected < low - scale / 2)) | (at_high & (expected > high + scale / 2))
            found[6:] = [at_low.sum(), at_high.sum(), beyond.sum()]
        sums[:10] += [*found, (~finite).sum()]
        look.add(begin, wanted, got, finite)
        if error.size:
            place = int(np.argmax(np.abs(error)))
            if abs(error[place]) > sums[10]:
                sums[10:] = abs(error[place]), sample, begin + place
                look.largest(wanted[place], got[place])
        begin += real.size
