"""Bandwidth of the statistics of weights beside numpy's own passes over the same bytes.

    python benchmarks/weights.py [--megabytes 256]

Targets: 0.6 of numpy.bincount for int8, 0.5 of minimum, maximum, mean and count of nonzeros for float32.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tb_tflite_plugin.analysis.values import Stored
from tb_tflite_plugin.analysis.weights.statistics import statistics


def best(work: Callable[[], object], rounds: int = 5) -> float:
    """The shortest of some runs, s."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Prints a line for each layout, and JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=256)
    count = options.parse_args().megabytes << 20
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights"
        generator = np.random.default_rng(0)
        with path.open("wb") as file:
            for _ in range(count >> 20):
                file.write(generator.normal(0, 30, 1 << 20).clip(-127, 127).astype(np.int8).tobytes())
        data = np.memmap(path, np.uint8, "r")
        for name, shape, axis in (
            ("int8, whole", (count,), -1),
            ("int8, 4,096 channels", (4096, count // 4096), 0),
            ("int8, 64 channels", (64, count // 64), 0),
            ("int8, 1,024 channels on the last axis", (count // 1024, 1024), 1),
        ):
            values = Stored(data, "INT8", shape, count)
            ours = best(lambda values=values, axis=axis: statistics(values, axis, 0))
            numpy = best(lambda data=data: np.bincount(data, minlength=256))
            found[name] = {"ours_mb_s": count / ours / 1e6, "numpy_mb_s": count / numpy / 1e6, "ratio": numpy / ours}
        with path.open("wb") as file:
            for _ in range(count >> 20):
                file.write(generator.normal(0, 1, 1 << 18).astype(np.float32).tobytes())
        floats = np.memmap(path, np.uint8, "r")
        values, numbers = Stored(floats, "FLOAT32", (count // 4,), count // 4), floats.view("<f4")
        ours = best(lambda: statistics(values, -1, 0))
        numpy = best(lambda: (numbers.min(), numbers.max(), numbers.mean(), np.count_nonzero(numbers)))
        found["float32"] = {"ours_mb_s": count / ours / 1e6, "numpy_mb_s": count / numpy / 1e6, "ratio": numpy / ours}
    for name, row in found.items():
        print(f"{name:42} {row['ours_mb_s']:7.0f} MB/s   numpy {row['numpy_mb_s']:7.0f} MB/s   {row['ratio']:.2f}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
