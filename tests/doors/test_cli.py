"""The command line: every command as a process, through pipes and on a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tb_tflite_plugin import doctor, open_model
from tb_tflite_plugin.cli import main
from tb_tflite_plugin.doctor import examine

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")

COMMANDS = (
    "serve", "inspect", "ops", "compute", "memory", "partition", "profile", "trace", "report", "log", "doctor",
)  # fmt: skip
VIZ = Path(sys.executable).parent / "tflite-viz"
MOST_REPORT_BYTES = 1_500_000
NASTY = "\x1b]0;owned\x07\x1b[31mred\x9b2J\r\b\u202eback\u2028[bold]mark[/bold]"


def viz(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the command into pipes."""
    return subprocess.run([VIZ, *arguments], capture_output=True, text=True, check=False, timeout=200, **options)


def facts(*arguments: str | Path) -> dict[str, Any]:
    """What a command prints as JSON."""
    result = viz(*arguments, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


def on_terminal(*arguments: str | Path) -> str:
    """What a command shows on a terminal of 100 columns."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen([VIZ, *arguments], stdout=follower, stderr=follower, stdin=follower, env=environment)
    os.close(follower)
    shown = b""
    while True:
        try:
            block = os.read(leader, 65536) if select.select([leader], [], [], 60)[0] else b""
        except OSError:  # how Linux says that the other end is closed
            block = b""
        if not block:
            break
        shown += block
    os.close(leader)
    assert process.wait(60) == 0, shown
    return shown.decode()


@pytest.fixture(scope="module")
def mnet(models: Path) -> Path:
    """A quantized convolutional network."""
    return models / "mnet_int8.tflite"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory, made_model: Callable[..., bytes]) -> Path:
    """A model whose every name wants to take over the terminal."""
    path = tmp_path_factory.mktemp("nasty") / "nasty.tflite"
    path.write_bytes(made_model(NASTY, scales=[0.5]))
    return path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A container of two models."""
    path = tmp_path_factory.mktemp("bundle") / "two.task"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("tiny_mlp", "mnet_int8"):
            archive.write(models / f"{name}.tflite", f"{name}.tflite")
    return path


# Usage.


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str) -> None:
    for flag in ("--help", "-h"):
        result = viz(*filter(None, [command, flag]))
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("Usage: tflite-viz")
        assert "\x1b" not in result.stdout
    named = [name for name in COMMANDS if name in result.stdout]
    assert named == list(COMMANDS) if not command else command in named


def test_no_arguments_is_help() -> None:
    result = viz()
    assert (result.returncode, result.stdout) == (0, viz("--help").stdout)


