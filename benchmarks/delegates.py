"""How long it takes to foretell delegates: 49,987 operators, each delegate. Target: 2 s.

python benchmarks/delegates.py
"""

from __future__ import annotations

import time

from synth import build
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.analysis.delegates.simulation import place, report


def main() -> None:
    """Prints a line per delegate."""
    model = open_model(build(1351))
    for delegate in delegates().values():
        begin = time.perf_counter()
        found = report(model, place(model, delegate))
        taken = time.perf_counter() - begin
        print(f"{delegate.name:12} {taken:6.2f} s  {found.summary['sentence']}")


if __name__ == "__main__":
    main()
