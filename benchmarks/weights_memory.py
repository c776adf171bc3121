"""Memory that the reports on weights take beyond the mapped file.

    python benchmarks/weights_memory.py [--megabytes 1024]

Target: less than 64 MB at 1 GB of int8 weights. Read from /proc, so on Linux only.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import synth
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.reports import analyse

REPORTS = ("weights", "sparsity")
_ROWS, _COLUMNS = 8192, 4096  # 32 MiB a layer


def build(path: Path, megabytes: int) -> None:
    """A chain of FULLY_CONNECTED operators with int8 weights."""
    graph = synth._Graph(named=True)
    generator = np.random.default_rng(0)
    weights = generator.normal(0, 30, (_ROWS, _COLUMNS)).clip(-127, 127).astype(np.int8)
    data = graph.tensor("data", [1, _COLUMNS], tfl.TensorType.INT8)
    for layer in range(megabytes * (1 << 20) // weights.size):
        graph.buffers.append(np.roll(weights, layer, axis=1).tobytes())
        kernel = graph.tensor(f"kernel{layer}", [_ROWS, _COLUMNS], tfl.TensorType.INT8, len(graph.buffers) - 1)
        graph.op(tfl.BuiltinOperator.FULLY_CONNECTED, [data, kernel, -1], f"dense{layer}", [1, _ROWS])
    path.write_bytes(synth._write(graph, inputs={"data": data}, outputs={"dense": len(graph.tensors) - 1}))


def anonymous() -> int:
    """Bytes of this process that no file backs."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) << 10 if found else 0


def peak_of(path: Path, name: str) -> tuple[int, float]:
    """Anonymous bytes at the peak of a report, beyond those before it, and seconds."""
    model, done, most = open_model(path), threading.Event(), 0

    def watch() -> None:
        nonlocal most
        while not done.wait(0.002):
            most = max(most, anonymous())

    before, begin = anonymous(), time.perf_counter()
    thread = threading.Thread(target=watch)
    thread.start()
    analyse(model, name)
    seconds = time.perf_counter() - begin
    done.set()
    thread.join()
    return most - before, seconds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--megabytes", type=int, default=1024)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tflite"
        build(path, options.parse_args().megabytes)
        found = {name: peak_of(path, name) for name in REPORTS}
    for name, (peak, seconds) in found.items():
        print(f"{name:22} {peak / 1e6:7.1f} MB   {seconds:6.2f} s")
    print(json.dumps({name: {"bytes": peak, "seconds": seconds} for name, (peak, seconds) in found.items()}))


if __name__ == "__main__":
    main()
