"""What a delegate does before the first inference, and what that costs: findings with bytes counted in the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..model import Model
from ..operands import numbered
from ..quantization.modes import is_type
from ..report import Finding
from ..schema import enum_values
from .partition import counted

_MOST_LISTED = 1000
_LITERT = "of LiteRT f674577"
# Of what reads weights: the places of weights and bias.
_WEIGHTED = {"CONV_2D": (1, 2), "DEPTHWISE_CONV_2D": (1, 2), "FULLY_CONNECTED": (1, 2), "TRANSPOSE_CONV": (1, 3)}
# XNNPACK packs weights of these from 16 bits, without unpacking them before (PrepareOpsToDelegate).
_READ_HALVES = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_TPU_MEMORY = 8_000_000


def startup(
    model: Model, delegate: str, partitions: int, taken: set[int], instead: Mapping[int, int]
) -> Iterator[Finding]:
    """What happens at start-up with a delegate.

    Args:
        model: the model.
        delegate: its name; of others than those here nothing is known.
        partitions: how many it makes.
        taken: the operators in them.
        instead: tensors that these read in place of others.
    """
    if delegate in _NOTES and taken:
        yield from _NOTES[delegate](_Placed(model, partitions, sorted(taken), instead))
    if delegate in _IN_RUNTIME:
        yield from _left(model, taken, instead)


@dataclass(frozen=True)
class _Placed:
    model: Model
    partitions: int
    taken: list[int]
    instead: Mapping[int, int]

    @property
    def parts(self) -> str:
        return counted(self.partitions)

    @property
    def constants(self) -> list[int]:
        """The constants that the operators read, each once."""
        read = set(self.model.operators.inputs.take(np.array(self.taken, np.int64)).values.tolist()) - {-1}
        return [tensor for tensor in {self.instead.get(one, one) for one in read} if self.model.is_constant[tensor]]

    @property
    def weight(self) -> str:
        return _bytes(self.model, self.constants)


def _xnnpack(placed: _Placed) -> Iterator[Finding]:
    model, taken = placed.model, set(placed.taken)
    source = f"tflite/delegates/xnnpack/xnnpack_delegate.cc {_LITERT}"
    unpacking = {operator: one for operator, one in _unpacking(model).items() if operator in taken}
    names, types, inputs = model.operators.type_names, model.operators.type.tolist(), model.operators.inputs
    weighted = [operator for operator in placed.taken if names[types[operator]] in _WEIGHTED]
    operands = {
        int(inputs[operator][place])
        for operator in weighted
        for place in _WEIGHTED[names[types[operator]]]
        if place < len(inputs[operator])
    }
    made = {one.made for one in unpacking.values()}
    packed = {tensor for tensor in operands if tensor >= 0 and (model.is_constant[tensor] or tensor in made)}
    if packed:
        text = (
            f"{len(weighted):,} operators have {_bytes(model, packed)} of weights packed in a layout of XNNPACK's own: "
            f"a second copy in memory, made at every start unless weight_cache_file_path names a file ({source})"
        )
        yield Finding("note", "startup-packing", text, tuple(weighted[:_MOST_LISTED]))
    unpacked = [operator for operator, one in unpacking.items() if not _is_read_as_halves(model, one)]
    if unpacked:
        text = (
            f"{len(unpacked):,} constants that are stored sparse, in 8 or in 16 bits are unpacked at every start to "
            f"{_bytes(model, [unpacking[operator].made for operator in unpacked])} that stay in memory ({source})"
        )
        yield Finding("note", "startup-unpacking", text, tuple(unpacked[:_MOST_LISTED]))


def _gpu(placed: _Placed) -> Iterator[Finding]:
    source = f"ml_drift_delegate/delegate/delegate_options.h {_LITERT}"
    yield _kernels(placed, "unless serialization_dir and model_token are given", source)


def _gpu_legacy(placed: _Placed) -> Iterator[Finding]:
    cache = (
        "unless TFLITE_GPU_EXPERIMENTAL_FLAGS_ENABLE_SERIALIZATION, serialization_dir and model_token are given, which "
        "only OpenCL heeds"
    )
    yield _kernels(placed, cache, f"tflite/delegates/gpu/delegate_options.h {_LITERT}")


def _kernels(placed: _Placed, cache: str, source: str) -> Finding:
    text = (
        f"kernels for {len(placed.taken):,} operators are written and compiled for the device, and {placed.weight} of "
        f"constants are converted and uploaded, at every start {cache} ({source})"
    )
    return Finding("note", "startup-kernels", text)


def _nnapi(placed: _Placed) -> Iterator[Finding]:
    text = (
        f"the driver compiles {placed.parts} with {placed.weight} of constants at every start, unless cache_dir and "
        f"model_token are given (tflite/delegates/nnapi/nnapi_delegate.h {_LITERT})"
    )
    yield Finding("note", "startup-compilation", text)


def _coreml(placed: _Placed) -> Iterator[Finding]:
    text = (
        f"{placed.parts} with {placed.weight} of constants are written to files as Core ML models and compiled by the "
        f"system at every start; nothing is kept (tflite/delegates/coreml/coreml_executor.mm {_LITERT})"
    )
    yield Finding("note", "startup-compilation", text)


def _edgetpu(placed: _Placed) -> Iterator[Finding]:
    size = int(placed.model.constant_bytes[placed.constants].sum())
    fits = (
        "as far as its program leaves room they stay there"
        if size <= _TPU_MEMORY
        else f"at least {size - _TPU_MEMORY:,} bytes are sent to it again for every inference"
    )
    text = (
        f"{placed.weight} of parameters, with about 8 MB of memory on the chip: {fits} (Parameter data caching, "
        "https://coral.ai/docs/edgetpu/compiler)"
    )
    yield Finding("note" if size <= _TPU_MEMORY else "warning", "startup-parameters", text)


_NOTES: Mapping[str, Callable[[_Placed], Iterator[Finding]]] = {
    "xnnpack": _xnnpack, "gpu": _gpu, "gpu-legacy": _gpu_legacy, "nnapi": _nnapi, "coreml": _coreml,
    "edgetpu": _edgetpu,
}  # fmt: skip
# Delegates of the runtime whose own kernels run what these leave.
_IN_RUNTIME = ("xnnpack", "gpu", "gpu-legacy", "nnapi", "coreml", "hexagon")


def _left(model: Model, taken: set[int], instead: Mapping[int, int]) -> Iterator[Finding]:
    """Constants that the runtime's own kernels unpack, since no partition has the operator that does.

    DEQUANTIZE of a constant and DENSIFY run once and keep their result; DEQUANTIZE of what DENSIFY makes is no
    constant's to the kernel, and runs every time (tflite/kernels/dequantize.cc, densify.cc).
    """
    source = f"tflite/kernels/dequantize.cc and densify.cc {_LITERT}"
    left = {operator: one for operator, one in _unpacking(model).items() if operator not in taken}
    again = [operator for operator, one in left.items() if one.is_again]
    halves = [operator for operator, one in left.items() if one.is_half and not one.is_again]
    others = [operator for operator, one in left.items() if not one.is_half and not one.is_again]

    def made(operators: list[int]) -> str:
        return _bytes(model, [left[operator].made for operator in operators])

    if halves:
        unread = [o for o in halves if _is_read_inside(model, left[o].made, taken, instead)]
        idle = (
            f"; of {len(unread):,} of them ({made(unread)}) nothing that stays reads the result, since partitions read "
            "the 16 bits themselves: a delegate that comes later may take them"
        )
        text = (
            f"{len(halves):,} DEQUANTIZE of weights in 16 bits stay with the runtime, which unpacks them once to "
            f"{made(halves)} that stay in memory{idle if unread else ''} ({source})"
        )
        yield Finding("warning", "fp16-left", text, tuple(halves[:_MOST_LISTED]))
    if others:
        text = (
            f"{len(others):,} constants that are stored sparse or in fewer bits are unpacked by the runtime in the "
            f"first inference, to {made(others)} that stay in memory ({source})"
        )
        yield Finding("note", "startup-constants", text, tuple(others[:_MOST_LISTED]))
    if again:
        text = (
            f"{len(again):,} DEQUANTIZE of what DENSIFY unpacks stay with the runtime, which runs them in every "
            f"inference ({made(again)} written): it keeps the results of constants only ({source})"
        )
        yield Finding("warning", "unpacked-again", text, tuple(again[:_MOST_LISTED]))


@dataclass(frozen=True)
class _Unpacking:
    """An operator that makes another form of a constant: its tensors, whether of 16 bits, and of what DENSIFY made."""

    given: int
    made: int
    is_half: bool
    is_again: bool


def _unpacking(model: Model) -> dict[int, _Unpacking]:
    """DENSIFY of constants, and DEQUANTIZE of constants and of what such DENSIFY make, by operator."""
    half = enum_values("TensorType")["FLOAT16"]
    found: dict[int, _Unpacking] = {}
    dense: set[int] = set()
    for op in ("DENSIFY", "DEQUANTIZE"):
        rows = np.flatnonzero(is_type(model, op))
        given, made = (numbered(side, rows, 0) for side in (model.operators.inputs, model.operators.outputs))
        for row, source, result in zip(rows.tolist(), given.tolist(), made.tolist(), strict=True):
            if source < 0 or result < 0 or not (model.is_constant[source] or source in dense):
                continue
            is_half = op == "DEQUANTIZE" and model.tensors.type[source] == half
            found[row] = _Unpacking(source, result, bool(is_half), source in dense)
            if op == "DENSIFY":
                dense.add(result)
    return dict(sorted(found.items()))


def _is_read_as_halves(model: Model, one: _Unpacking) -> bool:
    """Whether XNNPACK reads the 16 bits below a DEQUANTIZE in place of its result."""
    names, types, inputs = model.operators.type_names, model.operators.type, model.operators.inputs
    return one.is_half and all(
        names[types[reader]] in _READ_HALVES and int(inputs[reader][0]) != one.made
        for reader in model.consumers[one.made].tolist()
    )


def _is_read_inside(model: Model, tensor: int, taken: set[int], instead: Mapping[int, int]) -> bool:
    """Whether all that read a tensor are in partitions, which read another in its place."""
    readers = model.consumers[tensor].tolist()
    return tensor in instead and bool(readers) and taken.issuperset(readers)


def _bytes(model: Model, tensors: Iterable[int]) -> str:
    """What some tensors take: constants as they are stored, others as they are written."""
    which = np.array(sorted(tensors), np.int64)
    sizes = np.where(model.is_constant[which], model.constant_bytes[which], np.maximum(model.tensors.nbytes[which], 0))
    return f"{int(sizes.sum()):,} bytes"
