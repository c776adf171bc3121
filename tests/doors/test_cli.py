"""The command line: what every command prints into pipes."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tb_tflite_plugin import open_model
from tb_tflite_plugin.cli import main

COMMANDS = (
    "serve", "inspect", "ops", "compute", "memory", "partition", "profile", "trace", "report", "log", "doctor",
)  # fmt: skip


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(viz: Any, command: str) -> None:
    for flag in ("--help", "-h"):
        result = viz(*filter(None, [command, flag]))
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("Usage: tflite-viz")
        assert "\x1b" not in result.stdout
    named = [name for name in COMMANDS if name in result.stdout]
    assert named == list(COMMANDS) if not command else command in named


def test_no_arguments_is_help(viz: Any) -> None:
    result = viz()
    assert (result.returncode, result.stdout) == (0, viz("--help").stdout)


def test_version(viz: Any) -> None:
    assert viz("--version").stdout == f"tflite-viz {metadata.version('tb-tflite-plugin')}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['tflite-viz', '--help']\n"
        "from tb_tflite_plugin.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'tensorboard', 'ai_edge_litert', 'werkzeug', 'tb_tflite_plugin.analysis.model'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.endswith("HEAVY []\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["inspect"], 2, "Missing argument"),
        (["inspect", "{mnet}", "extra"], 2, "extra"),
        (["inspect", "{mnet}", "--nonsense"], 2, "--nonsense"),
        (["ops", "{mnet}", "--limit", "many"], 2, "--limit"),
        (["ops", "{mnet}", "--limit", "-1"], 2, "--limit"),
        (["ops", "{mnet}", "--columns", "id,nonsense"], 2, "no column nonsense; there are id, subgraph"),
        (["ops", "{mnet}", "--sort", "nonsense"], 2, "no column nonsense"),
        (["ops", "{mnet}", "--where", "bytes>"], 2, "--where, character 7: a value is missing"),
        (["ops", "{mnet}", "--where", "(conv"], 2, "--where, character"),
        (["ops", "{mnet}", "--where", "nonsense:1"], 2, "nonsense"),
        (["report", "{mnet}"], 2, "--output"),
        (["log", "{mnet}"], 2, "Missing argument"),
        (["log", "{mnet}", "{tmp}", "--step", "-1"], 2, "--step"),
        (["log", "{mnet}", "{tmp}", "--tag", "../x"], 2, "its parts must be names of directories"),
        (["memory", "{mnet}", "--planner", "tarot"], 2, "--planner"),
        (["compute", "{tmp}/short.tflite"], 1, "byte "),
        (["serve", "{mnet}", "--port", "x"], 2, "--port"),
        (["serve", "{mnet}", "--host", "203.0.113.1", "--no-open"], 2, "cannot listen on 203.0.113.1:0"),
        (["inspect", "{tmp}/missing.tflite"], 1, "No such file or directory"),
        (["{tmp}/missing.tflite"], 1, "No such file or directory"),
        (["{mnet}", "{tmp}/text.tflite", "--no-open"], 1, "text.tflite: byte 0: not a TensorFlow Lite model"),
        (["{tmp}/short.tflite", "--no-open"], 1, "short.tflite: byte "),
        (["ops", "{tmp}"], 1, "is a directory, not a model"),
        (["inspect", "{tmp}/text.tflite"], 1, "not a TensorFlow Lite model"),
        (["inspect", "{tmp}/short.tflite"], 1, "byte "),
        (["report", "{tmp}/short.tflite", "-o", "{tmp}/out.html"], 1, "byte "),
        (["report", "{mnet}", "-o", "{tmp}/missing/out.html"], 1, "No such file or directory"),
        (["log", "{tmp}/empty.tflite", "{tmp}"], 1, "the file is empty"),
        (["log", "{mnet}", "{tmp}/text.tflite/below"], 1, "Not a directory"),
        (["ops", "{bundle}"], 1, "holds 2 models; name one"),
        (["ops", "{bundle}!nothing.tflite"], 1, "has no model nothing.tflite"),
    ],
)
def test_errors(viz: Any, arguments: list[str], code: int, says: str, mnet: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("hello, I am a text")
    (tmp_path / "empty.tflite").write_bytes(b"")
    (tmp_path / "short.tflite").write_bytes(mnet.read_bytes()[:-20_000])
    result = viz(*(argument.format(mnet=mnet, bundle=bundle, tmp=tmp_path) for argument in arguments))
    assert result.returncode == code
    assert result.stdout == ""
    assert re.fullmatch(r"tflite-viz: .+\n", result.stderr), "one line"
    assert says in result.stderr
    assert not (tmp_path / "out.html").exists()


def test_errors_carry_no_control_characters(viz: Any, tmp_path: Path, models: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.task", "w") as archive:
        for name in ("a\x1b[31m\n.tflite", "b\x9b.tflite"):
            archive.writestr(name, (models / "tiny_mlp.tflite").read_bytes())
    result = viz("ops", tmp_path / "two.task")
    assert result.returncode == 1
    assert result.stderr.endswith("\n")
    assert result.stderr[:-1].isprintable()


# inspect


def test_inspect_json(facts: Any, mnet: Path) -> None:
    found = facts("inspect", mnet)
    model = open_model(mnet)
    assert list(found) == ["model", "report", "summary", "columns", "rows", "findings"]
    assert found["report"] == "inspect"
    assert found["model"] == {"sha256": model.sha256, "name": str(mnet), "size_bytes": mnet.stat().st_size}
    summary = found["summary"]
    assert {
        "size_bytes", "subgraphs", "signatures", "operator_types", "parameters", "weight_bytes", "description",
        "min_runtime_version",
    } <= set(summary)  # fmt: skip
    assert summary["size_bytes"] == mnet.stat().st_size
    assert sum(summary["operator_types"].values()) == summary["operators"] == len(model.operators)
    (graph,) = summary["subgraphs"]
    assert {"name", "operators", "tensors", "inputs", "outputs"} <= set(graph)
    assert (graph["operators"], graph["tensors"]) == (len(model.operators), len(model.tensors))
    for column in found["columns"]:
        assert list(column) == ["name", "unit", "kind", "provenance", "doc"]
        assert column["kind"] in ("quantity", "category", "flag", "text")
        assert column["provenance"] in ("measured", "simulated", "declared")
        assert column["doc"]
    assert all(len(row) == len(found["columns"]) for row in found["rows"])
    for finding in found["findings"]:
        assert list(finding) == ["severity", "code", "message", "operators"]


@pytest.mark.parametrize("command", ["inspect", "ops", "compute", "memory"])
def test_every_model(
    command: str, model_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, for speed."""
    for form in (["--json"], ["--csv"], []):
        monkeypatch.setattr(sys, "argv", ["tflite-viz", command, str(model_path), *form])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert (ended.value.code, printed.err) == (0, "")
        if form == ["--json"]:
            found = json.loads(printed.out)
            if command != "memory":
                assert found["summary"]["operators"] == len(open_model(model_path).operators)


