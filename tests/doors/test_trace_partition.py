"""tflite-viz partition and tflite-viz trace, as processes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ai_edge_litert")


@pytest.fixture(scope="module")
def model(models: Path) -> Path:
    """29 of its 30 operators run on XNNPACK, in two partitions."""
    return models / "mnet_int8_mixed.tflite"


def test_partition_as_json(printed: Any, model: Path) -> None:
    answer: dict[str, Any] = json.loads(printed("partition", model, "--measured", "--delegate", "xnnpack", "--json"))
    summary = answer["summary"]
    assert answer["report"] == "partition"
    assert summary["runtime"].startswith("ai-edge-litert ")
    assert {key: summary[key] for key in ("delegate", "provenance", "operators", "delegated")} == {
        "delegate": "xnnpack", "provenance": "measured", "operators": 30, "delegated": 29,
    }  # fmt: skip
    assert [part["subgraph"] for part in summary["partitions"]] == [0, 0]
    names = [column["name"] for column in answer["columns"]]
    for row in answer["rows"]:
        cells = dict(zip(names, row, strict=True))
        homes = [k for k, part in enumerate(summary["partitions"]) if cells["id"] in part["operators"]]
        assert homes == ([] if cells["partition"] is None else [cells["partition"]])


def test_partition_as_csv_and_text(printed: Any, model: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(printed("partition", model, "--measured", "-d", "xnnpack", "--csv"))))
    assert [row["op"] for row in rows if row["partition"] == ""] == ["SOFTMAX"]
    text = printed("partition", model, "--measured", "-d", "xnnpack")
    assert "29 of 30 operators in 2 partitions" in text
    assert "SOFTMAX\t1\tthe runtime's own kernels" in text


def test_delegates_one_after_the_other(printed: Any, models: Path) -> None:
    sparse = models / "mnet_pruned80_sparse_fp16.tflite"
    summary = json.loads(printed("partition", sparse, "-d", "gpu,xnnpack", "--json"))["summary"]
    alone, together = summary["delegates"], summary["in_order"]
    assert [one["delegate"] for one in alone] == ["gpu", "xnnpack"]
    assert together["delegate"] == "gpu,xnnpack"
    assert [part["delegate"] for part in together["partitions"]] == ["xnnpack", "gpu"]
    # The GPU comes first: XNNPACK, which would take everything, gets what is left.
    assert [len(part["operators"]) for part in together["partitions"]] == [26, 20]
    assert alone[1]["delegated"] == alone[1]["operators"] > together["delegated"] == 46
    text = printed("partition", sparse, "-d", "gpu,xnnpack")
    assert "One after the other: of 54 operators, GPU 20 in 1 partition, then XNNPACK 26 in 1 partition; " in text
    assert "One after the other" not in printed("partition", sparse, "--all")


def test_options_of_foretold_delegates(printed: Any, model: Path) -> None:
    def summary(*options: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(printed("partition", model, "-d", "gpu-legacy", "--json", *options))
        return found["summary"]

    assert summary("-o", "quantized=false")["delegated"] < summary()["delegated"]


def test_what_is_accepted_if(printed: Any, models: Path) -> None:
    zoo = models / "opzoo_float32.tflite"
    answer = json.loads(printed("partition", zoo, "-d", "nnapi", "--json"))
    assert answer["summary"]["accepted_if"] == {"option": 2, "device": 0}
    operators = next(f["operators"] for f in answer["findings"] if f["code"] == "accepted-if-option")
    explained = printed("partition", zoo, "-d", "nnapi,gpu", "--explain", str(operators[0]))
    assert "NNAPI: accepted-if option feature_level=6\n  feature_level is 5; needed: at least 6" in explained
    assert "GPU: accepted\n" in explained
    small = ("-o", "max_buffer_mib=0")
    explained = printed("partition", zoo, "-d", "gpu", "--explain", "12", *small)
    assert "GPU: accepted-if device: buffers of at least " in explained
    text = printed("partition", zoo, "-d", "gpu", *small)
    assert "44 of 44 operators in 1 partition; 44 of these if the device holds their tensors" in text
    rows = list(csv.DictReader(io.StringIO(printed("partition", zoo, "-d", "nnapi", "--csv"))))
    assert [int(row["id"]) for row in rows if row["verdict"] == "accepted-if option"] == operators
    assert {row["condition"] for row in rows} == {"", "option feature_level=6"}


def test_flags_of_the_measured_delegate(printed: Any, models: Path) -> None:
    text = printed("partition", models / "mnet_int8.tflite", "--measured", "-d", "xnnpack", "-o", "qs8=false", "--json")
    assert json.loads(text)["summary"]["delegated"] < 19


def test_a_delegate_that_fails_is_an_answer(printed: Any, models: Path) -> None:
    text = printed("partition", models / "mnet_pruned80_sparse_dynrange.tflite", "--measured", "-d", "xnnpack")
    assert "delegated\tnot known" in text
    assert "error: the model does not run with xnnpack: failed to delegate CONV_2D node #11" in text
    assert "it loads with the built-in kernels alone" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-d", "./own.so"), "./own.so cannot be foretold, say --measured"),
        (("--measured", "-d", "tpu"), "no delegate tpu; there are xnnpack, gpu, ethos-u"),
        (("--measured", "-d", "xnnpack", "--option", "threads"), "--option threads: must be KEY=VALUE"),
        (("--measured", "-d", "./no.so"), "./no.so: no such file"),
        (("--measured",), "--measured needs --delegate"),
        ((), "which delegate?"),
        (
            ("-d", "hexagon", "-o", "colour=red"),
            "--option: hexagon has no option colour; it has max_delegated_partitions=4",
        ),
        (("-d", "gpu-legacy", "-o", "quantized=maybe"), "--option: quantized=maybe: must be true or false"),
        (("-d", "xnnpack", "--explain", "999"), "the model has"),
        (("-d", "xnnpack", "--what-if", "NONE"), "no operator of the model"),
        (("-d", "xnnpack", "--require", "much"), "must be a share"),
    ],
)
def test_partition_usage(viz: Any, arguments: tuple[str, ...], message: str, model: Path) -> None:
    result = viz("partition", model, *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def profile(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system trace of three inferences of tiny_mlp."""
    lines = ["# tracer: nop"]
    for run in range(3):
        marks = [(0, "B|9|Invoke@0/0")]
        for node in range(3):
            marks += [(10 * node + 1, f"B|9|FULLY_CONNECTED@{node}/0"), (10 * node + 9 + node, "E|9")]
        for time, mark in [*marks, (40, "E|9")]:
            lines.append(f" app-9 ( 9) [001] ...1 {5 + run * 1e-3 + time * 1e-6:.6f}: tracing_mark_write: {mark}")
    path = tmp_path_factory.mktemp("trace") / "trace.txt"
    path.write_text("\n".join(lines))
    return path


