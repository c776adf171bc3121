"""What tests of the runtime share: traces of the fixtures, measured once, and profiles as other tools write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.model import Model
from tb_tflite_plugin.analysis.report import Report
from tb_tflite_plugin.runtime.profiler import Settings, profile
from tb_tflite_plugin.runtime.trace import Trace

from tb_tflite_plugin import open_model

Measured = tuple[Model, Trace]


@pytest.fixture(scope="session")
def measured() -> Callable[[Path], Measured]:
    """Profiles a model with a few inferences, or gives what it gave before."""
    known: dict[Path, Measured] = {}

    def measure(path: Path) -> Measured:
        if path not in known:
            model = open_model(path)
            known[path] = model, profile(model, Settings(runs=12, warmup=2))
        return known[path]

    return measure


# What benchmark_model (TensorFlow 2.17, LiteRT 1.x) prints around its tables; the figures are made up.
LOG_HEAD = """\
INFO: STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Num threads: [4]
INFO: Graph: [/data/local/tmp/mnet_int8.tflite]
INFO: Enable op profiling: [1]
INFO: #threads used for CPU inference: [4]
INFO: Loaded model /data/local/tmp/mnet_int8.tflite
INFO: The input model file size (MB): 0.043
INFO: Initialized session in 17.187ms.
INFO: Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
INFO: count=1 curr=3512

INFO: Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
INFO: count=50 first=2990 curr=2913 min=2727 max=3189 avg=2950.34 std=109 p5=2750 median=2940 p95=3100

INFO: Inference timings in us: Init: 17187, First inference: 3512, Warmup (avg): 3512, Inference (avg): 2950.34
INFO: Memory footprint delta from the start of the tool (MB): init=4.21 overall=46.08
"""


def text_row(tag: str, first: float, mean: float, calls: int, name: str, start: bool = False) -> str:
    """A row of a text table of StatsCalculator."""
    starts = f"\t{0.0:17.3f}" if start else ""
    return f"\t{tag:>40}{starts}\t{first:9.3f}\t{mean:9.3f}\t{1.0:7.3f}%\t{2.0:7.3f}%\t{0.0:10.3f}\t{calls:9}\t{name}"


def csv_row(tag: str, first: float, mean: float, calls: int, name: str, start: bool = False) -> str:
    """The same as CSV: commas in the name become tabs, those in the type stay."""
    starts = ", 0.5" if start else ""
    return f"{tag}{starts}, {first:g}, {mean:g}, 1%, 2%, 0, {calls}, {name.replace(',', chr(9))}"


def table(rows: Sequence[tuple[Any, ...]], *, as_csv: bool, start: bool, title: str = "Run Order") -> str:
    """A table with its title and header."""
    if as_csv:
        starts = " start," if start else ""
        header = f"node type,{starts} first, avg_ms, %, cdf%, mem KB, times called, name"
    else:
        starts = f"\t{'[start]':>17}" if start else ""
        header = f"\t{'[node type]':>40}{starts}\t  [first]\t [avg ms]\t     [%]\t  [cdf%]"
        header += "\t  [mem KB]\t[times called]\t[Name]"
    render = csv_row if as_csv else text_row
    line = "=" * 30
    return "\n".join([f"{line} {title} {line}", header, *(render(*row, start=start) for row in rows), "", ""])


def block(rows: Sequence[tuple[Any, ...]], *, as_csv: bool = False, start: bool = False) -> str:
    """What is printed of one subgraph: the table, the same by time and by type, and the last lines."""
    slowest = sorted(rows, key=lambda row: -row[2])[:10]
    line = "=" * 30
    types = "node type, count, avg_ms, avg %, cdf %, mem KB, times called" if as_csv else "\t[Node type]\t  [count]"
    return (
        table(rows, as_csv=as_csv, start=start)
        + table(slowest, as_csv=as_csv, start=start, title="Top by Computation Time")
        + f"Number of nodes executed: {len(rows)}\n{line} Summary by node type {line}\n"
        + f"{types}\nCONV_2D, 9, 1, 1%, 1%, 0, 9\n\n"
        + "Timings (microseconds): count=50 first=2990 curr=2913 min=2727 max=3189 avg=2950.34 std=109\n"
        + f"Memory (bytes): count=0\n{len(rows)} nodes observed\n\n"
    )


def rows_of(model: Model, subgraph: int = 0) -> list[tuple[Any, ...]]:
    """A row for every operator of a subgraph; operator ``k`` takes k + 1 milliseconds."""
    names, outputs = model.tensors.name.tolist(), model.operators.outputs.tolist()
    first, stop = model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
    return [
        (
            model.operators.ops[operator], operator - first + 1.5, operator - first + 1.0, 1,
            f"[{', '.join(names[tensor] for tensor in outputs[operator])}]:{operator - first}",
        )
        for operator in range(first, stop)
    ]  # fmt: skip


REGULAR = "Operator-wise Profiling Info for Regular Benchmark Runs:\n"
INITIAL = "Profiling Info for Benchmark Initialization:\n"


@pytest.fixture(scope="session")
def tool() -> SimpleNamespace:
    """The parts of what the tools print: tables, blocks and the lines before them."""
    return SimpleNamespace(table=table, block=block, rows_of=rows_of, REGULAR=REGULAR, INITIAL=INITIAL)


@pytest.fixture(scope="session")
def mnet(models: Path) -> Model:
    """A model of one subgraph with 20 operators."""
    return open_model(models / "mnet_int8.tflite")


@pytest.fixture(scope="session")
def gru(models: Path) -> Model:
    """A model whose WHILE runs two more subgraphs."""
    return open_model(models / "gru_while.tflite")


@pytest.fixture(scope="session")
def log_of() -> Callable[..., str]:
    """Writes the log of a model: initialization, then one block per subgraph."""

    def write(model: Model, *, as_csv: bool = False, start: bool = False) -> str:
        started = [("AllocateTensors", 1.356, 1.356, 1, "AllocateTensors/0")]
        text = LOG_HEAD + INITIAL + block(started, as_csv=as_csv, start=start) + "\n" + REGULAR
        count = len(model.subgraphs)
        for subgraph in range(count):
            name = model.subgraphs.names[subgraph]
            if count > 1:
                place = f"Subgraph (index: {subgraph}, name: {name})" if subgraph else f"Primary graph (name: {name})"
                text += f"{place} profile:\n"
            text += block(rows_of(model, subgraph), as_csv=as_csv, start=start)
        return text

    return write


@pytest.fixture(scope="session")
def interpreted() -> Callable[[Path, np.ndarray], Any]:
    """The public interpreter after a run on real numbers."""

    def run(path: Path, sample: np.ndarray) -> Any:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        interpreter = Interpreter(
            str(path),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
        detail = interpreter.get_input_details()[0]
        if detail["dtype"] != np.float32:
            scale, zero = detail["quantization"]
            sample = np.clip(np.round(sample / np.float64(scale)) + zero, -128, 127)
        interpreter.set_tensor(detail["index"], sample.astype(detail["dtype"]))
        interpreter.invoke()
        return interpreter

    return run


@pytest.fixture(scope="session")
def taken() -> Callable[[Report], list[tuple[int, list[int]]]]:
    """The partitions of a report: their subgraphs and operators."""
    return lambda report: [(part["subgraph"], part["operators"]) for part in report.summary["partitions"]]


@pytest.fixture(scope="session")
def codes() -> Callable[[Report], list[str]]:
    """The findings of a report of partitions, but for those that tell of borders."""
    return lambda report: [finding.code for finding in report.findings if finding.code != "partition-border"]
