"""How long every report takes on a large model.

    python benchmarks/analyses.py [--layers 1351] [--runs 3] [--json FILE]

Prints medians in seconds, on a model that is opened anew for every run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import synth
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.reports import NAMES, analyse


def measure(path: Path, name: str, runs: int) -> float:
    """Median seconds of one report."""
    seconds = []
    for _ in range(runs):
        model = open_model(path)
        start = time.perf_counter()
        analyse(model, name)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=1351)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(synth.build(arguments.layers))
        operators = len(open_model(path).operators)
        seconds = {name: measure(path, name, arguments.runs) for name in NAMES}
    print(f"{operators:,} operators")
    for name, value in seconds.items():
        print(f"{name:24s} {value:8.3f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps({"operators": operators, "seconds": seconds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