def test_trace_as_text_and_json(printed: Any, profile: Path, models: Path) -> None:
    model = models / "tiny_mlp.tflite"
    text = printed("trace", profile, "--model", model)
    assert "inference\t40.0 µs" in text
    assert text.index("\n2\tFULLY_CONNECTED\t10.0 µs") < text.index("\n0\tFULLY_CONNECTED\t8.0 µs")
    answer = json.loads(printed("trace", profile, "--model", model, "--json"))
    names = [column["name"] for column in answer["columns"]]
    assert [row[names.index("self_us")] for row in answer["rows"]] == pytest.approx([8, 9, 10])
    assert answer["summary"]["attributed_us"] == pytest.approx(27)
    assert answer["summary"]["unattributed_us"] == pytest.approx(13)


def test_trace_converts(printed: Any, profile: Path, models: Path, tmp_path: Path) -> None:
    model = models / "tiny_mlp.tflite"
    chrome = json.loads(printed("trace", profile, "-m", model, "--to", "chrome"))
    assert [event["name"] for event in chrome["traceEvents"]].count("FULLY_CONNECTED") == 3
    rows = list(csv.DictReader(io.StringIO(printed("trace", profile, "-m", model, "--to", "csv"))))
    assert [row["median"] for row in rows] == ["8000", "9000", "10000"]
    written = tmp_path / "node-data.json"
    assert printed("trace", profile, "-m", model, "--to", "node-data", "-o", written) == ""
    (graph,) = json.loads(written.read_text()).values()
    assert graph["results"] == {"0": {"value": 8.0}, "1": {"value": 9.0}, "2": {"value": 10.0}}
    ours = tmp_path / "ours.json"
    printed("trace", profile, "-m", model, "--to", "trace", "-o", ours)
    assert printed("trace", ours, "-m", model, "--to", "csv") == printed("trace", profile, "-m", model, "--to", "csv")


def test_traces_that_cannot_be_read(viz: Any, profile: Path, models: Path, tmp_path: Path) -> None:
    other = viz("trace", profile, "-m", models / "mnet_int8.tflite")
    assert (other.returncode, other.stdout) == (1, "")
    assert "is of another model: node 0 of subgraph 0 is FULLY_CONNECTED" in other.stderr
    broken = tmp_path / "broken.json"
    broken.write_text('{"traceEvents": [\n{"ph": "X", }]}')
    for path, message in (
        (broken, f"{broken}: line 2, column 1"),
        (tmp_path / "nothing", f"{tmp_path / 'nothing'}: No such file or directory"),
        (models / "tiny_mlp.tflite", "is a model, not a profile"),
    ):
        result = viz("trace", path, "-m", models / "tiny_mlp.tflite")
        assert (result.returncode, result.stdout) == (1, "")
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    usage = viz("trace", profile, "-m", models / "tiny_mlp.tflite", "-o", tmp_path / "x")
    assert usage.returncode == 2
    assert "--output needs --to" in usage.stderr
