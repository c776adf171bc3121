"""The TensorFlow Lite schema as data: enums, unions and the fields of every table, from ``schema.json``.

A field's place in its list is its slot number. Types are spelled as in numpy (``i4``, ``f4``, ``b1``), ``str``,
``[type]`` for vectors, ``enum:Name``, ``table:Name``, ``union:Name``; ``deprecated`` slots are never read.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Field:
    """One field of a table: its slot, its type as spelled in ``schema.json`` and its default."""

    slot: int
    type: str
    default: float = 0

    @property
    def vector(self) -> bool:
        """Whether the field is a vector."""
        return self.type.startswith("[")

    @property
    def scalar(self) -> bool:
        """Whether the field is one number."""
        return not self.vector and self.element.partition(":")[0] not in ("str", "table", "union")

    @property
    def element(self) -> str:
        """The type without the brackets of a vector."""
        return self.type.strip("[]")

    @property
    def dtype(self) -> str:
        """The numpy type of a scalar (or of a vector's elements) as stored, little-endian."""
        kind, _, name = self.element.partition(":")
        code = enum_storage(name) if kind == "enum" else self.element
        return {"b1": "u1"}.get(code, code) if code[1:] == "1" else "<" + code


@functools.cache
def _load() -> Any:
    return json.loads(resources.files(__package__).joinpath("schema.json").read_text("utf-8"))


@functools.cache
def fields(table: str) -> dict[str, Field]:
    """The readable fields of a table by name."""
    rows = _load()["tables"][table]
    return {row[0]: Field(slot, *row[1:]) for slot, row in enumerate(rows) if row[1] != "deprecated"}


@functools.cache
def slots(table: str) -> int:
    """How many slots of a table the schema knows; anything beyond was added later."""
    return len(_load()["tables"][table])


def enum_storage(name: str) -> str:
    """The numpy code in which an enum's values are stored."""
    return str(_load()["enums"][name][0])


@functools.cache
def enum_values(name: str) -> dict[str, int]:
    """An enum's values by name."""
    return dict(_load()["enums"][name][1])


@functools.cache
def enum_names(name: str) -> dict[int, str]:
    """An enum's names by value."""
    return {value: key for key, value in enum_values(name).items()}


@functools.cache
def union_members(name: str) -> list[str]:
    """A union's tables; the place in the list is the value of the union's type field, 0 is ``NONE``."""
    return list(_load()["unions"][name])
