"""How long everything takes that is told from the file alone: all reports of one model in one process, and delegates.

    python benchmarks/static.py [--layers 1351] [--model FILE …] [--json FILE]

Prints seconds for each report, in the order of ``analysis/reports.py``, of models opened anew: one of 999 operators and
50 MB, one of 49,987 operators, and files that are named. Reports share what they have in common, so the first of a
family takes its time. Then each delegate by itself, with a view of its own.

Targets: 1 s for each report of the first model, 5 s for all of the second, 2 s for each delegate.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import synth
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.simulation import place, report
from tb_tflite_plugin.analysis.reports import NAMES, analyse

# 27 layers of this width are 999 operators and 50 MB.
_LAYERS, _WIDTH = 27, 216


def measure(path: Path) -> dict[str, object]:
    """Wall seconds of every report and every delegate."""
    begin = time.perf_counter()
    model = open_model(path)
    opened = time.perf_counter() - begin
    reports: dict[str, float] = {}
    for name in NAMES:
        begin = time.perf_counter()
        analyse(model, name)
        reports[name] = time.perf_counter() - begin
    each: dict[str, float] = {}
    for delegate in delegates().values():
        model = open_model(path)
        begin = time.perf_counter()
        report(model, place(model, delegate))
        each[delegate.name] = time.perf_counter() - begin
    size, operators = path.stat().st_size, len(model.operators)
    return {"operators": operators, "bytes": size, "open": opened, "reports": reports, "delegates": each}


def show(found: dict[str, dict[str, object]]) -> None:
    """A column per model."""
    heads = [f"{of['operators']:,} ops, {of['bytes'] / 1e6:.0f} MB" for of in found.values()]
    print(f"{'':24}" + "".join(f"{head:>22}" for head in heads))
    for part in ("reports", "delegates"):
        for name in next(iter(found.values()))[part]:
            print(f"{name:24}" + "".join(f"{of[part][name]:20.3f} s" for of in found.values()))
        if part == "reports":
            print(f"{'all reports':24}" + "".join(f"{sum(of[part].values()):20.3f} s" for of in found.values()))
            print("delegates, each by itself")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=1351, help="of the large model, 37 operators each")
    parser.add_argument("--model", type=Path, nargs="*", default=[], help="files to measure as well")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for layers, width in ((_LAYERS, _WIDTH), (arguments.layers, synth.WIDTH)):
            path = Path(folder) / f"{layers}.tflite"
            path.write_bytes(synth.build(layers, width=width))
            found[path.name] = measure(path)
    for path in arguments.model:
        found[path.name] = measure(path)
    show(found)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