def test_inspect_text(viz: Any, facts: Any, mnet: Path) -> None:
    result = viz("inspect", mnet)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == str(mnet)
    assert f"size\t{mnet.stat().st_size}" in lines, "all digits into a pipe"
    for name, count in facts("inspect", mnet)["summary"]["operator_types"].items():
        assert f"{name}\t{count}" in lines


def test_inspect_csv(viz: Any, facts: Any, mnet: Path) -> None:
    rows = list(csv.reader(io.StringIO(viz("inspect", mnet, "--csv").stdout)))
    found = facts("inspect", mnet)
    assert rows[0] == [column["name"] for column in found["columns"]]
    assert len(rows) == len(found["rows"]) + 1


def test_inspect_lists_a_container(viz: Any, facts: Any, bundle: Path) -> None:
    found = json.loads(viz("inspect", bundle, "--json").stdout)
    assert [entry["path"] for entry in found["models"]] == [f"{bundle}!tiny_mlp.tflite", f"{bundle}!mnet_int8.tflite"]
    for entry in found["models"]:
        assert entry["path"] in viz("inspect", bundle).stdout
        assert facts("inspect", entry["path"])["summary"]["size_bytes"] == entry["size_bytes"]


# ops


def test_ops_json(facts: Any, mnet: Path) -> None:
    found = facts("ops", mnet)
    model = open_model(mnet)
    names = [column["name"] for column in found["columns"]]
    assert names[:8] == ["id", "subgraph", "index", "op", "version", "name", "inputs", "outputs"]
    assert found["report"] == "ops"
    by_name = dict(zip(names, zip(*found["rows"], strict=True), strict=True))
    assert list(by_name["id"]) == list(range(len(model.operators)))
    assert list(by_name["op"]) == model.operators.ops
    assert list(by_name["inputs"]) == model.operators.inputs.tolist()
    assert list(by_name["outputs"]) == model.operators.outputs.tolist()


