"""Printing for people: tables and bars on a terminal, the same as plain text with tabs into a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_PREFIXES = ("", "k", "M", "G", "T", "P")
_BAR_WIDTH = 30
_KEPT_WHOLE = 20  # characters of a table cell


class Terminal:
    """Stdout, as a terminal or a pipe. Names from model files are printed without control characters."""

    def __init__(self) -> None:
        self._plain = not sys.stdout.isatty()
        self._console = Console(highlight=False)

    def title(self, text: str) -> None:
        """A first line."""
        self._print(text, style="bold")

    def heading(self, text: str) -> None:
        """A line above a table."""
        self._print("")
        self._print(text, style="bold")

    def line(self, text: str) -> None:
        """A line of text."""
        self._print(text)

    def note(self, text: str) -> None:
        """A remark that is no data: on stderr, so that pipes do not get it."""
        Console(stderr=True, highlight=False).print(escape(text), style="dim")

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names and values in two columns."""
        if self._plain:
            self._print_cells(rows)
            return
        grid = Table.grid(padding=(0, 2))
        for name, value in rows:
            grid.add_row(Text(name, style="dim"), Text(_printable(value)))
        self._console.print(grid)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
        """A table; the columns in ``right`` hold numbers."""
        if self._plain:
            self._print_cells([header, *rows])
            return
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for i, name in enumerate(header):
            # What is short stays whole where the terminal is narrow. rich takes width only from columns that may wrap.
            longest = max([len(name), *(len(row[i]) for row in rows)])
            whole = i in right or longest <= _KEPT_WHOLE
            table.add_column(name, justify="right" if i in right else "left", overflow="ellipsis", no_wrap=whole)
        for row in rows:
            table.add_row(*(Text(_printable(cell), no_wrap=True, overflow="ellipsis") for cell in row))
        self._console.print(table)

    def bars(
        self, rows: Sequence[tuple[str, int]], total: int, header: tuple[str, str] = ("type", "count"), *,
        sizes: bool = False,
    ) -> None:  # fmt: skip
        """Names with counts or sizes, a share of the total, and a bar on a terminal."""
        if self._plain:
            self.table(header, [[name, str(count)] for name, count in rows])
            return
        most = max((count for _, count in rows), default=1)
        grid = Table.grid(padding=(0, 2))
        for column in ("left", "right", "right", "left"):
            grid.add_column(justify=column)
        for name, count in rows:
            bar = Text("━" * max(1, round(_BAR_WIDTH * count / max(most, 1))), style="cyan")
            shown, share = self.size(count) if sizes else f"{count:,}", f"{count / max(total, 1):.1%}"
            grid.add_row(Text(_printable(name)), shown, Text(share, style="dim"), bar)
        self._console.print(grid)

    def bar(self, share: float) -> str:
        """A bar for a table cell, full at a share of 1; nothing into a pipe."""
        return "" if self._plain else "━" * max(1, round(_BAR_WIDTH / 2 * share))

    def _print(self, text: str, style: str = "") -> None:
        # rich would break long lines and turn tabs into spaces.
        if self._plain:
            print(_printable(text))
        else:
            self._console.print(Text(_printable(text), style=style))

    def _print_cells(self, rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            print("\t".join(map(_printable, row)))

    def size(self, count: int) -> str:
        """Bytes with a binary unit; all digits into a pipe."""
        if self._plain:
            return str(count)
        value, unit = float(count), 0
        while value >= 1024 and unit + 1 < len(_UNITS):
            value, unit = value / 1024, unit + 1
        return f"{count} B" if unit == 0 else f"{value:.{max(0, 3 - len(str(int(value))))}f} {_UNITS[unit]}"

    def count(self, number: int) -> str:
        """A count with an SI prefix and three digits; all digits into a pipe."""
        if self._plain or number < 1000:
            return str(number)
        value, prefix = float(number), 0
        while value >= 999.5 and prefix + 1 < len(_PREFIXES):
            value, prefix = value / 1000, prefix + 1
        return f"{value:.{max(0, 3 - len(str(int(value))))}f} {_PREFIXES[prefix]}"

    def cell(self, value: Any, unit: str, name: str) -> str:
        """A table cell: sizes with units, lists as shapes or ids."""
        if value is None:
            return "" if self._plain else "–"
        if isinstance(value, list):
            return ("×" if name == "shape" else " ").join(map(str, value))
        return self.size(value) if unit == "By" else str(value)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)
