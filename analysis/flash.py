"""How the bytes of a file divide, which a microcontroller holds in flash memory; parts in docs/compatibility.md."""

from __future__ import annotations

import numpy as np

from .containers import appended_files
from .model import Model


def flash_split(model: Model) -> dict[str, int]:
    """Bytes by part; together the size of the file, unless its parts overlap.

    ``structure`` is what remains: operators, shapes, options, tables and the padding between all of them.
    """
    size = int(model.source.data.size)
    buffers = np.unique(model.tensors.buffer[model.tensors.buffer > 0])
    noted = np.unique(np.array([entry.buffer for entry in model.metadata], np.int64))
    quantization = model.quantization
    low, high = quantization.range
    files = appended_files(model)
    split = {
        "constants": int(model.buffers.size[buffers].sum()),
        "quantization": sum(
            int(column.values.nbytes) for column in (quantization.scale, quantization.zero_point, low, high)
        ),
        "names": int(model.tensors.name.blob.size + model.subgraphs.names.blob.size),
        "metadata": int(model.buffers.size[np.setdiff1d(noted, buffers)].sum()),
        "appended_files": size - min((max(info.header_offset, 0) for info in files), default=size),
    }
    return split | {"structure": max(size - sum(split.values()), 0)}
