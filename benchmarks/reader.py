"""How fast models open, against walking them with the accessors that flatc generates.

    python benchmarks/reader.py [--layers 1351] [--runs 7] [--json FILE]

Prints medians. Both readers run in turn in the same process, on the same file; memory is measured in a fresh process.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import synth
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model

WEIGHTS = 600_000_000

# VmHWM counts this process alone; ru_maxrss starts with what the parent had before exec.
_CHILD = """
import sys
from pathlib import Path
from tb_tflite_plugin.analysis.containers import open_model

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024

before = peak()
model = open_model(sys.argv[1])
columns = (model.tensors.name.tolist(), model.tensors.shape, model.operators.inputs, model.operators.outputs)
print(before, peak())
"""


def columnar(path: Path) -> tuple[Any, ...]:
    """Opens a model and takes every column that :func:`generated` walks."""
    model = open_model(path)
    tensors, operators = model.tensors, model.operators
    return (
        tensors.name.tolist(), tensors.shape, tensors.type, tensors.buffer,
        model.codes.builtin[operators.code], operators.inputs, operators.outputs,
    )  # fmt: skip


def generated(path: Path) -> tuple[list[Any], ...]:
    """The same facts through the generated accessors."""
    model = tfl.Model.GetRootAs(path.read_bytes())
    codes = [model.OperatorCodes(row) for row in range(model.OperatorCodesLength())]
    builtin = [max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) for code in codes]
    names, shapes, types, buffers, opcodes, inputs, outputs = columns = tuple([] for _ in range(7))
    for graph in (model.Subgraphs(row) for row in range(model.SubgraphsLength())):
        for row in range(graph.TensorsLength()):
            tensor = graph.Tensors(row)
            names.append(tensor.Name().decode())
            shapes.append(tensor.ShapeAsNumpy())
            types.append(tensor.Type())
            buffers.append(tensor.Buffer())
        for row in range(graph.OperatorsLength()):
            operator = graph.Operators(row)
            opcodes.append(builtin[operator.OpcodeIndex()])
            inputs.append(operator.InputsAsNumpy())
            outputs.append(operator.OutputsAsNumpy())
    return columns


def agree(ours: tuple[Any, ...], theirs: tuple[list[Any], ...]) -> bool:
    """Whether both read the same."""
    plain = [column if isinstance(column, list) else column.tolist() for column in ours]
    return plain == [[np.asarray(cell).tolist() for cell in column] for column in theirs]


def write_large(path: Path) -> None:
    """A model whose one constant is a hole of ``WEIGHTS`` bytes at the end of the file: it takes no disk."""
    builder = flatbuffers.Builder(1024)
    weights = builder.CreateByteVector(bytes(16))  # what is written first comes last in the file
    model = tfl.ModelT(
        version=3,
        operatorCodes=[tfl.OperatorCodeT(builtinCode=tfl.BuiltinOperator.EMBEDDING_LOOKUP)],
        subgraphs=[
            tfl.SubGraphT(
                tensors=[
                    tfl.TensorT(shape=[1], type=tfl.TensorType.INT32, name="ids"),
                    tfl.TensorT(shape=[WEIGHTS], type=tfl.TensorType.INT8, buffer=1, name="table"),
                    tfl.TensorT(shape=[1], type=tfl.TensorType.INT8, name="out"),
                ],
                operators=[tfl.OperatorT(inputs=[0, 1], outputs=[2])],
                inputs=[0],
                outputs=[2],
            )
        ],
        buffers=[tfl.BufferT(), _Placed(weights)],
    )
    builder.Finish(model.Pack(builder), b"TFL3")
    data = bytearray(builder.Output())
    data[-20:-16] = WEIGHTS.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(data)
        file.truncate(len(data) - 16 + WEIGHTS)


class _Placed(tfl.BufferT):
    """A buffer whose data is in the file already."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802
        tfl.BufferStart(builder)
        tfl.BufferAddData(builder, self._at)
        return int(tfl.BufferEnd(builder))


def medians(runs: int, *functions: Callable[[], object]) -> list[float]:
    """The median seconds of each function, run in turn so that a slow moment of the machine meets all."""
    seconds: list[list[float]] = [[] for _ in functions]
    for _ in range(runs + 1):  # the first run warms caches and is left out
        for function, times in zip(functions, seconds, strict=True):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    return [statistics.median(times[1:]) for times in seconds]


def measure(layers: int, runs: int) -> dict[str, Any]:
    """All figures; seconds and bytes."""
    with tempfile.TemporaryDirectory() as folder:
        model, large = Path(folder, "model.tflite"), Path(folder, "large.tflite")
        model.write_bytes(synth.build(layers))
        write_large(large)
        if not agree(columnar(model), generated(model)):
            raise SystemExit("the two readers disagree")
        ours, theirs = medians(runs, lambda: columnar(model), lambda: generated(model))
        (opening,) = medians(runs, lambda: open_model(large))
        command = [sys.executable, "-c", _CHILD, model]
        child = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        before, peak = map(int, child.stdout.split())
        return {
            "operators": len(open_model(model).operators),
            "file_bytes": model.stat().st_size,
            "columnar_s": ours,
            "generated_s": theirs,
            "speedup": theirs / ours,
            "peak_rss_bytes": peak,
            "imports_rss_bytes": before,
            "open_600mb_s": opening,
            "runs": runs,
            "python": platform.python_version(),
            "numpy": np.__version__,
        }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=1351, help="37 operators each")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    wanted = parser.parse_args()
    found = measure(wanted.layers, wanted.runs)
    rows = [
        ("operators", f"{found['operators']:,}", ""),
        ("columnar: open and columns", f"{1e3 * found['columnar_s']:.1f} ms", ""),
        ("generated accessors", f"{1e3 * found['generated_s']:.0f} ms", ""),
        ("faster by", f"{found['speedup']:.1f}x", "held to ≥ 15x"),
        ("peak memory", f"{found['peak_rss_bytes'] / 1e6:.0f} MB", "held to < 200 MB"),
        ("  of it before opening", f"{found['imports_rss_bytes'] / 1e6:.0f} MB", ""),
        ("opening 600 MB of weights", f"{1e3 * found['open_600mb_s']:.2f} ms", "held to < 50 ms"),
    ]
    for name, figure, target in rows:
        print(f"{name:28}{figure:>12}  {target}")
    if wanted.json:
        wanted.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
