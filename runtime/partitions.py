"""Measured partitions: which operators a delegate really takes, as a report.

Each kind of delegate is asked in a way of its own, always in a child process: a delegate that fails or crashes is an
answer. What comes back from the child is compared with the model before it is believed.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np

from ..analysis.borders import Borders
from ..analysis.model import Model
from ..analysis.operands import at
from ..analysis.ragged import Array, Ragged
from ..analysis.report import Column, Finding, Report
from . import gpu, npu, spy, vela, worker, xnnpack
from .errors import RuntimeCrash, RuntimeFailure, RuntimeMissing, RuntimeRefused, RuntimeTimeout
from .model_file import model_file
from .worker import Limits, Progress

NAMED = ("xnnpack", "gpu", "ethos-u", "ethos-u85", "qualcomm", "intel")
_LIBRARIES = (".so", ".dylib", ".dll")
_XNNPACK = "TfLiteXNNPackDelegate"
_LIMITS = Limits(seconds=300)
_MOST_REASONS = 200


class UnknownDelegate(ValueError):  # noqa: N818
    """No delegate goes by this name, or not with these options; the text says what there is."""


@dataclass
class Measured:
    """What a delegate took.

    Attributes:
        delegate: its name.
        runtime: what ran it, with version.
        partitions: subgraph and operators (global ids) of each, in the order of execution; None when it failed.
        others: delegate by operator, of what another delegate took.
        findings: reasons and remarks.
        inputs: what each partition reads, by global ids, as far as the runtime shows it.
    """

    delegate: str
    runtime: str
    partitions: list[tuple[int, list[int]]] | None
    others: dict[int, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    inputs: list[list[int]] = field(default_factory=list)


def measure(
    model: Model,
    delegate: str,
    options: Mapping[str, str] | None = None,
    *,
    limits: Limits = _LIMITS,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Report:
    """Lets a delegate take its operators of a model and reports which it took.

    Args:
        model: the model.
        delegate: one of :data:`NAMED`, or the path of an external delegate's library.
        options: what the delegate is created with.
        limits: for the child process.
        progress: told what is being done.
        cancel: set by another thread to stop.

    Returns:
        A report over operators. A delegate that refuses the model or crashes gives one without partitions and a
        finding.

    Raises:
        UnknownDelegate: for a name or options that there are not.
        RuntimeMissing: where what is needed is not installed.
    """
    options = dict(options or {})
    check(delegate, options)
    with model_file(model) as path:
        try:
            child = functools.partial(worker.run, limits=limits, progress=progress, cancel=cancel)
            measured = _ask(model, path, delegate, options, child)
        except RuntimeMissing:
            raise
        except (RuntimeRefused, RuntimeCrash, RuntimeTimeout) as error:
            measured = _failed(path, os.path.basename(delegate), error, limits)
    return _report(model, measured)


def check(delegate: str, options: Mapping[str, str]) -> None:
    """Raises :class:`UnknownDelegate` for a delegate, options or values of these that there are not."""
    allowed: Mapping[str, tuple[str, ...]] = {
        "xnnpack": xnnpack.OPTIONS,
        **dict.fromkeys(vela.TARGETS, vela.OPTIONS),
        "qualcomm": npu.OPTIONS,
        "intel": npu.OPTIONS,
    }
    if delegate.endswith(_LIBRARIES):
        if not os.path.isfile(delegate):
            raise UnknownDelegate(f"{delegate}: no such file")
    elif delegate not in NAMED:
        raise UnknownDelegate(f"no delegate {delegate}; there are {', '.join(NAMED)}, and paths of external delegates")
    else:
        for key in options:
            if key not in allowed.get(delegate, ()):
                known = ", ".join(allowed.get(delegate, ())) or "none"
                raise UnknownDelegate(f"{delegate} has no option {key}; it has {known}")
        if delegate == "xnnpack":
            try:
                xnnpack.flags_of(options)
            except ValueError as error:
                raise UnknownDelegate(str(error)) from None


def _ask(model: Model, path: str, delegate: str, options: dict[str, str], child: Callable[..., Any]) -> Measured:
    def run(function: Callable[..., Any], **arguments: Any) -> Any:
        return child(function, {"path": path, **arguments})

    try:
        return _answer(model, delegate, options, run)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        # The child ran a hostile model: what it sends may be anything.
        raise RuntimeCrash(f"unreadable partition from the child process: {error}") from None


def _answer(model: Model, delegate: str, options: dict[str, str], run: Callable[..., Any]) -> Measured:
    if delegate in vela.TARGETS:
        options = {vela.TARGET: vela.TARGETS[delegate], **options}
        return _from_vela(model, delegate, run(vela.partition, options=options), options)
    if delegate in npu.MAKERS:
        return _from_npu(model, run(npu.partition, maker=delegate, options=options))
    if delegate == "gpu":
        return _from_gpu(model, run(gpu.spy_compiled_model))
    if delegate == "xnnpack" and options:
        return _from_graphs(model, run(xnnpack.spy_with_flags, options=options), _XNNPACK, delegate)
    library = "" if delegate == "xnnpack" else os.path.abspath(delegate)
    found = run(spy.spy_interpreter, library=library, options=options)
    return _from_graphs(model, found, "" if library else _XNNPACK, os.path.basename(delegate))


def _from_graphs(model: Model, found: Any, wanted: str, delegate: str) -> Measured:
    """The partitions that a spy saw. All delegate nodes count when ``wanted``, the name of one, is empty."""
    runtime = f"ai-edge-litert {found['version']}"
    measured = Measured(delegate, runtime, [])
    assert measured.partitions is not None
    seen: set[int] = set()
    for subgraph, graph in enumerate(found["graphs"]):
        if subgraph >= len(model.subgraphs):
            raise _layout("more subgraphs than the model has")
        first, stop = model.subgraphs.operator_offsets[subgraph : subgraph + 2].tolist()
        for node in graph["nodes"]:
            replaced = node.get("replaced")
            operators = [first + index for index in ([node["node"]] if replaced is None else replaced)]
            again = len(set(operators)) < len(operators) or seen.intersection(operators)
            if again or not all(first <= operator < stop for operator in operators):
                raise _layout("nodes that the model does not have, or twice")
            seen.update(operators)
            if replaced is None:
                _compare(model, operators[0], node)
            elif not wanted or node["name"].startswith(wanted):
                measured.partitions.append((subgraph, operators))
                measured.inputs.append(_globals(model, subgraph, node["inputs"]))
            else:
                measured.others.update(dict.fromkeys(operators, node["name"]))
    missing = len(model.operators) - len(seen)
    if missing:
        # Validation subgraphs are not run, and delegates do not see them (subgraph names with the prefix VALIDATION:).
        text = f"the runtime shows nothing of {missing} operators: their subgraphs are not run"
        rest = sorted(set(range(len(model.operators))) - seen)
        measured.findings.append(Finding("note", "operators-not-seen", text, tuple(rest[:1000])))
    return measured


def _globals(model: Model, subgraph: int, tensors: list[int]) -> list[int]:
    """Tensors of a subgraph by their global ids."""
    first, stop = model.subgraphs.tensor_offsets[subgraph : subgraph + 2].tolist()
    if any(not -1 <= tensor < stop - first for tensor in tensors):
        raise _layout("tensors that the model does not have")
    return [first + tensor for tensor in tensors if tensor >= 0]


def _compare(model: Model, operator: int, node: dict[str, Any]) -> None:
    """Raises when what was read at a node is not what the file says there: the structures are then others."""
    first = int(model.subgraphs.tensor_offsets[model.operators.subgraph[operator]])
    for field_name, ragged in (("inputs", model.operators.inputs), ("outputs", model.operators.outputs)):
        there = [tensor - first if tensor >= 0 else -1 for tensor in ragged[operator].tolist()]
        # The runtime itself takes outputs from WHILE that nothing reads.
        if any(shown not in (tensor, -1) for shown, tensor in zip(node[field_name], there, strict=False)):
            raise _layout(f"other {field_name} of operator {operator}")
    if node["code"] != int(model.codes.builtin[model.operators.code[operator]]):
        raise _layout(f"another type of operator {operator}")


def _layout(what: str) -> RuntimeFailure:
    return RuntimeFailure(f"the runtime's structures are not those known here: they show {what}")


def _from_gpu(model: Model, found: Any) -> Measured:
    measured = _from_graphs(model, found, gpu.DELEGATE, "gpu")
    measured.runtime += f", {found['adapter']}" if found["adapter"] else ""
    measured.findings += _reasons_by_type(model, measured, found["reasons"])
    if found["invalid"]:
        refused = f"the GPU refuses {len(found['invalid'])} of the delegate's calls"
        text = f"{refused}; results will be wrong: {found['invalid'][0]}"
        measured.findings.append(Finding("error", "gpu-invalid", text))
    return measured


def _reasons_by_type(model: Model, measured: Measured, reasons: list[list[str]]) -> list[Finding]:
    """Findings from reasons that name only a type of operator: they are about all of the type that were left."""
    taken = {operator for _, operators in measured.partitions or [] for operator in operators}
    ops = model.operators.ops
    found = []
    for op, reason in reasons[:_MOST_REASONS]:
        about = [operator for operator, name in enumerate(ops) if name == op and operator not in taken]
        found.append(Finding("note", "delegate-reason", f"{op}: {reason}", tuple(about[:1000])))
    return found


def _from_vela(model: Model, delegate: str, found: Any, options: dict[str, str]) -> Measured:
    target = options[vela.TARGET]
    partitions = [(int(model.operators.subgraph[region[0]]), region) for region in found["regions"] if region]
    measured = Measured(delegate, f"{vela.PACKAGE} {found['version']}, {target}", partitions)
    left = set(range(len(model.operators))) - {o for _, region in partitions for o in region} - set(found["gone"])
    measured.findings += _reasons(found["reasons"], left)
    if found["gone"]:
        text = "the compiler has removed these operators: their work is done in others, or not needed"
        measured.findings.append(Finding("note", "operators-removed", text, tuple(found["gone"][:1000])))
    measured.findings += _unmatched(found["unmatched"])
    return measured


def _from_npu(model: Model, found: Any) -> Measured:
    partitions = [(int(model.operators.subgraph[part[0]]), part) for part in found["partitions"] if part]
    measured = Measured(found["maker"], found["runtime"], partitions)
    text = "this is what the maker's plugin claims; compiling a partition may still fail"
    measured.findings.append(Finding("note", "partition-not-compiled", text))
    left = set(range(len(model.operators))) - {operator for _, part in partitions for operator in part}
    measured.findings += _reasons(found["reasons"], left)
    if found["lost"]:
        text = "the partitioner drops these operators from the model; what they do will not happen"
        measured.findings.append(Finding("warning", "operators-lost", text, tuple(found["lost"][:1000])))
    measured.findings += _unmatched(found["unmatched"])
    return measured


def _reasons(reasons: list[list[Any]], left: set[int]) -> list[Finding]:
    """A finding per type of operator and reason, about the operators that were left for it."""
    about: dict[str, list[int]] = {}
    for operators, op, reason in reasons:
        about.setdefault(f"{op}: {reason}", []).extend(operator for operator in operators if operator in left)
    shown = list(about.items())[:_MOST_REASONS]
    return [Finding("note", "delegate-reason", text, tuple(operators[:1000])) for text, operators in shown]


def _unmatched(operators: list[Any]) -> list[Finding]:
    if not operators:
        return []
    kinds = ", ".join(f"{count} {op}" for op, count in Counter(op for op, _ in operators).most_common(5))
    text = f"operators of the compiled model could not be found in this one: {kinds}"
    return [Finding("warning", "operators-unmatched", text)]


def _failed(path: str, delegate: str, error: RuntimeFailure, limits: Limits) -> Measured:
    """The answer when a delegate fails, and whether the model loads without one."""
    finding = Finding("error", "delegate-failed", f"the model does not run with {delegate}: {error}")
    measured = Measured(delegate, "", None, findings=[finding])
    if delegate in (*vela.TARGETS, *npu.MAKERS):
        return measured
    try:
        version = worker.run(spy.load_plainly, {"path": path}, limits=limits)
    except RuntimeFailure as plain:
        text = f"it does not load without a delegate either: {plain}"
        measured.findings.append(Finding("error", "model-does-not-load", text))
    else:
        measured.runtime = f"ai-edge-litert {version}"
        measured.findings.append(Finding("note", "loads-without-delegate", "it loads with the built-in kernels alone"))
    return measured


def _report(model: Model, measured: Measured) -> Report:
    count = len(model.operators)
    partition = np.full(count, -1, np.int32)
    for row, (_, operators) in enumerate(measured.partitions or []):
        partition[operators] = row
    taken = partition >= 0
    borders = Borders.of(model, partition, len(measured.partitions or []), _really_read(model, partition, measured))
    # Where it failed nothing is known of any operator; where it did not, one is either in a partition or in none.
    delegates = [measured.others.get(operator, "") for operator in range(count)]
    delegates = [
        measured.delegate if inside else other for inside, other in zip(taken.tolist(), delegates, strict=True)
    ]
    summary = {
        "delegate": measured.delegate,
        "provenance": "measured",
        "runtime": measured.runtime or None,
        "operators": count,
        "delegated": None if measured.partitions is None else int(taken.sum()),
        "partitions": [
            {"subgraph": subgraph, "operators": operators} for subgraph, operators in measured.partitions or []
        ],
    }
    columns = _columns(model, partition, delegates, borders)
    found = measured.partitions or []
    lines = borders.findings([subgraph for subgraph, _ in found], [len(operators) for _, operators in found])
    findings = [*measured.findings, *lines]
    return Report("partition", summary, columns, tuple(findings), over="operators")


def _really_read(model: Model, partition: Array, measured: Measured) -> Ragged | None:
    """The inputs of operators without those that their partition neither reads nor writes.

    A delegate that unpacks constants itself reads these in place of what the file says. None where nothing is shown.
    """
    if not measured.inputs:
        return None
    inputs, count = model.operators.inputs, len(model.tensors)
    known = np.concatenate([row * count + np.array(tensors, np.int64) for row, tensors in enumerate(measured.inputs)])
    mine = partition[inputs.rows].astype(np.int64)
    writer = at(model.producer, inputs.values, -1)
    inside = (writer >= 0) & (partition[writer] == mine)
    read = (mine < 0) | inside | np.isin(mine * count + inputs.values, known)
    return Ragged(inputs.offsets, np.where(read, inputs.values, -1))


def _columns(model: Model, partition: Array, delegates: list[str], borders: Borders) -> tuple[Column, ...]:
    taken = partition >= 0
    names = np.array([bool(name) for name in delegates], bool)
    return (
        Column("id", np.arange(len(partition)), "1", "quantity", "declared", "Global number of the operator."),
        Column("op", model.operators.ops, "1", "category", "declared", "Operator type."),
        Column("name", model.layer_names, "1", "text", "declared", "Name of its first output."),
        Column(
            "partition", partition, "1", "category", "measured",
            "Partition of the delegate that runs the operator, in the order of execution; missing where it took none.",
            taken,
        ),
        Column(
            "delegate", delegates, "1", "category", "measured",
            "Delegate that runs the operator; missing where the runtime's own kernels do.", names,
        ),
        Column(
            "reads_across", borders.reads, "1", "text", "measured",
            "Tensors (global ids) that its partition reads from outside, at the first operator that reads them.",
            taken,
        ),
        Column(
            "writes_across", borders.writes, "1", "text", "measured",
            "Tensors (global ids) that the operator writes and something outside its partition reads.", taken,
        ),
        Column(
            "across_bytes", borders.operator_bytes, "By", "quantity", "measured",
            "Bytes of these tensors; missing where a shape is not known before running.", taken & borders.bytes_known,
        ),
    )  # fmt: skip
