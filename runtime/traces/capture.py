"""What a profile in a foreign format says, before it is known which model it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["us", "cycles"]
MOST_US = 1e14  # three years: longer times are none
RowKind = Literal["operator", "delegate", "runtime"]


@dataclass(frozen=True)
class Times:
    """How long one thing took, over several calls; what the format does not tell is None.

    Attributes:
        mean, first, minimum, maximum, std, median, p5, p95: of one call, in the unit of the row.
        count: how many calls were measured, 0 where the format does not tell.
        samples: of whole inferences in order, a row's calls in one added up; -1 where it did not run. Only where the
            format has single events.
        start: microseconds from the start of the first of these inferences to the first call.
    """

    mean: float
    count: int = 0
    first: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    std: float | None = None
    median: float | None = None
    p5: float | None = None
    p95: float | None = None
    samples: tuple[float, ...] = ()
    start: float | None = None


@dataclass(frozen=True)
class Row:
    """One row of a profile.

    Attributes:
        kind: an operator (or the node of a delegate) of the runtime's graph, a step that a delegate reports itself, or
            work of the runtime's own.
        tag: the operator type, the name of the delegate or of its step.
        node: index of the node in the subgraph; of a delegate's step, its place in the delegate's own list.
        subgraph: None where the format does not tell.
        times: how long it took.
        calls: how often it was called per inference; None where the format does not tell.
        unit: microseconds, or cycles of a processor whose clock is not known: the two are never added up.
        outputs: names of the output tensors as the runtime printed them.
        place: where in the file it stands.
        parent: for rows inside an operator, the node and subgraph of that operator.
        thread: which thread it ran on, where the format tells.
    """

    kind: RowKind
    tag: str
    node: int | None
    subgraph: int | None
    times: Times
    calls: float | None = None
    unit: Unit = "us"
    outputs: str = ""
    place: str = ""
    parent: tuple[int, int] | None = None
    thread: str = ""


@dataclass(frozen=True)
class DelegateNode:
    """A delegate node of the runtime's graph and the nodes that it replaced."""

    subgraph: int
    node: int
    delegate: str
    replaced: tuple[int, ...]


@dataclass(frozen=True)
class Capture:
    """A profile as read from a file.

    Attributes:
        format: the name of the format.
        rows: of the steady state, in run order.
        initial_rows: of loading and preparing.
        inference: time of whole inferences.
        load_us, first_inference_us, warmup_us: the phases before, where the format tells.
        environment: what the file says about how and where it was made.
        partitions: delegate nodes, where the format has them.
        nodes: operator type by subgraph and node, where the format lists the graph.
        warnings: what is missing or odd.
    """

    format: str
    rows: tuple[Row, ...] = ()
    initial_rows: tuple[Row, ...] = ()
    inference: Times | None = None
    load_us: float | None = None
    first_inference_us: float | None = None
    warmup_us: float | None = None
    environment: dict[str, str] = field(default_factory=dict)
    partitions: tuple[DelegateNode, ...] = ()
    nodes: dict[tuple[int, int], str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
