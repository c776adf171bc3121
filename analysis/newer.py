"""What in a file goes beyond the schema known here: it is read as far as it is known, and said of the rest."""

from __future__ import annotations

import numpy as np

from . import schema
from .columns import OperatorCodes, Operators, Tensors
from .dtypes import dtype_name
from .encoding import KINDS, Quantization


def unknown_fields(table: str, slots: list[int]) -> str:
    """Says that tables of a kind have fields, by the slots of their vtable, that are not known."""
    listed = ", ".join(str(slot) for slot in slots[:8]) + (", …" if len(slots) > 8 else "")
    return f"{table} has fields that the schema known here does not ({listed}): the file is newer"


def unknown_types(
    codes: OperatorCodes, operators: Operators, tensors: Tensors, quantization: Quantization
) -> list[tuple[str, tuple[int, ...]]]:
    """Kinds of operators, tensors, quantization and options that are not known, each with operators that have it."""
    names = schema.enum_names("BuiltinOperator")
    new_codes = np.array([value not in names for value in codes.builtin.tolist()], bool)
    where = np.flatnonzero(new_codes[operators.code]) if len(new_codes) else np.zeros(0, np.int64)
    found = []
    if len(where):
        kinds = sorted({operators.type_names[row] for row in operators.type[where].tolist()})
        found.append(("operator type " + ", ".join(kinds[:8]), tuple(where[:1000].tolist())))
    types = sorted(set(np.unique(tensors.type).tolist()) - set(schema.enum_names("TensorType")))
    if types:
        found.append(("tensor type " + ", ".join(dtype_name(value) for value in types[:8]), ()))
    if (quantization.kind == KINDS.index("unknown")).any():
        found.append(("a kind of quantization", ()))
    for field in ("builtin_options", "builtin_options_2"):
        values = operators.tables.scalar(f"{field}_type")
        members = schema.union_members(schema.fields("Operator")[field].element.removeprefix("union:"))
        where = np.flatnonzero(values >= len(members))
        if len(where):
            listed = ", ".join(str(value) for value in np.unique(values[where])[:8].tolist())
            found.append((f"{field} type {listed}", tuple(where[:1000].tolist())))
    return found
