"""Whatever a file holds: a trace, or one line that says where it stopped being one."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.runtime import trace_file, traces
from tb_tflite_plugin.runtime.errors import TraceError
from tb_tflite_plugin.runtime.profile_report import report
from tb_tflite_plugin.runtime.traces import timeline
from tb_tflite_plugin.runtime.traces.export import csv_text, node_data

from tb_tflite_plugin import open_model

Log = Callable[..., str]


@pytest.fixture(scope="module")
def files(mnet: Model, gru: Model, log_of: Log) -> dict[str, tuple[bytes, Model]]:
    """A file in each format, and its model."""
    profiling = pytest.importorskip("ai_edge_litert.profiling_info_pb2")
    details = pytest.importorskip("ai_edge_litert.model_runtime_info_pb2")
    profile = profiling.BenchmarkProfilingData()
    graph = profile.runtime_profile.subgraph_profiles.add(subgraph_index=0)
    for node, op in enumerate(mnet.operators.ops):
        row = graph.per_op_profiles.add(node_type=op, name=f"[out]:{node}", run_order=node, times_called=1)
        row.inference_microseconds.sum, row.inference_microseconds.count = 10, 2
    runtime = details.ModelRuntimeDetails()
    nodes = runtime.subgraphs.add(subgraph_id=0)
    for node in range(20):
        nodes.nodes.add(id=node, type="3", name="CONV_2D")
    nodes.nodes.add(id=20).delegate_node_details.tflite_node_ids_replaced.extend(range(20))
    marks = "".join(
        f" a-7 ( 7) [000] ...1 {1 + node * 1e-5:.6f}: tracing_mark_write: B|7|{op}@{node}/0\n"
        f" a-7 ( 7) [000] ...1 {1 + node * 1e-5 + 5e-6:.6f}: tracing_mark_write: E|7\n"
        for node, op in enumerate(mnet.operators.ops)
    )
    chrome = [
        {"ph": "X", "pid": 1, "tid": 1, "name": f"{op}@{node}/0", "ts": node * 10, "dur": 5}
        for node, op in enumerate(mnet.operators.ops)
    ]
    latency = {"init_ms": 2.91, "avg_ms": 0.04, "median_ms": 0.04, "num_runs": 3}
    benchmark = {"model": "m.tflite", "accelerators": ["CPU"], "num_threads": 1, "latency": latency}
    return {
        "log": (log_of(gru).encode(), gru),
        "csv": (log_of(mnet, as_csv=True, start=True).encode(), mnet),
        "proto": (profile.SerializeToString(), mnet),
        "details": (runtime.SerializeToString(), mnet),
        "systrace": (b"# tracer: nop\n" + marks.encode(), mnet),
        "chrome": (json.dumps({"traceEvents": chrome}).encode(), mnet),
        "benchmark": (json.dumps(benchmark).encode(), mnet),
    }


FORMATS = ("log", "csv", "proto", "details", "systrace", "chrome", "benchmark")


def everything(path: Path, model: Model) -> int:
    """Reads a file and uses all of it; the number of its rows."""
    trace = traces.load(path, model)
    trace_file.loads(json.dumps(trace_file.to_json(trace)).encode(), "again")
    json.dumps(timeline.chrome(trace, model), allow_nan=False)
    csv_text(trace, model)
    node_data(trace, model)
    report(trace, model).rows()
    return len(trace.events)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_told_from_the_others(name: str, files: dict[str, tuple[bytes, Model]], tmp_path: Path) -> None:
    data, model = files[name]
    path = tmp_path / "profile"
    path.write_bytes(data)
    rows = everything(path, model)
    assert rows == {"log": 23, "details": 0, "benchmark": 0}.get(name, 20)


@pytest.mark.parametrize("name", FORMATS)
def test_broken_files_give_one_line(name: str, files: dict[str, tuple[bytes, Model]], tmp_path: Path) -> None:
    data, model = files[name]
    rng = random.Random(name)
    path = tmp_path / "profile"
    refusals = []
    for turn in range(400):
        if turn % 2:
            broken = data[: rng.randrange(len(data))]
        else:
            array = bytearray(data)
            for _ in range(rng.choice((1, 3, 20))):
                at = rng.randrange(len(array))
                array[at : at + rng.choice((0, 1, 1, 4))] = rng.randbytes(rng.choice((0, 1, 1, 5)))
            broken = bytes(array)
        path.write_bytes(broken)
        try:
            everything(path, model)
        except TraceError as error:
            refusals.append(str(error))
    assert len(refusals) > 20
    assert all(text.startswith(str(path)) and "\n" not in text for text in refusals)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello\n", "is in no known format: benchmark_model's log"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is in no known format"),
        (b"{}", "is in no known format"),
    ],
)
def test_foreign_files(content: bytes, reason: str, tmp_path: Path, mnet: Model) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(TraceError) as error:
        traces.load(path, mnet)
    assert f"{path}: {reason}" in str(error.value)


def test_paths_that_are_no_files(models: Path, tmp_path: Path, mnet: Model) -> None:
    with pytest.raises(TraceError, match="is a model, not a profile"):
        traces.load(models / "mnet_int8.tflite", mnet)
    with pytest.raises(TraceError, match="No such file"):
        traces.load(tmp_path / "nothing", mnet)
    with pytest.raises(TraceError, match=r"not a regular file|Is a directory"):
        traces.load(tmp_path, mnet)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TraceError, match="not a regular file"):
        traces.load(tmp_path / "pipe", mnet)


def test_our_own_traces_know_their_model(
    files: dict[str, tuple[bytes, Model]], tmp_path: Path, mnet: Model, gru: Model
) -> None:
    foreign, ours = tmp_path / "log", tmp_path / "trace.json"
    foreign.write_bytes(files["csv"][0])
    trace = traces.load(foreign, mnet)
    trace_file.save(trace, ours)
    again = traces.load(ours, mnet)
    assert again.events.operators.tolist() == trace.events.operators.tolist()
    assert again.events.typical.tolist() == trace.events.typical.tolist()
    with pytest.raises(TraceError, match="is of another model"):
        traces.load(ours, gru)
    values = trace_file.to_json(trace)
    values["events"]["operators"][0] = [1_000_000]
    ours.write_text(json.dumps(values))
    with pytest.raises(TraceError, match=r"events.operators: names operators that the model does not have"):
        traces.load(ours, mnet)


# What the installed runtime writes itself.

SUMMARY = """
import ctypes, os, sys
from tb_tflite_plugin.runtime import litert
with litert.Environment() as environment, litert.Model(environment, sys.argv[1]) as model:
    compiled = litert.CompiledModel(environment, model, litert.Options(kernels=sys.argv[2], profiling=True))
    signature = model.signatures()[0]
    compiled.allocate(signature)
    ends = [
        litert.Buffers([compiled.buffer(signature, kind, row, tensor.layout) for row, tensor in enumerate(tensors)])
        for kind, tensors in (("Input", signature.inputs), ("Output", signature.outputs))
    ]
    profiler = compiled.profiler()
    library = litert._library()
    library.LiteRtStartProfiler(profiler._pointer)
    for _ in range(3):
        compiled.run(signature, *ends)
    text = ctypes.c_char_p()
    library.LiteRtGetProfileSummary.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)]
    assert library.LiteRtGetProfileSummary(profiler._pointer, compiled.pointer, ctypes.byref(text)) == 0
    sys.stdout.write(text.value.decode())
    sys.stdout.flush()
    os._exit(0)
