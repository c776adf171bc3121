"""FlexBuffers, the schema-less encoding of custom operators' options, read with bounds on work and depth.

The reader of the flatbuffers package trusts its input: a few hundred bytes whose vectors share their elements make it
build gigabytes. Encoding: https://flatbuffers.dev/internals/#flexbuffers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

_NULL, _INT, _UINT, _FLOAT, _KEY, _STRING, _IND_INT, _IND_UINT, _IND_FLOAT, _MAP, _VECTOR = range(11)
_VECTOR_INT, _VECTOR_STRING, _TUPLES, _BLOB, _BOOL, _VECTOR_BOOL = 11, 15, 16, 25, 26, 36
_INLINE = (_NULL, _INT, _UINT, _FLOAT, _BOOL)
_FORMATS = {
    _INT: {1: "<b", 2: "<h", 4: "<i", 8: "<q"},
    _UINT: {1: "<B", 2: "<H", 4: "<I", 8: "<Q"},
    _FLOAT: {2: "<e", 4: "<f", 8: "<d"},
}
_MAX_DEPTH = 64
# Values in one FlexBuffer; each takes a quarter of a kilobyte while it is read.
_MAX_VALUES = 1 << 17


class FlexBufferError(ValueError):
    """Bytes that are not a FlexBuffer."""


@dataclass(frozen=True, slots=True)
class _Value:
    """Where a value stands: the byte position of its slot, its type, the width of its slot and of what it points to."""

    at: int
    kind: int
    slot: int
    width: int
    depth: int


def decode(data: bytes) -> Any:
    """The value in ``data``: None, bool, int, float, str, bytes, list or dict.

    Raises:
        FlexBufferError: when an offset, type or length does not fit the bytes, or it is nested or shared beyond reason.
    """
    if len(data) < 3:
        raise FlexBufferError("shorter than the shortest FlexBuffer")
    reader = _Reader(data)
    slot, packed = data[-1], data[-2]
    result: list[Any] = [None]
    if slot not in (1, 2, 4, 8) or slot > len(data) - 2:
        raise FlexBufferError(f"a root of {slot} bytes")
    root = _Value(len(data) - 2 - slot, packed >> 2, slot, 1 << (packed & 3), 0)
    pending: list[tuple[Any, Any, _Value]] = [(result, 0, root)]
    while pending:
        holder, key, value = pending.pop()
        holder[key], children = reader.read(value)
        pending.extend((holder[key], child_key, child) for child_key, child in children)
    return result[0]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        # An honest value takes a byte of its own; texts and keys may be shared, so they get more.
        self._values_left = min(len(data), _MAX_VALUES)
        self._text_left = 16 * len(data) + 65536

    def read(self, value: _Value) -> tuple[Any, list[tuple[Any, _Value]]]:
        """The value itself, or an empty container and what goes into it."""
        if value.depth > _MAX_DEPTH:
            raise FlexBufferError("nested without end")
        if value.kind in _INLINE:
            return self._scalar(value.kind, value.at, value.slot), []
        start = value.at - self._number(_UINT, value.at, value.slot)
        if value.kind in (_IND_INT, _IND_UINT, _IND_FLOAT):
            return self._scalar(value.kind - _IND_INT + _INT, start, value.width), []
        if value.kind == _KEY:
            return self._key(start), []
        if value.kind in (_STRING, _BLOB):
            text = self._slice(start, self._number(_UINT, start - value.width, value.width))
            return (text.decode("utf-8", "replace") if value.kind == _STRING else text), []
        return self._container(value, start)

    def _container(self, value: _Value, start: int) -> tuple[Any, list[tuple[Any, _Value]]]:
        width, depth = value.width, value.depth + 1
        is_tuple = _TUPLES <= value.kind < _BLOB
        count = 2 + (value.kind - _TUPLES) // 3 if is_tuple else self._number(_UINT, start - width, width)
        kind = _INT + (value.kind - _TUPLES) % 3 if is_tuple else self._element_kind(value.kind)
        self._values_left -= count
        if self._values_left < 0:
            raise FlexBufferError(f"a vector of {count} in {len(self._data)} bytes: its parts overlap")
        places = [start + i * width for i in range(count)]
        if kind is None:
            packed = [self._number(_UINT, start + count * width + i, 1) for i in range(count)]
            items = [_Value(at, p >> 2, width, 1 << (p & 3), depth) for at, p in zip(places, packed, strict=True)]
        else:
            items = [_Value(at, kind, width, 1, depth) for at in places]
        if value.kind != _MAP:
            return [None] * count, list(enumerate(items))
        keys_at = start - 3 * width - self._number(_UINT, start - 3 * width, width)
        keys_width = self._number(_UINT, start - 2 * width, width)
        keys = []
        for i in range(count):
            at = keys_at + i * keys_width
            keys.append(self._key(at - self._number(_UINT, at, keys_width)))
        return dict.fromkeys(keys), list(zip(keys, items, strict=True))

    @staticmethod
    def _element_kind(kind: int) -> int | None:
        if kind in (_MAP, _VECTOR):
            return None
        if _VECTOR_INT <= kind < _VECTOR_STRING:
            return kind - _VECTOR_INT + _INT
        if kind == _VECTOR_BOOL:
            return _BOOL
        raise FlexBufferError(f"type {kind} is unknown or deprecated")

    def _scalar(self, kind: int, at: int, width: int) -> Any:
        if kind == _NULL:
            return None
        if kind == _BOOL:
            return bool(self._number(_UINT, at, width))
        return self._number(kind, at, width)

    def _number(self, kind: int, at: int, width: int) -> Any:
        code = _FORMATS[kind].get(width)
        if code is None or at < 0 or at + width > len(self._data):
            raise FlexBufferError(f"a number of {width} bytes at byte {at} of {len(self._data)}")
        return struct.unpack_from(code, self._data, at)[0]

    def _key(self, start: int) -> str:
        end = self._data.find(b"\0", start) if start >= 0 else -1
        if end < 0:
            raise FlexBufferError("a key runs past the end")
        return self._slice(start, end - start).decode("utf-8", "replace")

    def _slice(self, start: int, size: int) -> bytes:
        self._text_left -= size
        if start < 0 or start + size > len(self._data) or self._text_left < 0:
            raise FlexBufferError("a text runs past the end")
        return self._data[start : start + size]
