"""Reading protobuf messages with the place of every fault.

The two messages that TensorFlow Lite's tools write are small; the library would only say that one cannot be parsed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

# protobuf.dev/programming-guides/encoding: the kinds of wire values that these messages use.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Fields read of one file: more than any profile has, few enough to be read in seconds.
_MOST_FIELDS = 3_000_000

Scalar = Literal["int", "text", "float"]


class ProtoError(ValueError):
    """Not a message, or not this one; ``offset`` is the byte where reading stopped."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


@dataclass(frozen=True)
class Field:
    """A field of a message: its name here, what it holds, and whether it may stand several times."""

    name: str
    holds: Scalar | dict[int, Field]
    many: bool = False


Message = dict[int, Field]


def read(data: bytes, message: Message) -> dict[str, Any]:
    """A message as a dictionary: repeated fields are lists (empty when absent), other absent fields are missing.

    Args:
        data: the whole file.
        message: its fields by number; others are skipped.

    Raises:
        ProtoError: for bytes that are not such a message.
    """
    return _Reader(data).message(0, len(data), message)


def first_message(head: bytes, numbers: tuple[int, ...]) -> int | None:
    """Where the first field with one of the numbers starts, when ``head`` begins as such a message does.

    Only a text under number 1 may stand before it: both messages start with the name of the model.
    """
    reader, place = _Reader(head), 0
    try:
        for _ in range(2):
            key, place = reader.varint(place, len(head))
            size, place = reader.varint(place, len(head))
            if key & 7 != _BYTES:
                return None
            if key >> 3 in numbers:
                return place
            if key >> 3 != 1:
                return None
            place += size
    except ProtoError:
        return None
    return None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MOST_FIELDS

    def message(self, start: int, stop: int, known: Message) -> dict[str, Any]:
        values: dict[str, Any] = {field.name: [] for field in known.values() if field.many}
        for number, wire, value, at in self._fields(start, stop):
            field = known.get(number)
            if field is None:
                continue
            if field.many:
                values[field.name] += self._several(field, wire, value, at)
            else:
                values[field.name] = self._one(field, wire, value, at)
        return values

    def _several(self, field: Field, wire: int, value: Any, at: int) -> list[Any]:
        if field.holds != "int" or wire != _BYTES:
            return [self._one(field, wire, value, at)]
        # Packed: numbers one after the other.
        numbers, (place, stop) = [], value
        while place < stop:
            self._spend(place)
            number, place = self.varint(place, stop)
            numbers.append(_signed(number))
        return numbers

    def _one(self, field: Field, wire: int, value: Any, at: int) -> Any:
        scalar = field.holds if isinstance(field.holds, str) else ""
        wanted = {"int": _VARINT, "float": _FIXED32}.get(scalar, _BYTES)
        if wire != wanted:
            raise ProtoError(f"{field.name} is not of the kind that it should be", at)
        if isinstance(field.holds, dict):
            start, stop = value
            return {**self.message(start, stop, field.holds), "_at": at}
        if field.holds == "int":
            return _signed(value)
        if field.holds == "float":
            return float(value)
        try:
            return self._data[value[0] : value[1]].decode()
        except UnicodeDecodeError:
            raise ProtoError(f"{field.name} is not text", at) from None

    def _fields(self, start: int, stop: int) -> Iterator[tuple[int, int, Any, int]]:
        """Number, wire kind, value (of bytes: where they start and stop) and place of every field."""
        place = start
        while place < stop:
            at = place
            self._spend(at)
            key, place = self.varint(place, stop)
            number, wire = key >> 3, key & 7
            if not 0 < number < 1 << 29:
                raise ProtoError("a field has a number that there cannot be", at)
            value: Any
            if wire == _VARINT:
                value, place = self.varint(place, stop)
            elif wire == _BYTES:
                size, place = self.varint(place, stop)
                value = (place, place + size)
                place += size
            elif wire in (_FIXED32, _FIXED64):
                size = 4 if wire == _FIXED32 else 8
                if place + size <= stop:
                    (value,) = struct.unpack_from("<f" if size == 4 else "<d", self._data, place)
                place += size
            else:
                raise ProtoError("a field is of a kind that there cannot be", at)
            if place > stop:
                raise ProtoError("a field reaches past the end (cut off?)", at)
            yield number, wire, value, at

    def varint(self, place: int, stop: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if place + shift // 7 >= stop:
                raise ProtoError("a number is cut off", place)
            byte = self._data[place + shift // 7]
            value |= (byte & 127) << shift
            if byte < 128:
                return value & (1 << 64) - 1, place + shift // 7 + 1
        raise ProtoError("a number is longer than 64 bits", place)

    def _spend(self, at: int) -> None:
        self._left -= 1
        if self._left < 0:
            raise ProtoError(f"more than {_MOST_FIELDS:,} fields", at)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
