"""What the runtime says of the time of operators, before it is understood."""

from __future__ import annotations

from dataclasses import dataclass

from ..analysis.ragged import Array


@dataclass(frozen=True)
class RawEvents:
    """Events as the library counts them, in the order in which they began.

    litert/c/internal/litert_profiler_event.h; the types are those of tflite/core/api/profiler.h.

    Attributes:
        tags: the distinct tags: operator types, kernels, what the runtime was doing.
        tag: int64, row in ``tags``.
        type: int64: 2 an operator, 4 a delegate, 8 a row of a delegate's own, others the runtime's own.
        start_us: int64, of an arbitrary clock; 0 for rows of a delegate.
        elapsed_us: int64, whole microseconds.
        node: int64, the operator's node, or the row's number in its partition.
        subgraph: int64, the subgraph that it is in.
    """

    tags: tuple[str, ...]
    tag: Array
    type: Array
    start_us: Array
    elapsed_us: Array
    node: Array
    subgraph: Array

    def __len__(self) -> int:
        return len(self.tag)

    def part(self, begin: int, end: int) -> RawEvents:
        """A stretch of them."""
        columns = (self.tag, self.type, self.start_us, self.elapsed_us, self.node, self.subgraph)
        return RawEvents(self.tags, *(column[begin:end] for column in columns))