def test_ops_of_several_subgraphs_are_numbered_over_all(facts: Any, models: Path) -> None:
    rows = facts("ops", models / "while_if.tflite", "--columns", "id,subgraph,index")["rows"]
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert len({row[1] for row in rows}) > 1
    assert [row[2] for row in rows if row[1] == rows[-1][1]] == list(range(sum(row[1] == rows[-1][1] for row in rows)))


def test_ops_columns(viz: Any, facts: Any, mnet: Path) -> None:
    assert [c["name"] for c in facts("ops", mnet, "--columns", "op,id")["columns"]] == ["op", "id"]
    assert viz("ops", mnet, "-c", "op,id").stdout.splitlines()[0] == "op\tid"
    everything = [c["name"] for c in facts("ops", mnet)["columns"]]
    assert viz("ops", mnet, "--columns", "all").stdout.splitlines()[0].split("\t") == everything


def test_ops_where(viz: Any, facts: Any, mnet: Path) -> None:
    everything = facts("ops", mnet, "--columns", "id,op,weight_bytes")["rows"]
    found = facts("ops", mnet, "--columns", "id,op,weight_bytes", "--where", "op:CONV_2D and weight_bytes>1kB")["rows"]
    assert found == [row for row in everything if row[1] == "CONV_2D" and row[2] > 1000]
    assert found
    assert facts("ops", mnet, "-w", "op:NOTHING")["rows"] == []
    result = viz("ops", mnet, "--where", "op:CONV_2D")
    assert re.fullmatch(r"\d+ of \d+ operators\n", result.stderr), "what is left out is said, but not into the data"


def test_ops_sort_and_limit(facts: Any, mnet: Path) -> None:
    def weights(*arguments: str) -> list[int]:
        return [row[0] for row in facts("ops", mnet, "--columns", "weight_bytes", *arguments)["rows"]]

    everything = weights()
    assert weights("--sort", "weight_bytes") == sorted(everything)
    assert weights("--sort", "-weight_bytes") == sorted(everything, reverse=True)
    assert weights("-s", "-weight_bytes", "-n", "3") == sorted(everything, reverse=True)[:3]
    assert weights("--limit", "0") == []
    assert weights("--limit", "100000") == everything


def test_missing_cells_sort_last(facts: Any, models: Path) -> None:
    path = models / "ondevice_training.tflite"
    for sort in ("output_bytes", "-output_bytes"):
        values = [row[0] for row in facts("ops", path, "-c", "output_bytes", "--sort", sort)["rows"]]
        there = [value for value in values if value is not None]
        assert None in values
        assert values == sorted(there, reverse=sort.startswith("-")) + [None] * (len(values) - len(there))


def test_ops_csv(viz: Any, mnet: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(viz("ops", mnet, "--csv").stdout)))
    model = open_model(mnet)
    assert [row["op"] for row in rows] == model.operators.ops
    assert [row["inputs"] for row in rows] == [" ".join(map(str, ids)) for ids in model.operators.inputs.tolist()]


def test_ops_text_into_a_pipe(viz: Any, mnet: Path) -> None:
    lines = viz("ops", mnet).stdout.splitlines()
    assert lines[0].split("\t") == ["id", "op", "name", "dtype", "shape", "weight_bytes"]
    assert all(line.count("\t") == 5 for line in lines)
    assert [line.split("\t")[1] for line in lines[1:]] == open_model(mnet).operators.ops


