"""Rectangles of tensors over the wire: what a request asks for, and the container that answers it.

The header says how large the whole ``matrix`` is, and which rows and columns came: ``begin``, ``step``, ``size``. The
container's columns are ``stored`` and, where real values are others and known, ``real``. Integers beyond 2^53 are
rounded.
"""

from __future__ import annotations

import numpy as np
from werkzeug.wrappers import Request

from .analysis.contents import Contents, Wanted, rectangle
from .analysis.ragged import Array, Ragged, Strings
from .errors import UsageError
from .wire import encode

_SIDE = 256
_DIGITS = 18


def whole_number(request: Request, name: str) -> int | None:
    """A parameter of the request, None where it is not given."""
    text = request.args.get(name)
    return None if text is None else _numbers(name, text)[0]


def wanted(request: Request) -> Wanted:
    """The rectangle that a request asks for. Without ``size``, all of the matrix."""
    names = ("rows", "columns", "at", "begin", "size", "most")
    arguments = {name: _numbers(name, request.args[name]) for name in names if request.args.get(name)}
    far = 10**_DIGITS
    return Wanted(
        rows=arguments.get("rows", []),
        columns=arguments.get("columns", []),
        at=arguments.get("at", []),
        begin=_pair("begin", arguments.get("begin", [0, 0])),
        size=_pair("size", arguments.get("size", [far, far])),
        most=_pair("most", arguments.get("most", [_SIDE, _SIDE])),
    )


def encode_slice(contents: Contents, part: Wanted) -> bytes:
    """The container with a rectangle of a tensor."""
    found = rectangle(contents, part)
    header = {
        "dtype": contents.dtype,
        "reading": contents.reading,
        "shape": contents.values.shape,
        "matrix": [found.rows, found.columns],
        "begin": part.begin,
        "step": found.step,
        "size": found.stored.shape,
    }
    columns: dict[str, Array | Ragged | Strings] = {"stored": _sent(found.stored.reshape(-1))}
    if found.real is not None:
        columns["real"] = found.real.reshape(-1)
    return encode(header, columns)


def _sent(values: Array) -> Array:
    """In a type that the wire has."""
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # signalling NaNs
            return values.astype(np.float32) if values.dtype.itemsize < 4 else values
    return values if values.dtype.itemsize < 4 else values.astype(np.float64)


def _numbers(name: str, text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) > 64 or not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in parts):
        raise UsageError(f"{name} must be whole numbers, with commas between them")
    return [int(part) for part in parts]


def _pair(name: str, numbers: list[int]) -> tuple[int, int]:
    if len(numbers) != 2:
        raise UsageError(f"{name} must be two numbers")
    return numbers[0], numbers[1]
