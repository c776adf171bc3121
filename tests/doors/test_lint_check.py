"""``tflite-viz lint`` and ``check``: findings, exit codes, SARIF, limits from options and files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tb_tflite_plugin.analysis.containers import open_model
from typer.testing import CliRunner

from tb_tflite_plugin.errors import UsageError
from tb_tflite_plugin.limits import LIMITS, number, read
from tb_tflite_plugin.linting import fails, findings

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "tests" / "models"
INT8, BAD = str(MODELS / "mnet_int8.tflite"), str(MODELS / "fc_block1x16_sparse_dynrange.tflite")


def run(*arguments: str) -> tuple[int, str]:
    from tb_tflite_plugin.cli import app

    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_findings_are_sorted_and_there_once() -> None:
    found = findings(open_model(BAD))
    assert [finding.severity for finding in found] == sorted(
        (f.severity for f in found), key=["error", "warning", "note"].index
    )
    assert len(found) == len(set(found))
    assert found[0].code == "sparse-version"


def test_lint_says_what_is_wrong() -> None:
    code, text = run("lint", BAD)
    assert code == 0
    assert "[sparse-version]" in text
    assert re.search(r"1 error, 1 warning, \d+ notes?", text)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("error", 1), ("note", 1), ("sparse-micro", 1), ("quant-scale", 0)],
)
def test_fail_on(condition: str, expected: int) -> None:
    assert run("lint", BAD, "--fail-on", condition)[0] == expected
    assert fails(findings(open_model(BAD)), [condition]) == bool(expected)


def test_a_sound_model_fails_on_nothing() -> None:
    assert run("lint", INT8, "--fail-on", "warning")[0] == 0


def test_sarif() -> None:
    log = json.loads(run("lint", BAD, "--sarif")[1])
    (report,) = log["runs"]
    rules = [rule["id"] for rule in report["tool"]["driver"]["rules"]]
    assert log["version"] == "2.1.0"
    assert rules == sorted(set(rules))
    for result in report["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
    wrong = next(result for result in report["results"] if result["ruleId"] == "sparse-version")
    assert [place["name"] for place in wrong["locations"][0]["logicalLocations"]] == [
        "FULLY_CONNECTED 2", "FULLY_CONNECTED 3",
    ]  # fmt: skip


def test_json() -> None:
    answer = json.loads(run("lint", BAD, "--json")[1])
    assert answer["model"]["sha256"] == open_model(BAD).sha256
    assert answer["findings"][0]["code"] == "sparse-version"


def test_every_code_is_documented() -> None:
    sources = [*(ROOT / "analysis").rglob("*.py"), *(ROOT / "runtime").rglob("*.py")]
    documents = "\n".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    pattern = re.compile(r'"(?:error|warning|note)",\s*"([a-z0-9]+(?:-[a-z0-9]+)+)"')
    used = {code for path in sources for code in pattern.findall(path.read_text())}
    assert len(used) > 40
    assert not {code for code in used if code not in documents}


@pytest.mark.parametrize(
    ("option", "kept", "broken"),
    [
        ("--max-size", "37640B", "37639"),
        ("--max-weights", "1MB", "1kB"),
        ("--max-parameters", "1M", "1k"),
        ("--max-operators", "20", "19"),
        ("--max-macs", "1.4M", "1.3M"),
        ("--max-arena", "300kB", "1KiB"),
        ("--max-micro-arena", "300kB", "1KiB"),
        ("--max-runtime", "1.14", "1.13.9"),
        ("--min-delegated", "xnnpack=95%", "xnnpack=95.1%"),
        ("--max-latency", "60s", "1us"),
    ],
)
def test_limits(option: str, kept: str, broken: str) -> None:
    assert run("check", INT8, option, kept)[0] == 0
    code, text = run("check", INT8, option, broken)
    assert code == 1
    assert text.startswith(option.removeprefix("--") + ": ")
    assert len(text.splitlines()) == 1


def test_limits_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text('max-size = "1kB"\nmax_macs = "1G"\nmin-delegated = ["xnnpack=50%"]\n')
    code, text = run("check", INT8, "--limits", str(path))
    assert code == 1
    assert [line.partition(":")[0] for line in text.splitlines()] == ["max-size"]
    assert run("check", INT8, "--limits", str(path), "--max-size", "1MB")[0] == 0


def test_what_is_not_known_cannot_be_promised() -> None:
    code, text = run("check", str(MODELS / "custom_op.tflite"), "--min-delegated", "xnnpack=1%")
    assert code == 1
    assert "cannot be promised" in text or "takes" in text


@pytest.mark.parametrize("text", ["", "MB", "4 parsecs", "-3MB", "1,5MB"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(UsageError):
        number(text, LIMITS["max-size"].units)


def test_what_is_no_file_of_limits(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    for content in ("max-sighs = 3", "max-size = ", "\xff"):
        path.write_text(content)
        with pytest.raises(UsageError, match=r"limits\.toml"):
            read(str(path))
    with pytest.raises(UsageError):
        read(str(tmp_path / "none.toml"))


def test_no_limit_is_an_error() -> None:
    with pytest.raises(UsageError, match="no limit"):
        run("check", INT8)