def test_compute_text(viz: Any, facts: Any, on_terminal: Any, mnet: Path) -> None:
    result = viz("compute", mnet)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "multiply-accumulates\t1373824" in lines, "all digits into a pipe"
    rows = facts("compute", mnet)["summary"]["by_type"]
    for row in rows:
        share = f"{row['macs'] / 1373824:.1%}"
        assert any(line.startswith(f"{row['op']}\t{row['operators']}\t{row['macs']}\t{share}\t") for line in lines)
    assert "1.37 M" in on_terminal("compute", mnet)


def test_compute_shows_what_is_not_known_as_a_dash(on_terminal: Any, models: Path) -> None:
    shown = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal("compute", models / "custom_op.tflite"))
    assert re.search(r"^Betainc +1 +– ", shown, re.MULTILINE)


def test_tables_of_operators_and_tensors_say_which_they_are(viz: Any, facts: Any, mnet: Path) -> None:
    model = open_model(mnet)
    for arguments, expected in (
        (["compute"], list(zip(range(len(model.operators)), model.operators.ops, strict=True))),
        (["memory"], list(zip(range(len(model.operators)), model.operators.ops, strict=True))),
        (["memory", "--tensors"], list(enumerate(model.tensors.name.tolist()))),
    ):
        found = facts(arguments[0], mnet, *arguments[1:])
        assert [tuple(row[:2]) for row in found["rows"]] == expected
        header, *rows = csv.reader(io.StringIO(viz(arguments[0], mnet, *arguments[1:], "--csv").stdout))
        assert header == [column["name"] for column in found["columns"]]
        assert len(rows) == len(expected)


def test_memory_by_planner(facts: Any, mnet: Path) -> None:
    summaries = [facts("memory", mnet, *arguments)["summary"] for arguments in ([], ["-p", "litert"], ["-p", "micro"])]
    assert summaries[0] == summaries[1]
    assert [summary["planner"] for summary in summaries] == ["litert", "litert", "micro"]
    assert [summary["arena_bytes"] for summary in summaries] == [35840, 35840, 28672]
    assert [summary["peak_operator"] for summary in summaries] == [2, 2, 2]


def test_memory_measured(viz: Any, facts: Any, mnet: Path) -> None:
    summary = facts("memory", mnet, "--measured")["summary"]
    assert summary["arena_bytes"] == 35840
    assert [(each["kernels"], each["provenance"], each["arena_bytes"]) for each in summary["measured"]] == [
        ("xnnpack", "measured", 3140),
        ("builtin", "measured", 35840),
    ]
    lines = viz("memory", mnet, "--measured").stdout.splitlines()
    heading = lines.index("\txnnpack\tbuiltin")
    assert lines[heading - 1].startswith("measured with ai-edge-litert ")
    assert lines[heading + 1] == "arena\t3140\t35840"


def test_memory_text(viz: Any, on_terminal: Any, mnet: Path, synth: Callable[[int], Path]) -> None:
    result = viz("memory", mnet)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "arena\t35840" in lines
    assert "most alive at once\t31744, at operator 2 DEPTHWISE_CONV_2D" in lines
    assert "2 DEPTHWISE_CONV_2D\t31744" in lines
    assert sum("\t" in line for line in lines[lines.index("live bytes") :]) == 21, "a heading and 20 operators"
    shown = on_terminal("memory", mnet)
    assert "35.0 KiB" in shown
    assert "━" * 30 in shown
    many = viz("memory", synth(4)).stdout.splitlines()
    heading = many.index("live bytes, the most of every 4 operators")
    assert len(many) - heading - 2 == 37


def test_reader_that_goes_away(tflite_viz: Path, synth: Callable[[int], Path]) -> None:
    """As in ``tflite-viz ops model.tflite | head -1``."""
    for arguments in (["ops"], ["ops", "--json"], ["ops", "--csv"]):
        first, *rest = arguments
        process = subprocess.Popen(
            [tflite_viz, first, synth(1351), *rest], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        with process.stderr:
            assert process.stderr.read() == b""
        process.wait(60)
