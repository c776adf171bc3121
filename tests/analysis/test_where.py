"""The filter language, by the cases that every implementation of it shares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.report import Column
from tb_tflite_plugin.analysis.where import FilterError, select

SHARED = json.loads(Path(__file__).parents[1].joinpath("filter_cases.json").read_text("utf-8"))
COLUMNS = [Column(c["name"], c["values"], "1", c["kind"], "declared", "") for c in SHARED["columns"]]


@pytest.mark.parametrize("case", SHARED["cases"], ids=lambda case: case["filter"])
def test_the_shared_cases_select_what_they_say(case: dict[str, Any]) -> None:
    if "error_at" in case:
        with pytest.raises(FilterError) as caught:
            select(case["filter"], COLUMNS)
        assert caught.value.position == case["error_at"]
    else:
        found = select(case["filter"], COLUMNS)
        assert found.dtype == bool
        assert np.flatnonzero(found).tolist() == case["rows"]


def test_an_unknown_column_is_answered_with_the_ones_there_are() -> None:
    with pytest.raises(FilterError, match="no column speed; there are dtype, fused, id, inputs, name, op, "):
        select("speed>1", COLUMNS)


def test_parentheses_nest_to_a_depth_and_no_further() -> None:
    assert select("(" * 50 + "conv" + ")" * 50, COLUMNS).sum() == 3
    with pytest.raises(FilterError, match="too many parentheses"):
        select("(" * 51 + "conv" + ")" * 51, COLUMNS)


@pytest.mark.parametrize("pattern", ["(" * 5000 + ")" * 5000, "a{99999999999}", "(?P<", "*"])
def test_patterns_that_cannot_be_compiled_are_an_error_of_the_filter(pattern: str) -> None:
    with pytest.raises(FilterError, match="the pattern is not well-formed"):
        select(f"/{pattern}/", COLUMNS)


def test_missing_numbers_match_no_comparison() -> None:
    column = Column("n", np.array([1, 2, 3]), "1", "quantity", "declared", "", np.array([True, False, True]))
    assert select("n>=0", [column]).tolist() == [True, False, True]
    assert select("n<=3", [column]).tolist() == [True, False, True]
    assert select("n!=7", [column]).tolist() == [True, False, True]


def test_words_match_nothing_where_there_is_no_text() -> None:
    column = Column("n", np.array([1, 2]), "1", "quantity", "declared", "")
    assert select("word", [column]).tolist() == [False, False]
    assert select("not word", [column]).tolist() == [True, True]
    assert select("word", []).tolist() == []


def test_long_filters_are_read_without_recursion() -> None:
    assert select("not " * 10_000 + "conv", COLUMNS).sum() == 3
    assert select(" or ".join(["conv"] * 3000), COLUMNS).sum() == 3
