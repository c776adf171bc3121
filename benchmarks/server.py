"""How long the first picture of a model takes to serve, how big it is, and how long a log directory takes to list.

    python benchmarks/server.py [--runs 7] [--json FILE]

Prints medians. Requests are made in this process, each to an application that has served nothing before: the time is
what the server adds to opening a model, from the request to the last byte of the compressed answer.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import synth
from werkzeug.test import Client

from tb_tflite_plugin.app import App
from tb_tflite_plugin.library import Library
from tb_tflite_plugin.scan import Root

SMALL, LARGE = 19, 1351  # layers: 703 and 49,987 operators
DIRECTORIES, FILES, MODELS = 100, 100, 10  # files and models are per directory


def first_picture(path: Path) -> tuple[float, int]:
    """Seconds and bytes of the first graph answer of an application that knows the model and has not opened it."""
    client = Client(App(Library([Root(str(path))])))
    (entry,) = client.get("/models").json["models"]
    start = time.perf_counter()
    answer = client.get(f"/model/{entry['key']}/graph", headers={"Accept-Encoding": "gzip"})
    seconds = time.perf_counter() - start
    if answer.status_code != 200:
        raise SystemExit(f"the server answers {answer.status}")
    return seconds, len(answer.data)


def listing(logdir: Path) -> float:
    """Seconds from the first request to the answer that lists everything."""
    client = Client(App(Library([Root(str(logdir))])))
    start = time.perf_counter()
    while True:
        found = client.get("/models").json
        if not found["scan"]["running"]:
            break
    seconds = time.perf_counter() - start
    if len(found["models"]) != DIRECTORIES * MODELS:
        raise SystemExit(f"{len(found['models'])} models are listed")
    return seconds


def lay_out(logdir: Path) -> None:
    """Directories with files of which some are models."""
    model = synth.build(1)
    for directory in range(DIRECTORIES):
        folder = logdir / f"run{directory % 10}" / f"{directory:03}"
        folder.mkdir(parents=True)
        for number in range(FILES):
            is_model = number < MODELS
            name = f"m{number}.tflite" if is_model else f"f{number}.{('txt', 'bin', 'json')[number % 3]}"
            (folder / name).write_bytes(model if is_model else b"something else")


def medians(runs: int, measure: Callable[[], float]) -> float:
    """The median of several runs; a first one warms the machine's caches and is left out."""
    return statistics.median([measure() for _ in range(runs + 1)][1:])


def measure(runs: int) -> dict[str, Any]:
    """All figures; seconds and bytes."""
    found: dict[str, Any] = {"runs": runs, "python": platform.python_version(), "numpy": np.__version__}
    with tempfile.TemporaryDirectory() as folder:
        for layers in (SMALL, LARGE):
            path = Path(folder, f"{layers}.tflite")
            path.write_bytes(synth.build(layers))
            operators = layers * synth.OPERATORS_PER_LAYER
            size = first_picture(path)[1]
            found[f"first_picture_{operators}"] = {
                "seconds": medians(runs, lambda path=path: first_picture(path)[0]),
                "wire_bytes": size,
                "bytes_per_operator": size / operators,
            }
        logdir = Path(folder, "logdir")
        lay_out(logdir)
        found["listing_s"] = medians(runs, lambda: listing(logdir))
    return found


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    wanted = parser.parse_args()
    found = measure(wanted.runs)
    small, large = (found[f"first_picture_{layers * synth.OPERATORS_PER_LAYER}"] for layers in (SMALL, LARGE))
    rows = [
        ("first picture, 703 operators", f"{1e3 * small['seconds']:.1f} ms", "held to < 60 ms"),
        ("first picture, 49,987 operators", f"{1e3 * large['seconds']:.0f} ms", "held to < 1,500 ms"),
        ("bytes an operator, 703", f"{small['bytes_per_operator']:.1f}", ""),
        ("bytes an operator, 49,987", f"{large['bytes_per_operator']:.1f}", "held to ≤ 25"),
        ("listing 10,000 files, 1,000 models", f"{1e3 * found['listing_s']:.0f} ms", "held to < 2,000 ms"),
    ]
    for name, figure, target in rows:
        print(f"{name:36}{figure:>12}  {target}")
    if wanted.json:
        wanted.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
