"""Errors of layers as a file: what was written is what is read, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.runtime.accuracy import Settings, compare
from tb_tflite_plugin.runtime.accuracy_files import read
from tb_tflite_plugin.runtime.accuracy_report import report
from tb_tflite_plugin.runtime.closeups import closeups
from tb_tflite_plugin.runtime.error_file import loads, to_json
from tb_tflite_plugin.runtime.errors import TraceError

IDENTITY = {"sha256": "ab" * 32, "name": "m.tflite", "size_bytes": 1}


@pytest.fixture(scope="module")
def written(models: Path) -> dict[str, Any]:
    reference, model = (open_model(str(models / f"{name}.tflite")) for name in ("tiny_mlp", "tiny_mlp_int8"))
    errors = compare(reference, model, Settings(samples=2))
    return to_json(report(errors, model, reference), closeups(errors), IDENTITY)


def test_what_was_written_is_read(models: Path) -> None:
    reference, model = (open_model(str(models / f"{name}.tflite")) for name in ("mnet_float32", "mnet_int8"))
    errors = compare(reference, model, Settings(samples=2))
    made, looks = report(errors, model, reference), closeups(errors)
    found = loads(json.dumps(to_json(made, looks, IDENTITY)).encode(), "f", len(model.operators))
    assert (found.model, found.report.over, found.report.summary) == (IDENTITY["sha256"], "operators", made.summary)
    assert found.report.rows() == made.rows()
    assert found.report.findings == made.findings
    for mine, theirs in zip(found.report.columns, made.columns, strict=True):
        assert (mine.name, mine.unit, mine.kind, mine.doc) == (theirs.name, theirs.unit, theirs.kind, theirs.doc)
    assert found.closeups is not None
    assert found.closeups.operators.tolist() == looks.operators.tolist()
    for name, column in looks.lists.items():
        np.testing.assert_array_equal(found.closeups.lists[name].offsets, column.offsets)
        np.testing.assert_allclose(found.closeups.lists[name].values, column.values, rtol=1e-6)


def test_what_another_tool_has_measured(models: Path) -> None:
    model = open_model(str(models / "mnet_int8.tflite"))
    made = read(str(models / "mnet_int8_numericverify.csv"), model)
    found = loads(json.dumps(to_json(made, None, IDENTITY)).encode(), "f")
    assert found.closeups is None
    assert found.report.rows() == made.rows()


def changed(written: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> bytes:
    copy = json.loads(json.dumps(written))
    change(copy)
    return json.dumps(copy).encode()


def put(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Sets what lies at a path to the last of the arguments."""

    def change(value: Any) -> None:
        *parents, last, new = path
        for key in parents:
            value = value[key]
        value[last] = new

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (put("report", "profile"), ""), (put("version", 2), "version"), (put("model", []), "model.sha256"),
        (put("model", "sha256", None), "model.sha256"), (put("created", 5), "created"), (put("rows", {}), "rows"),
        (put("summary", None), "summary"), (put("summary", "samples", "8"), "summary.samples"),
        (put("summary", "samples", True), "summary.samples"), (put("summary", "reference", "x"), "summary.reference"),
        (put("summary", "reference", "name", 1), "summary.reference.name"),
        (put("columns", {}), "columns"), (put("columns", [None] * 200), "columns"),
        (put("rows", 0, [1]), "rows[0]"), (put("rows", 1, "abc"), "rows[1]"),
        (put("columns", 0, None), "columns[0].name"),
        (put("columns", 0, "name", "__proto__"), "columns[0].name"),
        (put("columns", 0, "name", "op"), "columns[1].name"),
        (put("columns", 3, "kind", "picture"), "columns[3].kind"), (put("columns", 3, "kind", []), "columns[3].kind"),
        (put("columns", 3, "provenance", "guessed"), "columns[3].provenance"),
        (put("columns", 3, "doc", 1), "columns[3]"),
        (put("rows", 2, 0, "x"), "rows[2].id"), (put("rows", 2, 0, True), "rows[2].id"),
        (put("rows", 2, 0, 1 << 2000), "rows[2].id"), (put("rows", 2, 1, 3), "rows[2].op"),
        (put("findings", "none"), "findings"), (put("findings", 0, {}), "findings[0]"),
        (put("findings", 0, "message", None), "findings[0]"),
        (put("findings", 0, "operators", [3]), "findings[0].operators"),
        (put("findings", 0, "operators", [-1]), "findings[0].operators"),
        (put("closeups", []), "closeups"), (put("closeups", "operators", [0, 0, 1]), "closeups.operators"),
        (put("closeups", "operators", [0, 1, 3]), "closeups.operators"),
        (put("closeups", "value", None), "closeups.value"),
        (put("closeups", "value", 0, 3), "closeups.value"), (put("closeups", "value", 0, [1]), "closeups.value"),
        (put("closeups", "value", 0, 0, "1"), "closeups.value"),
        (put("closeups", "value", 0, 0, 1e300), "closeups.value"),
        (put("closeups", "local_channel_rmse", 1, []), "closeups.local_channel_rmse"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(written: dict[str, Any], change: Callable[[dict[str, Any]], Any], place: str) -> None:
    with pytest.raises(TraceError) as caught:
        loads(changed(written, change), "f.json")
    assert (caught.value.file, caught.value.place) == ("f.json", place)


def test_numbers_that_are_not_finite_are_missing(written: dict[str, Any]) -> None:
    found = loads(changed(written, put("closeups", "channel_rmse", 0, 0, None)), "f")
    assert found.closeups is not None
    assert np.isnan(found.closeups.lists["channel_rmse"][0][0])


def test_a_file_of_a_model_with_other_operators(written: dict[str, Any]) -> None:
    loads(json.dumps(written).encode(), "f", 3)
    with pytest.raises(TraceError, match="3, and the model has 4 operators"):
        loads(json.dumps(written).encode(), "f", 4)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"report": "layer_error"}'])
def test_what_is_no_such_file(data: bytes) -> None:
    with pytest.raises(TraceError):
        loads(data, "f")
