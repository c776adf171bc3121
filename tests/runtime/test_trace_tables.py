"""benchmark_model's log and CSV and LiteRT's summary, and which model they are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import traces
from tb_tflite_plugin.runtime.errors import TraceError
from tb_tflite_plugin.runtime.trace import Trace
from tb_tflite_plugin.runtime.traces.bind import bind

from tb_tflite_plugin import open_model

Log = Callable[..., str]


def loaded(text: str | bytes, model: Model) -> Trace:
    data = text.encode() if isinstance(text, str) else text
    return bind(traces.read_bytes(data, "profile"), model, "profile")


def codes(trace: Trace) -> list[str]:
    return [finding.code for finding in trace.findings]


@pytest.mark.parametrize("as_csv", [False, True], ids=["text", "csv"])
@pytest.mark.parametrize("start", [False, True], ids=["new header", "old header"])
def test_every_row_finds_its_operator(mnet: Model, log_of: Log, as_csv: bool, start: bool) -> None:
    trace = loaded(log_of(mnet, as_csv=as_csv, start=start), mnet)
    assert trace.source["format"] == ("benchmark-csv" if as_csv else "benchmark-log")
    assert list(trace.events.tag) == mnet.operators.ops
    assert trace.events.operators.tolist() == [[operator] for operator in range(20)]
    assert set(trace.events.kind) == {"operator"}
    np.testing.assert_allclose(trace.events.typical, (np.arange(20) + 1) * 1e6)
    np.testing.assert_allclose(trace.events.given["first"], (np.arange(20) + 1.5) * 1e6)
    assert codes(trace) == ["trace-model-assumed"]


def test_facts_around_the_tables(mnet: Model, log_of: Log) -> None:
    trace = loaded(log_of(mnet), mnet)
    assert trace.startup == {"load_ns": 17_187_000, "first_inference_ns": 3_512_000}
    given = trace.profiled.given
    assert (given["count"], given["median"], given["p95"], given["mean"]) == (50, 2_940_000, 3_100_000, 2_950_340)
    assert trace.latency.typical() is None  # the profiler was on
    assert trace.environment.threads == 4
    assert trace.environment.extra["Graph"] == "/data/local/tmp/mnet_int8.tflite"
    assert trace.source["initialization"] == [["AllocateTensors", 1356.0]]
    assert trace.model.sha256 == mnet.sha256


def test_a_log_without_tables_has_the_latency(mnet: Model, log_of: Log) -> None:
    text = log_of(mnet).split("Profiling Info")[0]
    trace = loaded(text, mnet)
    assert len(trace.events) == 0
    assert trace.latency.given["median"] == 2_940_000
    assert codes(trace) == ["trace-model-unchecked", "trace-incomplete"]


def test_statistics_of_old_and_single_runs(mnet: Model) -> None:
    head = "Inference timings in us: Init: 5, First inference: 9, Warmup (avg): 9, Inference (avg): 7\n"
    for line, expected in (
        ("count=1 curr=7", {"count": 1, "mean": 7000, "median": 7000, "min": 7000, "max": 7000, "first": 7000}),
        (
            "count=3 curr=7(all same)",
            {"count": 3, "mean": 7000, "median": 7000, "min": 7000, "max": 7000, "first": 7000},
        ),
        (
            "count=2 first=6 curr=8 min=6 max=8 avg=7 std=1",
            {"count": 2, "mean": 7000, "min": 6000, "max": 8000, "std": 1000, "first": 6000},
        ),
    ):
        assert loaded(f"{line}\n{head}", mnet).latency.given == expected, line


@pytest.mark.parametrize(
    "prefix",
    ["INFO: ", "I tflite  : ", "I/tflite  ( 1234): ", "08-21 10:20:30.123  1234  1240 I tflite  : "],
    ids=["stderr", "logcat tag", "logcat brief", "logcat threadtime"],
)
def test_logs_taken_with_prefixes(mnet: Model, log_of: Log, prefix: str) -> None:
    plain = log_of(mnet).replace("INFO: ", "")
    trace = loaded("\n".join(prefix + line for line in plain.splitlines()), mnet)
    assert trace.events.operators.tolist() == [[operator] for operator in range(20)]
    assert trace.startup["load_ns"] == 17_187_000


def test_subgraphs_lie_in_the_operator_that_runs_them(gru: Model, log_of: Log) -> None:
    trace = loaded(log_of(gru), gru)
    assert sorted(map(tuple, trace.events.operators.tolist())) == [(operator,) for operator in range(23)]
    row = {operators[0]: row for row, operators in enumerate(trace.events.operators.tolist())}
    loop = gru.operators.ops.index("WHILE")
    for operator, where in row.items():
        inside = gru.operators.subgraph[operator] > 0
        assert trace.events.parent[where] == (row[loop] if inside else -1)
        assert trace.events.parent[where] < where


def test_several_calls_add_up(gru: Model, tool: SimpleNamespace) -> None:
    rows = [("LESS", 0.002, 0.002, 13, "[while/Less]:0")]
    text = f"{tool.REGULAR}Subgraph (index: 1, name: while_cond) profile:\n{tool.block(rows)}"
    trace = loaded(text, gru)
    assert trace.events.calls.tolist() == [13]
    np.testing.assert_allclose(trace.events.typical, [13 * 2000])
    assert np.isnan(trace.events.given.get("first", np.array([np.nan]))).all()  # of one call; of all 13 it is not known


def test_delegates_and_their_kernels(mnet: Model, tool: SimpleNamespace) -> None:
    rows = [
        ("TfLiteXNNPackDelegate", 0.3, 0.25, 1, "[StatefulPartitionedCall:0, other]:20"),
        ("Fully Connected (NC, QS8, QC8W) GEMM", 0.1, 0.2, 1, "Delegate/Fully Connected (NC, QS8, QC8W) GEMM:1"),
        ("SOFTMAX", 0.1, 0.1, 1, "[StatefulPartitionedCall:0]:19"),
    ]
    for as_csv in (False, True):
        trace = loaded(tool.REGULAR + tool.block(rows, as_csv=as_csv), mnet)
        assert trace.events.kind == ("delegate", "kernel", "operator")
        assert trace.events.tag[1] == "Fully Connected (NC, QS8, QC8W) GEMM"
        assert trace.events.node.tolist() == [20, 1, 19]
        # The delegate's row is of many operators; its kernel is aligned with one that is of its kind.
        (nobody, (kernel,), softmax) = trace.events.operators.tolist()
        assert (nobody, softmax) == ([], [19])
        assert mnet.operators.ops[kernel] in ("CONV_2D", "FULLY_CONNECTED")
        assert 0 < trace.events.confidence[1] < 1
        assert trace.events.partition.tolist() == [0, 1, -1]
        partition = trace.partitions[0]
        assert (partition.subgraph, partition.node, partition.delegate) == (0, 20, "TfLiteXNNPackDelegate")
        assert partition.operators is None  # the table does not say which operators it replaced
        assert trace.environment.delegates == ("TfLiteXNNPackDelegate",)


def test_rows_inside_a_delegate_stand_in_a_block_of_their_own(mnet: Model, tool: SimpleNamespace) -> None:
    inner = [("DelegateOpInvoke", 0.1, 0.1, 1, "Delegate/conv kernel:0")]
    text = tool.REGULAR + tool.block(tool.rows_of(mnet)) + "Delegate internal: \n" + tool.block(inner)
    trace = loaded(text, mnet)
    assert trace.events.tag[-1] == "conv kernel"
    assert (trace.events.kind[-1], trace.events.subgraph[-1]) == ("kernel", -1)


def test_cycles_stay_cycles(mnet: Model, tool: SimpleNamespace) -> None:
    # Hexagon's rows stand among operators: kernels of its own with the operator's node, counting cycles (as "ms").
    rows = [
        ("Supernode_8x8p32to8", 12.345, 12.345, 1, "[a]:0"),
        ("QuantizedAdd_8p8to8", 2.5, 2.5, 1, "[b]:4"),
        ("TfLiteHexagonDelegate", 0.3, 0.25, 1, "[StatefulPartitionedCall:0]:20"),
        ("SOFTMAX", 0.1, 0.1, 1, "[StatefulPartitionedCall:0]:19"),
    ]
    trace = loaded(tool.REGULAR + tool.block(rows), mnet)
    assert trace.events.unit == ("cycles", "cycles", "ns", "ns")
    assert trace.events.typical.tolist() == [12345, 2500, 250_000, 100_000]
    assert trace.events.operators.tolist()[:2] == [[0], [4]]


def test_custom_operators_beside_cycles_are_timed(models: Path, tool: SimpleNamespace) -> None:
    model = open_model(models / "custom_op.tflite")
    node = model.operators.ops.index("Betainc")
    rows = [
        ("Supernode_8x8p32to8", 12.345, 12.345, 1, "[a]:0"),
        ("TfLiteHexagonDelegate", 0.3, 0.25, 1, "[b]:9"),
        ("Betainc", 0.1, 0.1, 1, f"[c]:{node}"),
    ]
    trace = loaded(tool.REGULAR + tool.block(rows), model)
    assert trace.events.unit == ("cycles", "ns", "ns")
    assert trace.events.operators.tolist()[2] == [node]
    assert trace.events.typical.tolist() == [12345, 250_000, 100_000]


def test_a_profile_of_another_model_is_refused(mnet: Model, gru: Model, log_of: Log) -> None:
    with pytest.raises(TraceError, match=r"profile: line \d+: is of another model: node 0 of subgraph 0 is CONV_2D"):
        loaded(log_of(mnet), gru)


def test_a_profile_of_another_version_says_so(models: Path, mnet: Model, log_of: Log) -> None:
    other = open_model(models / "mnet_int8_float_io.tflite")  # QUANTIZE comes first there
    trace = loaded(log_of(mnet), other)
    (mismatch,) = [finding for finding in trace.findings if finding.code == "trace-mismatch"]
    right = sum(a == b for a, b in zip(mnet.operators.ops, other.operators.ops, strict=False))
    assert mismatch.message.startswith(f"{20 - right} of 20 operators")
    assert [] in trace.events.operators.tolist()


def test_what_was_cut_off_is_said(mnet: Model, log_of: Log) -> None:
    text = log_of(mnet)
    start = text.index("Operator-wise")
    place = text.index("Top by Computation", start)
    trace = loaded(text[:place], mnet)
    assert "trace-incomplete" in codes(trace)
    lines = text.splitlines()
    row = next(i for i, line in enumerate(lines) if line.endswith(":7"))
    with pytest.raises(TraceError, match=f"line {row + 1}: not a row of the table"):
        loaded("\n".join([*lines[:row], lines[row][:60]]), mnet)
    without = [*lines[:row], *lines[row + 1 :]]
    assert any("19 rows where the tool observed 20" in f.message for f in loaded("\n".join(without), mnet).findings)


SUMMARY_WIDTHS = (60, 10, 10, 10, 10, 10, 10, 14)


def summary_row(*cells: str) -> str:
    *columns, name = cells
    return " ".join(f"{cell:>{width}}" for cell, width in zip(columns, SUMMARY_WIDTHS, strict=True)) + f"   {name}"


def test_litert_summary(gru: Model, models: Path) -> None:
    header = ("[node type]", "[start]", "[first]", "[avg ms]", "[%]", "[cdf%]", "[mem KB]", "[times called]", "[Name]")
    kernel = "Delegate/Fully Connected (NC, F32) GEMM"
    text = "\n".join(
        [
            f"{'=' * 69} Run Order {'=' * 70}",
            summary_row(*header),
            summary_row(kernel, "0.000", "0.001", "0.002", "0.000%", "0.000%", "0.000", "60", "[Delegate]:1"),
            summary_row("WHILE", "0.000", "1.077", "1.083", "97.743%", "97.743%", "0.000", "5", "[Builtin]:1"),
            summary_row("LESS", "0.101", "0.001", "0.001", "0.397%", "98.140%", "0.000", "65", "[Builtin]:0"),
            summary_row("ADD", "0.138", "0.000", "0.001", "0.542%", "98.682%", "0.000", "60", "[Builtin]:18"),
            "",
            f"{'=' * 62} Top by Computation Time {'=' * 63}",
            summary_row(*header),
            "",
        ]
    )
    trace = loaded(text, gru)
    assert trace.source["format"] == "litert-summary"
    # Subgraphs are not printed; number and type find them here.
    ids, calls = trace.events.operators.tolist(), trace.events.calls.tolist()
    found = {tag: (i, n) for tag, i, n in zip(trace.events.tag, ids, calls, strict=True)}
    loop, less = gru.operators.ops.index("WHILE"), gru.operators.ops.index("LESS")
    last_add = int(gru.subgraphs.operator_offsets[2]) + 18
    assert found == {
        "WHILE": ([loop], 1), "LESS": ([less], 13), "ADD": ([last_add], 12),
        "Fully Connected (NC, F32) GEMM": ([], 12),
    }  # fmt: skip
    assert any("how often the model ran" in finding.message for finding in trace.findings)
    with pytest.raises(TraceError, match="is of another model: node 1 is WHILE, and the model has CONV_2D there"):
        loaded(text, open_model(models / "mnet_int8.tflite"))
