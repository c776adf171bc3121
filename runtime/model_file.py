"""A model as a file of its own, which is what runtimes and compilers take."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from ..analysis.model import Model

_BLOCK = 1 << 20


@contextmanager
def model_file(model: Model) -> Iterator[str]:
    """The path of a file that holds exactly the model; members of containers and models in memory are copied."""
    model.source.check()
    if model.source.path is not None:
        yield os.path.abspath(model.source.path)
        return
    with tempfile.TemporaryDirectory(prefix="tflite-viz-") as folder:
        path = os.path.join(folder, "model.tflite")
        size = int(model.source.data.size)
        with open(path, "wb") as file:
            for start in range(0, size, _BLOCK):
                file.write(model.source.read(start, min(_BLOCK, size - start)))
        yield path
