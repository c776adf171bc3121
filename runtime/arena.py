"""Where the runtime really puts the tensors of a model: arenas measured by the addresses of what is in them."""

from __future__ import annotations

from typing import Any

from ..analysis.model import Model
from . import litert, worker
from .errors import RuntimeCrash, RuntimeFailure, RuntimeMissing
from .interpreter import RESOLVERS
from .measure import resident
from .model_file import model_file
from .spy import refusals_as_errors
from .tflite_c import Spy
from .worker import Limits, Progress

# With XNNPACK, which the runtime takes by itself, and without any delegate.
KERNELS = ("xnnpack", "builtin")
_LIMITS = Limits(seconds=300)
# TfLiteAllocationType, tflite/core/c/common.h of LiteRT f674577.
_ARENA, _PERSISTENT, _DYNAMIC, _PERSISTENT_RO = 2, 3, 4, 5


def measure(model: Model, kernels: str, *, limits: Limits = _LIMITS) -> dict[str, Any]:
    """Loads a model, allocates its tensors in a child process, and reads where they are.

    Args:
        model: the model.
        kernels: ``xnnpack``, ``builtin`` or ``reference``.
        limits: for the child process.

    Returns:
        ``kernels``, ``runtime``, ``provenance``. Of the first subgraph ``arena_bytes``, from the first to the last byte
        of what is in the arena, None where it is empty, and ``temporary_bytes``, those of tensors in it that are not in
        the file. Of all subgraphs ``persistent_bytes`` and ``heap_bytes``, sums. ``arenas``, the bytes of every
        subgraph's, None for those that are allocated when they are run. ``process``: resident bytes ``before_bytes``
        loading, ``loaded_bytes``, ``allocated_bytes``, None where the system does not say. ``error`` instead of the
        figures where the runtime refuses the model or crashes.

    Raises:
        RuntimeMissing: where the runtime is not installed.
    """
    says: dict[str, Any] = {"kernels": kernels, "provenance": "measured"}
    try:
        with model_file(model) as path:
            found = worker.run(read_back, {"path": path, "kernels": kernels}, limits=limits)
        return says | _figures(model, found)
    except RuntimeMissing:
        raise
    except RuntimeFailure as error:
        return says | {"error": str(error)}


def read_back(progress: Progress, path: str, kernels: str) -> dict[str, Any]:
    """Child function: tensors in memory after allocation, and what the process uses meanwhile."""
    version = litert.require_tested()
    process = {"before_bytes": resident()}
    spy = Spy(with_memory=True)
    with refusals_as_errors():
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        progress("load of the model", 0, 0)
        resolver = OpResolverType[RESOLVERS[kernels]]
        interpreter = Interpreter(path, num_threads=1, experimental_op_resolver_type=resolver)
        process["loaded_bytes"] = resident()
        progress("allocation of tensors", 0, 0)
        interpreter.allocate_tensors()
        process["allocated_bytes"] = resident()
        progress("read-back of addresses", 0, 0)
        interpreter._interpreter.ModifyGraphWithDelegate(spy.address)
    memory = [graph["memory"] for graph in spy.results()]
    return {"version": version, "process": process, "memory": memory}


def _figures(model: Model, found: Any) -> dict[str, Any]:
    """The figures of what a child sent. It ran a hostile model: it may be anything."""
    try:
        graphs = [[(int(i), int(kind), int(at), int(size)) for i, kind, at, size in graph] for graph in found["memory"]]
        process = {name: None if value is None else int(value) for name, value in found["process"].items()}
        version = str(found["version"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RuntimeCrash(f"unreadable addresses from the child process: {error}") from None
    arenas = [_span([(at, size) for _, kind, at, size in graph if kind == _ARENA]) for graph in graphs]
    stored = int(model.subgraphs.tensor_offsets[1]) if len(model.subgraphs) else 0
    first = graphs[0] if graphs else []
    return {
        "runtime": f"ai-edge-litert {version}",
        "arena_bytes": arenas[0] if arenas else None,
        "temporary_bytes": sum(size for index, kind, _, size in first if kind == _ARENA and index >= stored),
        "persistent_bytes": _sum(graphs, _PERSISTENT),
        "heap_bytes": _sum(graphs, _DYNAMIC, _PERSISTENT_RO),
        "arenas": arenas,
        "process": process,
    }


def _span(places: list[tuple[int, int]]) -> int | None:
    """From the first byte to the last."""
    return max(at + size for at, size in places) - min(at for at, _ in places) if places else None


def _sum(graphs: list[list[tuple[int, int, int, int]]], *kinds: int) -> int:
    """Bytes of what is allocated in one of these ways; tensors that share a place count once."""
    total = 0
    for graph in graphs:
        largest: dict[int, int] = {}
        for _, kind, at, size in graph:
            if kind in kinds:
                largest[at] = max(size, largest.get(at, 0))
        total += sum(largest.values())
    return total
