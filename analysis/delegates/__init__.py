"""Which operators delegates take, foretold from the file. docs/delegates.md says how each delegate is known."""

from __future__ import annotations

from functools import cache
from importlib import metadata

from .coreml import CORE_ML
from .edgetpu import EDGE_TPU
from .ethos_u import ETHOS_U
from .ethos_u85 import ETHOS_U85
from .gpu import GPU_DELEGATE
from .hexagon import HEXAGON
from .lists import LISTS
from .nnapi import NNAPI
from .rules import Delegate
from .xnnpack import XNNPACK

GROUP = "tb_tflite_plugin.delegates"
_OWN = (XNNPACK, GPU_DELEGATE, NNAPI, CORE_ML, HEXAGON, ETHOS_U, ETHOS_U85, EDGE_TPU, *LISTS)


@cache
def delegates() -> dict[str, Delegate]:
    """All delegates by name: those of this package, and those of others (entry points of the group ``GROUP``).

    Raises:
        TypeError: when an entry point is no :class:`Delegate`.
    """
    found = {delegate.name: delegate for delegate in _OWN}
    for point in metadata.entry_points(group=GROUP):
        delegate = point.load()
        if not isinstance(delegate, Delegate):
            raise TypeError(f"the entry point {point.name} of {GROUP} is no Delegate")
        found.setdefault(delegate.name, delegate)
    return found
