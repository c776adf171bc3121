r"""The filter language: which rows of a table a person asks for. Documented in docs/filter.md.

A filter is made of these; upper and lower case are the same:

    conv  "a b"             the text occurs in some text column: a name, a type, a shape; not in ids
    /conv2d_1\d/            the pattern occurs in some text column
    op:CONV_2D  dtype:int*  a column has a value (``*`` stands for anything), a quoted one literally; = and != likewise
    name:/_1\d$/            the pattern occurs in a column
    weight_bytes>1MB        a column compares with a number, units allowed
    #12                     the row with this id
    and  or  not  ( )       combinations; words side by side mean ``and``

tests/filter_cases.json holds examples that every implementation has to agree with.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .ragged import Array
from .report import Column

# What begins with a slash and goes on after the second is a path, not a pattern.
_VALUE = r"""\s*(?:
      (?P<regex>/(?:[^/\\]|\\.)*/(?=[\s()]|$))
    | (?P<paren>[()])
    | "(?P<quoted>[^"]*)"
    | {}(?P<word>[^\s()]+)
    )"""
_AFTER_TEST = re.compile(_VALUE.format(""), re.VERBOSE)
_TOKEN = re.compile(_VALUE.format(r"(?P<test>[A-Za-z_][A-Za-z0-9_.]*(?::|\s*(?:>=|<=|!=|>|<|=))) |"), re.VERBOSE)
_NUMBER = re.compile(r"(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z%]*)", re.IGNORECASE | re.ASCII)
_ID = re.compile(r"#\d{1,15}", re.ASCII)
_UNITS = {
    "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
    "k": 1e3, "m": 1e6, "g": 1e9, "us": 1, "ms": 1e3, "s": 1e6, "%": 1,
}  # fmt: skip
_COMPARE: dict[str, Callable[[Array, float], Array]] = {
    ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
}  # fmt: skip


class FilterError(ValueError):
    """A filter that cannot be read; ``position`` is the character at which it went wrong."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def select(text: str, columns: Sequence[Column]) -> Array:
    """Which rows match a filter, bool.

    Raises:
        FilterError: when the filter is not well-formed or names a column that is not there.
    """
    return _Parser(text, columns).parse()


class _Parser:
    """Recursive descent; the depth is bounded by refusing more than ``_DEEPEST`` open parentheses."""

    _DEEPEST = 50

    def __init__(self, text: str, columns: Sequence[Column]) -> None:
        self._tokens = _tokens(text.replace("\N{MULTIPLICATION SIGN}", "x"))  # shapes are shown with it
        self._next = 0
        self._columns = {column.name: column for column in columns}
        self._rows = len(columns[0].cells()) if columns else 0
        self._texts: list[list[str]] | None = None
        self._depth = 0
        self._end = len(text)

    def parse(self) -> Array:
        if not self._tokens:
            return np.ones(self._rows, bool)
        result = self._either()
        if self._next < len(self._tokens):
            raise FilterError("a ) without its (", self._tokens[self._next].at)
        return result

    def _either(self) -> Array:
        result = self._both()
        while self._take("or"):
            result = result | self._both()
        return result

    def _both(self) -> Array:
        result = self._negated()
        while self._peek() not in (None, ")", "or"):
            self._take("and")
            result = result & self._negated()
        return result

    def _negated(self) -> Array:
        invert = False
        while self._take("not"):
            invert = not invert
        result = self._term()
        return ~result if invert else result

    def _term(self) -> Array:
        if self._next == len(self._tokens):
            raise FilterError("something is missing at the end", self._end)
        token = self._tokens[self._next]
        self._next += 1
        if token.text == "(" and token.kind == "paren":
            return self._group(token)
        if token.kind == "paren":
            raise FilterError("nothing before the )", token.at)
        if token.kind == "regex":
            return self._matching(_pattern(token))
        if token.kind == "test":
            return self._test(token)
        if token.kind == "word" and token.text.lower() in ("and", "or"):
            raise FilterError(f"nothing before {token.text}", token.at)
        if token.kind == "word" and _ID.fullmatch(token.text) and "id" in self._columns:
            return np.array([cell == int(token.text[1:]) for cell in self._columns["id"].cells()], bool)
        return self._matching(re.compile(re.escape(token.text), re.IGNORECASE))

    def _group(self, opening: _Token) -> Array:
        self._depth += 1
        if self._depth > self._DEEPEST:
            raise FilterError("too many parentheses", opening.at)
        result = self._either()
        if not self._take(")"):
            raise FilterError("this ( is not closed", opening.at)
        self._depth -= 1
        return result

    def _test(self, token: _Token) -> Array:
        operator = token.text[len(token.text.rstrip(":<>=!")) :]
        name = token.text[: -len(operator)].rstrip()
        if name not in self._columns:
            raise FilterError(f"no column {name}; there are {', '.join(sorted(self._columns))}", token.at)
        if self._next == len(self._tokens) or self._tokens[self._next].kind == "paren":
            raise FilterError(f"a value is missing after {operator}", token.at + len(token.text))
        value = self._tokens[self._next]
        self._next += 1
        cells = self._columns[name].cells()
        number = _number(value.text) if value.kind == "word" else None
        if operator in _COMPARE:
            if number is None:
                raise FilterError(f"{value.text} is not a number", value.at)
            numbers = np.array([cell if isinstance(cell, int | float) else np.nan for cell in cells], np.float64)
            return _COMPARE[operator](numbers, number)
        pattern, wanted = _value_pattern(value), operator != "!="
        found = [
            cell is not None and (cell == number or pattern.search(_text(cell)) is not None) == wanted for cell in cells
        ]
        return np.array(found, bool)

    def _matching(self, pattern: re.Pattern[str]) -> Array:
        if self._texts is None:
            columns = [_searched(c) for c in self._columns.values() if c.kind in ("text", "category")]
            self._texts = [[_text(cell) for cell in cells if cell is not None] for cells in zip(*columns, strict=True)]
        found = [any(map(pattern.search, texts)) for texts in self._texts]
        return np.array(found or [False] * self._rows, bool)

    def _peek(self) -> str | None:
        if self._next == len(self._tokens):
            return None
        token = self._tokens[self._next]
        return token.text.lower() if token.kind in ("word", "paren") else ""

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._next += 1
        return True


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = (_AFTER_TEST if tokens and tokens[-1].kind == "test" else _TOKEN).match(stripped, at)
        if found is None:
            raise FilterError("cannot be read from here on", at)
        kind = found.lastgroup or "word"
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
    return tokens


def _pattern(token: _Token) -> re.Pattern[str]:
    try:
        return re.compile(token.text[1:-1], re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterError(f"the pattern is not well-formed: {error}", token.at) from None


def _value_pattern(value: _Token) -> re.Pattern[str]:
    if value.kind == "regex":
        return _pattern(value)
    text = re.escape(value.text) + r"\Z" if value.kind == "quoted" else fnmatch.translate(value.text)
    return re.compile(r"\A" + text, re.IGNORECASE)


def _number(text: str) -> float | None:
    """The number that ``text`` spells, its unit counted in; None when it is none."""
    found = _NUMBER.fullmatch(text)
    factor = _UNITS.get(found[2].lower()) if found else None
    return float(found[1]) * factor if found and factor else None


def _searched(column: Column) -> list[Any]:
    """The cells that words are looked for in: texts and shapes. Numbers that stand for something else say nothing."""
    return [cell if isinstance(cell, str) or column.name == "shape" else None for cell in column.cells()]


def _text(cell: Any) -> str:
    return "x".join(map(str, cell)) if isinstance(cell, list) else str(cell)