"""


def output_of(*command: Any) -> str:
    elsewhere = Path(__file__).parent  # in the root of the repository, its folders would hide the installed package
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=elsewhere)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


@pytest.mark.parametrize("name", ["mnet_int8", "gru_while", "mnet_int8_mixed"])
def test_a_summary_that_the_runtime_writes(name: str, models: Path, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    path = models / f"{name}.tflite"
    model = open_model(path)
    capture = tmp_path / "summary.txt"
    capture.write_text(output_of(sys.executable, "-c", SUMMARY, path, "builtin"))
    trace = traces.load(capture, model)
    assert trace.source["format"] == "litert-summary"
    # Without a delegate every operator has a row; equal ones of several subgraphs cannot be told apart.
    found = {operator for row in trace.events.operators.tolist() for operator in row}
    assert len(found) >= 0.8 * len(model.operators)
    assert "trace-mismatch" not in [finding.code for finding in trace.findings]
    capture.write_text(output_of(sys.executable, "-c", SUMMARY, path, "xnnpack"))
    kernels = [tag for tag, kind in zip(trace.events.tag, trace.events.kind, strict=True) if kind == "kernel"]
    assert not kernels
    with_delegate = traces.load(capture, model)
    assert "kernel" in with_delegate.events.kind


def test_a_result_that_litert_benchmark_writes(models: Path, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    written = tmp_path / "result.json"
    module = "ai_edge_litert.tools.benchmark_litert_model"
    path = models / "mnet_float32.tflite"
    output_of(sys.executable, "-m", module, f"--model={path}", "--num_runs=5", f"--result_json={written}")
    trace = traces.load(written, open_model(path))
    result = json.loads(written.read_text())
    assert trace.latency.given["count"] == 5
    assert trace.latency.given["median"] == pytest.approx(result["latency"]["median_ms"] * 1e6)
    assert trace.startup["load_ns"] == pytest.approx(result["latency"]["init_ms"] * 1e6)
    assert trace.environment.threads == 1
