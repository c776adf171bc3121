"""What a model is run with: shapes for what is dynamic, and values by type and quantization, or from files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..analysis.dtypes import dtype_name
from ..analysis.model import Model
from ..analysis.ragged import Array
from .errors import InputError

_NUMPY = {
    "FLOAT32": "float32", "FLOAT16": "float16", "FLOAT64": "float64", "INT8": "int8", "UINT8": "uint8",
    "INT16": "int16", "UINT16": "uint16", "INT32": "int32", "UINT32": "uint32", "INT64": "int64", "UINT64": "uint64",
    "BOOL": "bool", "COMPLEX64": "complex64", "COMPLEX128": "complex128", "STRING": "S1",
}  # fmt: skip
# Integers without a scale are mostly indices, lengths and flags: larger ones would point outside of tables.
_SMALL = 2
_MOST_BYTES = 1 << 32


@dataclass(frozen=True)
class Input:
    """An input of an entry point.

    Attributes:
        name: its name in the signature, or of the tensor where there is no signature.
        tensor: global id.
        shape: as declared, -1 for what is not known before running.
        dtype: the element type by the schema's name.
        quantized: whether its integers stand for real numbers.
    """

    name: str
    tensor: int
    shape: tuple[int, ...]
    dtype: str
    quantized: bool


def entry_point(model: Model, key: str | None) -> tuple[str | None, int, list[Input]]:
    """Key, subgraph and inputs of the entry point called ``key``; the first when that is None.

    A model without signatures has one without a key: its first subgraph.

    Raises:
        InputError: when there is none of that name.
    """
    signatures = model.signatures
    if not signatures:
        if key is not None:
            raise InputError(f"the model has no signatures, so none is called {key}")
        names = model.tensors.name.tolist()
        tensors = model.subgraphs.inputs[0].tolist() if len(model.subgraphs) else []
        return None, 0, [_input(model, names[tensor], tensor) for tensor in tensors]
    found = next((s for s in signatures if key in (None, s.key)), None)
    if found is None:
        raise InputError(f"no signature {key}; there are {', '.join(s.key for s in signatures)}")
    return found.key, found.subgraph, [_input(model, name, tensor) for name, tensor in found.inputs.items()]


def _input(model: Model, name: str, tensor: int) -> Input:
    dynamic = model.tensors.shape_signature[tensor].tolist()
    shape = dynamic or model.tensors.shape[tensor].tolist()
    return Input(
        name, tensor, tuple(shape), dtype_name(int(model.tensors.type[tensor])), bool(model.quantization.kind[tensor])
    )


def make(
    inputs: Sequence[Input],
    *,
    shapes: Mapping[str, Sequence[int]] | None = None,
    given: Mapping[str, Array] | None = None,
    zeros: bool = False,
    seed: int = 0,
) -> tuple[dict[str, Array], dict[str, tuple[int, ...]]]:
    """Values for all inputs, and the shapes of those that were dynamic and that nobody gave a shape for.

    Real numbers are uniform between -1 and 1, quantized integers over all that their type holds, other integers 0 or 1;
    every text is "0".

    Args:
        inputs: of the entry point.
        shapes: shapes by name, for inputs whose shape is not known or to be another.
        given: values by name.
        zeros: zeros instead of random numbers.
        seed: of the random numbers; every input has a stream of its own.

    Raises:
        InputError: for names that there are not, and values that do not fit.
    """
    shapes, given = dict(shapes or {}), dict(given or {})
    names = {item.name for item in inputs}
    for name in [*shapes, *given]:
        if name not in names:
            there = f"there are {', '.join(sorted(names))}" if names else "the model has none"
            raise InputError(f"no input {name}; {there}")
    values, assumed = {}, {}
    for row, item in enumerate(inputs):
        dtype = _NUMPY.get(item.dtype)
        if dtype is None:
            raise InputError(
                f"input {item.name} is of type {item.dtype}, which the runtime's compiled models do not take"
            )
        if item.name in given:
            values[item.name] = _fitting(item, given[item.name], shapes.get(item.name), np.dtype(dtype))
            continue
        shape = tuple(shapes.get(item.name, item.shape))
        if item.name not in shapes and -1 in shape:
            shape = assumed[item.name] = tuple(1 if size < 0 else size for size in shape)
        _require_fit(item, shape)
        size = float(np.prod(np.array(shape, np.float64))) * np.dtype(dtype).itemsize
        if min(shape, default=0) < 0 or size > _MOST_BYTES:
            raise InputError(f"input {item.name}: {_text(shape)} is no shape for it")
        generator = np.random.default_rng([seed, row])
        values[item.name] = _filled(None if zeros else generator, item, shape, np.dtype(dtype))
    return values, assumed


def _filled(generator: np.random.Generator | None, item: Input, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Random values from a generator, zeros without one."""
    if dtype.kind == "S":
        return np.full(shape, b"0")
    if generator is None:
        return np.zeros(shape, dtype)
    if dtype.kind in "fc":
        return generator.uniform(-1, 1, shape).astype(dtype)
    if dtype.kind == "b" or not (item.quantized or dtype.itemsize == 1):
        return generator.integers(0, _SMALL, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def _fitting(item: Input, value: Array, shape: Sequence[int] | None, dtype: np.dtype[Any]) -> Array:
    if dtype.kind == "S" and value.dtype.kind in "SU":
        value = value.astype(bytes) if value.dtype.kind == "S" else np.char.encode(value, "utf-8")
        dtype = value.dtype
    if value.dtype.newbyteorder("=") != dtype:
        raise InputError(f"input {item.name} is of type {dtype}, and what was given of type {value.dtype}")
    if shape is not None and tuple(shape) != value.shape:
        raise InputError(f"input {item.name}: the shape {_text(shape)} was given, and values of {_text(value.shape)}")
    _require_fit(item, value.shape)
    return np.ascontiguousarray(value, dtype)


def _require_fit(item: Input, shape: Sequence[int]) -> None:
    if item.shape and len(item.shape) != len(shape):
        wanted = f"{len(item.shape)} dimensions ({_text(item.shape)})"
        raise InputError(f"input {item.name} has {wanted}, not {len(shape)} ({_text(shape)})")


def _text(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "a scalar"


def read(argument: str) -> dict[str, Array]:
    """Arrays from a command line argument: ``NAME=file.npy``, or ``file.npz`` with arrays by name.

    Raises:
        InputError: when the file cannot be read.
    """
    name, equals, path = argument.partition("=")
    path = path if equals else argument
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            if not equals:
                raise InputError(f"{path} holds one array without a name; say NAME={path}")
            return {name: loaded}
        with loaded:
            if equals:
                raise InputError(f"{path} holds arrays by name; say {path} alone")
            return {key: loaded[key] for key in loaded}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: {reason}") from None


def read_shape(argument: str) -> tuple[str, tuple[int, ...]]:
    """Name and shape from a command line argument: ``NAME=1,224,224,3``.

    Raises:
        InputError: when it is none.
    """
    name, equals, text = argument.rpartition("=")
    try:
        shape = tuple(int(size) for size in text.replace("x", ",").split(",") if size.strip())
    except ValueError:
        shape = (-1,)
    if not equals or min(shape, default=0) < 0:
        raise InputError(f"{argument}: a shape is given as NAME=1,224,224,3")
    return name, shape
