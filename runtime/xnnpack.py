"""XNNPACK with flags of one's own: LiteRT's compiled model can be given them, the interpreter of the package cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import litert
from .errors import RuntimeRefused
from .gpu import compile_spied
from .spy import printed
from .tflite_c import Spy
from .worker import Progress

# By the names of the foretold delegate's options: the bit of xnnpack_delegate.h of LiteRT f674577, the value that sets
# it, and the value that the package's build has.
_BITS = {
    "qs8": (0x001, "true", "true"),
    "qu8": (0x002, "true", "true"),
    "dynamic_fully_connected": (0x008, "true", "false"),
    "dynamically_quantized": (0x800, "false", "true"),
    "subgraph_reshaping": (0x400, "false", "true"),
}
OPTIONS = tuple(_BITS)


def flags_of(options: Mapping[str, str]) -> int:
    """The flags of XNNPACK with some options.

    Raises:
        ValueError: for an option that is neither true nor false.
    """
    for name, value in options.items():
        if value not in ("true", "false"):
            raise ValueError(f"{name}={value}: must be true or false")
    return sum(bit for name, (bit, sets, default) in _BITS.items() if options.get(name, default) == sets)


def spy_with_flags(progress: Progress, path: str, options: dict[str, str]) -> dict[str, Any]:
    """Child function: compiles a model for the CPU with flags and looks at the graph.

    Returns:
        ``graphs`` as :class:`.tflite_c.Spy` finds them, and ``version``.

    Raises:
        RuntimeRefused: when the model is refused, with the runtime's words.
    """
    version = litert.require_tested()
    spy = Spy()
    progress("compilation for the CPU", 0, 0)
    with printed() as text:
        failure = compile_spied(path, spy, litert.Options(flags=flags_of(options)))
    if failure is not None:
        words = "; ".join(litert.reasons("".join(text))[:6])
        raise RuntimeRefused(f"{failure}{': ' if words else ''}{words}")
    return {"graphs": spy.results(), "version": version}
