"""Terminals, and names in a model that want to take them over."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NASTY = "\x1b]0;owned\x07\x1b[31mred\x9b2J\r\b\u202eback\u2028[bold]mark[/bold]"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory, made_model: Callable[..., bytes]) -> Path:
    """A model whose every name wants to take over the terminal."""
    path = tmp_path_factory.mktemp("nasty") / "nasty.tflite"
    path.write_bytes(made_model(NASTY, scales=[0.5]))
    return path


def test_terminal_shows_tables_and_bars(on_terminal: Any, mnet: Path) -> None:
    shown = on_terminal("inspect", mnet)
    assert "KiB" in shown
    assert "━" in shown
    assert "CONV_2D" in on_terminal("ops", mnet)


@pytest.mark.parametrize("command", [["inspect"], ["ops"], ["ops", "--columns", "all"], ["compute"], ["memory"]])
def test_names_cannot_steer_the_terminal(on_terminal: Any, nasty: Path, command: list[str]) -> None:
    shown = on_terminal(command[0], nasty, *command[1:])
    # What the program itself sends: colours and styles, and on stderr the line that says what it does.
    own = re.sub(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[[0-9]?[KAG]|\r", "", shown)
    assert all(character.isprintable() or character == "\n" for character in own), repr(own)
    assert "\x1b]0" not in shown
    assert "\x1b[31m" not in shown
    assert "[bold]" in shown or "…" in shown, "markup in names is text"


def test_names_cannot_steer_a_terminal_through_a_pipe(viz: Any, nasty: Path) -> None:
    for command in ("inspect", "ops"):
        result = viz(command, nasty)
        assert all(character.isprintable() or character in "\n\t" for character in result.stdout)
        assert "[bold]mark[/bold]" in result.stdout


def test_long_lines_are_not_broken_into_a_pipe(viz: Any, tmp_path: Path, made_model: Callable[..., bytes]) -> None:
    (tmp_path / "long.tflite").write_bytes(made_model("scope/" * 300))
    lines = viz("ops", tmp_path / "long.tflite").stdout.splitlines()
    assert len(lines) == 2
    assert len(lines[1]) > 1500
