"""What every analysis returns: columns, findings and a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .ragged import Array, Categories, Ragged, Strings

Kind = Literal["quantity", "category", "flag", "text"]
Provenance = Literal["measured", "simulated", "declared"]
Severity = Literal["error", "warning", "note"]
Over = Literal["operators", "tensors", "rows"]
Values = Array | Ragged | Strings | Categories | Sequence[Any]


@dataclass(frozen=True)
class Column:
    """One column of a report.

    Attributes:
        name: a stable identifier.
        values: one cell per row. Rows that are missing are False in ``valid``.
        unit: UCUM spelling (``us``, ``By``, ``%``, ``1``).
        kind: how to draw it.
        provenance: measured, simulated from a rule set, or declared by the file.
        doc: one sentence that defines it.
        valid: bool, one per row; None when nothing is missing.
        additive: whether a sum of its cells means something; None leaves it to the unit. Bytes that are alive while an
            operator runs, for example, have a unit of amounts and do not add up.
    """

    name: str
    values: Values
    unit: str
    kind: Kind
    provenance: Provenance
    doc: str
    valid: Array | None = None
    additive: bool | None = None

    def cells(self) -> list[Any]:
        """The cells as plain Python values, None where missing."""
        values = self.values if isinstance(self.values, list) else _tolist(self.values)
        if self.valid is None:
            return values
        return [value if ok else None for value, ok in zip(values, self.valid.tolist(), strict=True)]


@dataclass(frozen=True)
class Finding:
    """Something a person should know.

    Attributes:
        severity: error, warning or note.
        code: stable, documented, greppable.
        message: what is the matter and what to do.
        operators: global operator ids that it is about.
    """

    severity: Severity
    code: str
    message: str
    operators: tuple[int, ...] = ()


@dataclass(frozen=True)
class Report:
    """The result of one analysis: a summary, a table of columns of equal length, findings.

    Attributes:
        name: the name of the analysis.
        summary: its main figures.
        columns: the table.
        findings: what a person should know.
        over: what a row of the table is: an operator or a tensor by its global id, or something of the report's own.
    """

    name: str
    summary: dict[str, Any] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    findings: tuple[Finding, ...] = ()
    over: Over = "rows"

    def cells(self) -> dict[str, list[Any]]:
        """The table column by column, by name, as plain values."""
        return {column.name: column.cells() for column in self.columns}

    def rows(self) -> list[list[Any]]:
        """The table row by row, as plain values."""
        return [list(row) for row in zip(*(column.cells() for column in self.columns), strict=True)]

    def to_pandas(self) -> Any:
        """The table as a data frame, where pandas is installed. Lists stay lists, missing cells become None.

        Raises:
            ImportError: where it is not.
        """
        import pandas

        return pandas.DataFrame(self.cells())

    def to_json(self, model: dict[str, Any]) -> dict[str, Any]:
        """The one JSON shape of every command; ``model`` says which model this is about."""
        return {
            "model": model,
            "report": self.name,
            "summary": self.summary,
            "columns": [
                {"name": c.name, "unit": c.unit, "kind": c.kind, "provenance": c.provenance, "doc": c.doc}
                for c in self.columns
            ],
            "rows": self.rows(),
            "findings": [
                {"severity": f.severity, "code": f.code, "message": f.message, "operators": list(f.operators)}
                for f in self.findings
            ],
        }


def _tolist(values: Values) -> list[Any]:
    if isinstance(values, Ragged | Strings) or hasattr(values, "tolist"):
        plain: list[Any] = values.tolist()
        return plain
    return list(values)