def test_version() -> None:
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
def test_errors(arguments: list[str], code: int, says: str, mnet: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("hello, I am a text")
    (tmp_path / "empty.tflite").write_bytes(b"")
    (tmp_path / "short.tflite").write_bytes(mnet.read_bytes()[:-20_000])
    result = viz(*(argument.format(mnet=mnet, bundle=bundle, tmp=tmp_path) for argument in arguments))
    assert result.returncode == code
    assert result.stdout == ""
    assert re.fullmatch(r"tflite-viz: .+\n", result.stderr), "one line"
    assert says in result.stderr
    assert not (tmp_path / "out.html").exists()


def test_errors_carry_no_control_characters(tmp_path: Path, models: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.task", "w") as archive:
        for name in ("a\x1b[31m\n.tflite", "b\x9b.tflite"):
            archive.writestr(name, (models / "tiny_mlp.tflite").read_bytes())
    result = viz("ops", tmp_path / "two.task")
    assert result.returncode == 1
    assert result.stderr.endswith("\n")
    assert result.stderr[:-1].isprintable()


# inspect


def test_inspect_json(mnet: Path) -> None:
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


def test_inspect_text(mnet: Path) -> None:
    result = viz("inspect", mnet)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == str(mnet)
    assert f"size\t{mnet.stat().st_size}" in lines, "all digits into a pipe"
    for name, count in facts("inspect", mnet)["summary"]["operator_types"].items():
        assert f"{name}\t{count}" in lines


def test_inspect_csv(mnet: Path) -> None:
    rows = list(csv.reader(io.StringIO(viz("inspect", mnet, "--csv").stdout)))
    found = facts("inspect", mnet)
    assert rows[0] == [column["name"] for column in found["columns"]]
    assert len(rows) == len(found["rows"]) + 1


def test_inspect_lists_a_container(bundle: Path) -> None:
    found = json.loads(viz("inspect", bundle, "--json").stdout)
    assert [entry["path"] for entry in found["models"]] == [f"{bundle}!tiny_mlp.tflite", f"{bundle}!mnet_int8.tflite"]
    for entry in found["models"]:
        assert entry["path"] in viz("inspect", bundle).stdout
        assert facts("inspect", entry["path"])["summary"]["size_bytes"] == entry["size_bytes"]


# ops


def test_ops_json(mnet: Path) -> None:
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


def test_ops_of_several_subgraphs_are_numbered_over_all(models: Path) -> None:
    rows = facts("ops", models / "while_if.tflite", "--columns", "id,subgraph,index")["rows"]
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert len({row[1] for row in rows}) > 1
    assert [row[2] for row in rows if row[1] == rows[-1][1]] == list(range(sum(row[1] == rows[-1][1] for row in rows)))


def test_ops_columns(mnet: Path) -> None:
    assert [c["name"] for c in facts("ops", mnet, "--columns", "op,id")["columns"]] == ["op", "id"]
    assert viz("ops", mnet, "-c", "op,id").stdout.splitlines()[0] == "op\tid"
    everything = [c["name"] for c in facts("ops", mnet)["columns"]]
    assert viz("ops", mnet, "--columns", "all").stdout.splitlines()[0].split("\t") == everything


def test_ops_where(mnet: Path) -> None:
    everything = facts("ops", mnet, "--columns", "id,op,weight_bytes")["rows"]
    found = facts("ops", mnet, "--columns", "id,op,weight_bytes", "--where", "op:CONV_2D and weight_bytes>1kB")["rows"]
    assert found == [row for row in everything if row[1] == "CONV_2D" and row[2] > 1000]
    assert found
    assert facts("ops", mnet, "-w", "op:NOTHING")["rows"] == []
    result = viz("ops", mnet, "--where", "op:CONV_2D")
    assert re.fullmatch(r"\d+ of \d+ operators\n", result.stderr), "what is left out is said, but not into the data"


def test_ops_sort_and_limit(mnet: Path) -> None:
    def weights(*arguments: str) -> list[int]:
        return [row[0] for row in facts("ops", mnet, "--columns", "weight_bytes", *arguments)["rows"]]

    everything = weights()
    assert weights("--sort", "weight_bytes") == sorted(everything)
    assert weights("--sort", "-weight_bytes") == sorted(everything, reverse=True)
    assert weights("-s", "-weight_bytes", "-n", "3") == sorted(everything, reverse=True)[:3]
    assert weights("--limit", "0") == []
    assert weights("--limit", "100000") == everything


def test_missing_cells_sort_last(models: Path) -> None:
    path = models / "ondevice_training.tflite"
    for sort in ("output_bytes", "-output_bytes"):
        values = [row[0] for row in facts("ops", path, "-c", "output_bytes", "--sort", sort)["rows"]]
        there = [value for value in values if value is not None]
        assert None in values
        assert values == sorted(there, reverse=sort.startswith("-")) + [None] * (len(values) - len(there))


def test_ops_csv(mnet: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(viz("ops", mnet, "--csv").stdout)))
    model = open_model(mnet)
    assert [row["op"] for row in rows] == model.operators.ops
    assert [row["inputs"] for row in rows] == [" ".join(map(str, ids)) for ids in model.operators.inputs.tolist()]


def test_ops_text_into_a_pipe(mnet: Path) -> None:
    lines = viz("ops", mnet).stdout.splitlines()
    assert lines[0].split("\t") == ["id", "op", "name", "dtype", "shape", "weight_bytes"]
    assert all(line.count("\t") == 5 for line in lines)
    assert [line.split("\t")[1] for line in lines[1:]] == open_model(mnet).operators.ops


def test_long_lines_are_not_broken_into_a_pipe(nasty: Path, tmp_path: Path, made_model: Callable[..., bytes]) -> None:
    (tmp_path / "long.tflite").write_bytes(made_model("scope/" * 300))
    lines = viz("ops", tmp_path / "long.tflite").stdout.splitlines()
    assert len(lines) == 2
    assert len(lines[1]) > 1500


def test_compute_text(mnet: Path) -> None:
    result = viz("compute", mnet)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "multiply-accumulates\t1373824" in lines, "all digits into a pipe"
    rows = facts("compute", mnet)["summary"]["by_type"]
    for row in rows:
        share = f"{row['macs'] / 1373824:.1%}"
        assert any(line.startswith(f"{row['op']}\t{row['operators']}\t{row['macs']}\t{share}\t") for line in lines)
    assert "1.37 M" in on_terminal("compute", mnet)


def test_compute_shows_what_is_not_known_as_a_dash(models: Path) -> None:
    shown = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal("compute", models / "custom_op.tflite"))
    assert re.search(r"^Betainc +1 +– ", shown, re.MULTILINE)


