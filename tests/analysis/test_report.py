"""Reports as rows and as JSON."""

from __future__ import annotations

import numpy as np
from tb_tflite_plugin.analysis.ragged import Ragged, Strings, offsets_of
from tb_tflite_plugin.analysis.report import Column, Finding, Report


def column(name: str, values: object, valid: object = None) -> Column:
    return Column(name, values, "1", "text", "declared", "what it is", valid)  # type: ignore[arg-type]


def test_cells_are_plain_values_of_every_kind_of_column() -> None:
    offsets = offsets_of(np.array([1, 2]))
    report = Report(
        "sample",
        columns=(
            column("list", ["a", None]),
            column("tuple", ("a", 1)),
            column("array", np.array([1, 2], np.int32)),
            column("ragged", Ragged(offsets, np.array([1, 2, 3]))),
            column("strings", Strings(offsets, np.frombuffer(b"abc", np.uint8))),
        ),
    )
    assert report.rows() == [["a", "a", 1, [1], "a"], [None, 1, 2, [2, 3], "bc"]]
    assert type(report.rows()[0][2]) is int


def test_missing_cells_are_none_and_never_zero() -> None:
    assert column("x", np.array([5, 0, 7]), np.array([True, False, True])).cells() == [5, None, 7]


def test_the_table_is_a_data_frame_where_pandas_is_installed() -> None:
    frame = Report("sample", columns=(column("x", np.array([1, 2])), column("y", [[1], None]))).to_pandas()
    assert list(frame.columns) == ["x", "y"]
    assert frame["y"].tolist() == [[1], None]


def test_json_has_the_one_shape_of_every_command() -> None:
    finding = Finding("note", "code", "message", (3, 4))
    found = Report("sample", {"k": 1}, (column("x", [1, 2]),), (finding,)).to_json({"sha256": "abc"})
    assert found == {
        "model": {"sha256": "abc"},
        "report": "sample",
        "summary": {"k": 1},
        "columns": [{"name": "x", "unit": "1", "kind": "text", "provenance": "declared", "doc": "what it is"}],
        "rows": [[1], [2]],
        "findings": [{"severity": "note", "code": "code", "message": "message", "operators": [3, 4]}],
    }