def test_tables_of_operators_and_tensors_say_which_they_are(mnet: Path) -> None:
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


def test_memory_by_planner(mnet: Path) -> None:
    summaries = [facts("memory", mnet, *arguments)["summary"] for arguments in ([], ["-p", "litert"], ["-p", "micro"])]
    assert summaries[0] == summaries[1]
    assert [summary["planner"] for summary in summaries] == ["litert", "litert", "micro"]
    assert [summary["arena_bytes"] for summary in summaries] == [35840, 35840, 28672]
    assert [summary["peak_operator"] for summary in summaries] == [2, 2, 2]


def test_memory_measured(mnet: Path) -> None:
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


def test_memory_text(mnet: Path, synth: Callable[[int], Path]) -> None:
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


def test_reader_that_goes_away(synth: Callable[[int], Path]) -> None:
    """As in ``tflite-viz ops model.tflite | head -1``."""
    for arguments in (["ops"], ["ops", "--json"], ["ops", "--csv"]):
        first, *rest = arguments
        process = subprocess.Popen(
            [VIZ, first, synth(1351), *rest], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        with process.stderr:
            assert process.stderr.read() == b""
        process.wait(60)


# Terminals.


def test_terminal_shows_tables_and_bars(mnet: Path) -> None:
    shown = on_terminal("inspect", mnet)
    assert "KiB" in shown
    assert "━" in shown
    assert "CONV_2D" in on_terminal("ops", mnet)


@pytest.mark.parametrize("command", [["inspect"], ["ops"], ["ops", "--columns", "all"], ["compute"], ["memory"]])
def test_names_cannot_steer_the_terminal(nasty: Path, command: list[str]) -> None:
    shown = on_terminal(command[0], nasty, *command[1:])
    # What the program itself sends: colours and styles, and on stderr the line that says what it does.
    own = re.sub(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[[0-9]?[KAG]|\r", "", shown)
    assert all(character.isprintable() or character == "\n" for character in own), repr(own)
    assert "\x1b]0" not in shown
    assert "\x1b[31m" not in shown
    assert "[bold]" in shown or "…" in shown, "markup in names is text"


def test_names_cannot_steer_a_terminal_through_a_pipe(nasty: Path) -> None:
    for command in ("inspect", "ops"):
        result = viz(command, nasty)
        assert all(character.isprintable() or character in "\n\t" for character in result.stdout)
        assert "[bold]mark[/bold]" in result.stdout


# report


class Scripts(HTMLParser):
    """The attributes of every script, and everything that an element refers to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.references: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs))
        self.references += [value for name, value in attrs if name in ("src", "href")]


def test_report(synth: Callable[[int], Path], tmp_path: Path) -> None:
    model = synth(19)
    assert len(open_model(model).operators) >= 700
    result = viz("report", model, "-o", tmp_path / "report.html")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith(f"{tmp_path / 'report.html'}: ".replace("\n", ""))
    page = (tmp_path / "report.html").read_text("utf-8")
    assert len(page.encode()) < MOST_REPORT_BYTES
    found = Scripts(page)
    assert found.references == [], "nothing is loaded from anywhere"
    assert len(found.scripts) == 2


def test_report_of_every_model(model_path: Path, tmp_path: Path) -> None:
    from tb_tflite_plugin.static_report import static_report

    assert static_report(open_model(model_path)).startswith("<!doctype html>")


def test_report_with_a_profile(mnet: Path, tmp_path: Path) -> None:
    trace, page = tmp_path / "mine.trace.json", tmp_path / "report.html"
    assert viz("profile", mnet, "--runs", "5", "-o", trace).returncode == 0
    assert viz("report", mnet, "--profile", trace, "-o", page).returncode == 0
    data = page.read_text("utf-8").partition('id="tflite-viz-data">')[2].partition("</script>")[0]
    (run,) = json.loads(data)["runs"]
    assert (run["entry"]["label"], run["entry"]["kernels"], run["entry"]["runs"]) == ("mine.trace.json", "xnnpack", 5)
    other = viz("report", mnet.parent / "tiny_mlp.tflite", "--profile", trace, "-o", page)
    assert other.returncode == 1
    assert "is of another model" in " ".join(other.stderr.split())


# log


def test_log(mnet: Path, tmp_path: Path) -> None:
    result = viz("log", mnet, tmp_path / "run", "--tag", "net/a", "--step", "12")
    written = tmp_path / "run/plugins/tflite/net/a/12.tflite"
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{written}\n", "")
    assert written.read_bytes() == mnet.read_bytes()
    assert json.loads(written.with_suffix(".json").read_text())["sha256"] == open_model(mnet).sha256


def test_log_of_a_member(bundle: Path, tmp_path: Path, mnet: Path) -> None:
    viz("log", f"{bundle}!mnet_int8.tflite", tmp_path)
    assert (tmp_path / "plugins/tflite/model/0.tflite").read_bytes() == mnet.read_bytes()


# serve


def listing(fetch: Callable[..., Any], url: str, wait_for: Callable[..., Any]) -> list[dict[str, Any]]:
    """The models that a server shows, once it has looked through everything."""
    address = urlsplit(url)._replace(fragment="", path="/models").geturl()

    def ask() -> Any:
        found = json.loads(fetch(address).body)
        return found if not found["scan"]["running"] else None

    return wait_for(ask, "the listing")["models"]


@pytest.mark.parametrize("prefix", [["serve"], []], ids=["serve", "bare"])
def test_serve_a_model(
    prefix: list[str], running: Callable[..., Any], fetch: Callable[..., Any], wait_for: Callable[..., Any], mnet: Path
) -> None:
    with running([VIZ, *prefix, mnet, "--no-open"]) as server:
        assert re.fullmatch(r"http://localhost:\d+/", server.url)
        assert fetch(server.url).headers["content-type"] == "text/html; charset=utf-8"
        (entry,) = listing(fetch, server.url, wait_for)
        assert entry["name"] == mnet.name
        assert fetch(f"{server.url}model/{entry['id']}/graph").status == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.log()
        assert len(server.log().strip().splitlines()) == 1


def test_serve_several_models_and_a_directory(
    running: Callable[..., Any], fetch: Callable[..., Any], wait_for: Callable[..., Any], mnet: Path, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("deep/a.tflite", "b.tflite"):
        (tmp_path / name).write_bytes(mnet.read_bytes())
    with running([VIZ, mnet, mnet.parent / "tiny_mlp.tflite", tmp_path, "--no-open", "--port", "0"]) as server:
        labels = {entry["label"] for entry in listing(fetch, server.url, wait_for)}
        assert labels == {"mnet_int8.tflite", "tiny_mlp.tflite", "deep/a.tflite", "b.tflite"}


def test_serve_a_member(
    running: Callable[..., Any], fetch: Callable[..., Any], wait_for: Callable[..., Any], bundle: Path, mnet: Path
) -> None:
    with running([VIZ, f"{bundle}!mnet_int8.tflite", "--no-open"]) as server:
        (wanted,) = parse_qs(urlsplit(server.url).fragment)["model"]
        assert wanted == open_model(mnet).sha256
        base = server.url.partition("#")[0]

        def answer() -> Any:
            found = fetch(f"{base}model/{wanted}/graph")
            assert found.status in (200, 503)
            return found.status == 200

        wait_for(answer, "the member")


def test_serve_on_a_port_that_is_taken(running: Callable[..., Any], mnet: Path) -> None:
    with running([VIZ, mnet, "--no-open"]) as server:
        port = str(urlsplit(server.url).port)
        result = viz("serve", mnet, "--no-open", "--port", port)
    assert result.returncode == 2
    assert re.fullmatch(rf"tflite-viz: cannot listen on 127\.0\.0\.1:{port}: .+\n", result.stderr)


def test_serve_shows_what_comes_later(
    running: Callable[..., Any], fetch: Callable[..., Any], wait_for: Callable[..., Any], mnet: Path, tmp_path: Path
) -> None:
    with running([VIZ, tmp_path, "--no-open"]) as server:
        assert listing(fetch, server.url, wait_for) == []
        (tmp_path / "late.tflite").write_bytes(mnet.read_bytes())
        fetch(f"{server.url}models?rescan=1")
        wait_for(lambda: listing(fetch, server.url, wait_for), "the late model")


def test_serve_opens_the_browser(mnet: Path, tmp_path: Path, running: Callable[..., Any], wait_for: Any) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    with running([VIZ, mnet], env={**os.environ, "BROWSER": f"{browser} %s"}) as server:
        assert wait_for(lambda: opened.exists() and opened.read_text().strip(), "the browser") == server.url


# doctor


def test_doctor(models: Path) -> None:
    result = viz("doctor", "--json", "--logdir", models)
    checks = {check["what"]: check for check in json.loads(result.stdout)["checks"]}
    for what in (
        "python",
        "tb-tflite-plugin",
        "frontend",
        "tensorboard",
        "entry point",
        "ai-edge-litert",
        "log directory",
    ):
        assert checks[what]["state"] == "ok", checks[what]
    problems = [check for check in checks.values() if check["state"] == "problem"]
    assert result.returncode == (1 if problems else 0)
    assert checks["tensorboard"]["found"] == metadata.version("tensorboard")
    assert re.match(r"\d+ models among \d+ files and directories in ", checks["log directory"]["found"])
    text = viz("doctor")
    assert text.stdout.startswith("\twhat\tfound\n")
    assert text.stderr == ""


def test_doctor_of_an_empty_log_directory(tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("hello")
    result = viz("doctor", "--logdir", tmp_path)
    assert result.returncode == 1
    assert "PROBLEM\tlog directory\t0 models among 1 files and directories" in result.stdout
    assert "text.tflite: holds no TensorFlow Lite model" in result.stdout


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, doctor.Check]]:
    """What the doctor says of an installation, made up: versions by package, entry points, the shell's command."""

    def look(
        versions: dict[str, str | None] | None = None,
        points: list[Any] | None = None,
        command: str | None = "same",
        pkg_resources: bool = True,
    ) -> dict[str, doctor.Check]:
        really = metadata.version

        def version(name: str) -> str:
            if name in (versions or {}):
                if versions[name] is None:
                    raise metadata.PackageNotFoundError(name)
                return versions[name]
            return really(name)

        monkeypatch.setattr(metadata, "version", version)
        if points is not None:
            monkeypatch.setattr(metadata, "entry_points", lambda group: points)
        if command != "same":
            monkeypatch.setattr(doctor.shutil, "which", lambda name: command)
        monkeypatch.setattr(doctor, "find_spec", lambda name: object() if pkg_resources else None)
        return {check.what: check for check in examine()}

    return look


def point(value: str = "tb_tflite_plugin.entry:TFLiteLoader", error: Exception | None = None) -> Any:
    """An entry point called tflite."""

    def load() -> object:
        if error is not None:
            raise error
        return object()

    return SimpleNamespace(name="tflite", value=value, load=load)


def test_doctor_finds_missing_packages(installed: Callable[..., Any]) -> None:
    absent = ["tensorboard", "ai-edge-litert", "fsspec", "ipython", "pandas", "tb-tflite-plugin"]
    checks = installed(dict.fromkeys(absent))
    assert checks["tb-tflite-plugin"].state == "problem"
    for name in absent[:-1]:
        assert checks[name].state == "missing"
        assert "pip install" in checks[name].advice
    assert "entry point" not in checks


def test_doctor_knows_pkg_resources(installed: Callable[..., Any]) -> None:
    assert installed({"tensorboard": "2.20.0"}, pkg_resources=False)["pkg_resources"].state == "problem"
    assert "pkg_resources" not in installed({"tensorboard": "2.20.0"})
    assert "pkg_resources" not in installed({"tensorboard": "2.21.0"}, pkg_resources=False)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([], "not there"),
        ([point("a:A"), point("b:B")], "a:A, b:B"),
        ([point(error=ImportError("no module named x"))], "ImportError: no module named x"),
    ],
)
def test_doctor_finds_a_broken_entry_point(installed: Callable[..., Any], points: list[Any], says: str) -> None:
    check = installed(points=points)["entry point"]
    assert (check.state, check.found) == ("problem", says)
    assert check.advice


def test_doctor_looks_at_the_shell_s_command(installed: Callable[..., Any], tmp_path: Path) -> None:
    assert installed(command=None)["tensorboard command"].state == "missing"
    script = tmp_path / "tensorboard"
    script.write_text("#!/usr/bin/another-python\n")
    assert installed(command=str(script))["tensorboard command"].state == "problem"
    script.write_text(f"#!{sys.executable}\n")
    assert installed(command=str(script))["tensorboard command"].state == "ok"


@pytest.mark.parametrize("version", ["2.2.9", "1.4.0", "2.4.0", "3.0"])
def test_doctor_knows_which_runtimes_are_tested(installed: Callable[..., Any], version: str) -> None:
    check = installed({"ai-edge-litert": version})["ai-edge-litert"]
    assert (check.state, check.found) == ("problem", version)


def test_doctor_misses_the_frontend(installed: Callable[..., Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(doctor.resources, "files", lambda _: tmp_path)
    assert installed()["frontend"].state == "problem"
