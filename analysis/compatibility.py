"""Which runtimes run a model: the ``compatibility`` report. docs/compatibility.md defines its figures and findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import schema
from .flash import flash_split
from .micro_operators import CUSTOM_METHODS, METHODS
from .model import Model
from .operands import numbered
from .operators import tensorflow_op
from .options import control_flow, read_options
from .overview import min_runtime_version
from .quantization.findings import of_operators
from .quantization.modes import is_type, modes
from .ragged import Array, Categories, Ragged, kinds_of
from .report import Column, Finding, Report
from .runtime_versions import least_runtime

KINDS = ("builtin", "TensorFlow", "custom")
MICRO = ("yes", "no kernel", "types")
SHAPES = ("begins", "follows")


def compatibility(model: Model) -> Report:
    """One row per operator: the runtime that it needs, and where shapes are open."""
    kinds, micro, shapes = _kinds(model), _micro(model), open_shapes(model)
    least = _least_runtimes(model)
    columns = (
        Column("needs", Categories(kinds, KINDS), "1", "category", "declared", "whose operator it is"),
        Column(
            "least_runtime", least, "1", "category", "simulated",
            "first TensorFlow Lite with this version of the operator",
        ),
        Column(
            "micro", Categories(micro, MICRO), "1", "category", "simulated",
            "whether TensorFlow Lite Micro's reference kernels take it",
        ),
        Column(
            "open_shape", Categories(shapes, SHAPES), "1", "category", "declared",
            "where shapes begin to be known at run time only, and what follows",
        ),
    )  # fmt: skip
    summary = _summary(model, kinds, micro, list(least.names))
    return Report("compatibility", summary, columns, tuple(_findings(model, kinds, micro, shapes)), over="operators")


def _least_runtimes(model: Model) -> Categories:
    """Per operator the first runtime with its version, looked up once for each that there is."""
    operators = model.operators
    kinds = kinds_of([operators.type, operators.version], len(operators))
    _, first, codes = np.unique(kinds, return_index=True, return_inverse=True)
    types, numbers = operators.type[first].tolist(), operators.version[first].tolist()
    versions = [least_runtime(operators.type_names[op], number) for op, number in zip(types, numbers, strict=True)]
    names = sorted({version for version in versions if version}, key=_ordered)
    places = [names.index(version) if version else -1 for version in versions]
    return Categories(np.array(places, np.int64)[codes], names)


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _kinds(model: Model) -> Array:
    custom = schema.enum_values("BuiltinOperator")["CUSTOM"]
    by_code = [
        KINDS.index("builtin") if builtin != custom else KINDS.index("TensorFlow" if tensorflow_op(name) else "custom")
        for builtin, name in zip(model.codes.builtin.tolist(), model.codes.names, strict=True)
    ]
    return np.array(by_code, np.int64)[model.operators.code]


def _micro(model: Model) -> Array:
    """What the resolver has no method for, and what the kernels are known to refuse by type.

    The refusals were met with the tflite-micro of October 2026: weights of another kind than the activations, called
    hybrid; convolutions of uint8; DEQUANTIZE of anything but int8, int16 and uint8. Its LSTM does not look at the type
    of its weights: it reads those of int8 as floats and answers NaN, which is no better than a refusal.
    """
    known = np.isin(model.operators.type_names, [*METHODS, *CUSTOM_METHODS])[model.operators.type]
    names = modes(model).names
    hybrid = np.array([name.startswith("dynamic range") for name in names.names], bool)
    unsigned = np.array([name.startswith("uint8") for name in names.names], bool)
    refused = hybrid[names.codes] | (unsigned[names.codes] & is_type(model, "CONV_2D", "DEPTHWISE_CONV_2D"))
    source = numbered(model.operators.inputs, np.arange(len(model.operators)), 0)
    types = schema.enum_values("TensorType")
    whole = np.isin(model.tensors.type, [types["INT8"], types["INT16"], types["UINT8"]])
    other = np.zeros(len(source), bool)
    there = source >= 0
    other[there] = ~whole[source[there]]
    refused |= is_type(model, "DEQUANTIZE") & other
    return np.where(~known, MICRO.index("no kernel"), np.where(refused, MICRO.index("types"), MICRO.index("yes")))


def open_shapes(model: Model) -> Array:
    """Per operator: 0 where the file says that shapes begin to be open, 1 where they follow from other operators'.

    -1 where all that it writes has a shape. Shapes begin to be open at what reads open inputs of the model, too.
    """
    signature = model.tensors.shape_signature
    is_open = np.bincount(signature.rows[signature.values < 0], minlength=len(model.tensors)) > 0
    is_open |= ~model.tensors.rank_known

    def touched(column: Ragged, which: Array) -> Array:
        there = column.values >= 0
        rows, tensors = column.rows[there], column.values[there]
        return np.bincount(rows[which[tensors]], minlength=len(model.operators)) > 0

    writes = touched(model.operators.outputs, is_open)
    reads = touched(model.operators.inputs, is_open & (model.producer >= 0))  # what the caller gives is no operator's
    return np.where(writes & ~reads, 0, np.where(writes, 1, -1))


def variables(model: Model) -> list[dict[str, Any]]:
    """The variables that live between inferences, with the operators that read and write each.

    A variable is known by container and name; resources that reach an operator through another subgraph's inputs are
    not followed.
    """
    handles = np.flatnonzero(is_type(model, "VAR_HANDLE"))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    names = model.operators.type_names
    for handle, options in zip(handles.tolist(), read_options(model, handles), strict=True):
        key = (str(options.values.get("container") or ""), str(options.values.get("shared_name") or ""))
        entry = found.setdefault(key, {"name": "/".join(part for part in key if part), "read_by": [], "written_by": []})
        for tensor in model.operators.outputs[handle].tolist():
            for user in model.consumers[tensor].tolist() if tensor >= 0 else ():
                op = names[model.operators.type[user]]
                role = {"READ_VARIABLE": "read_by", "ASSIGN_VARIABLE": "written_by"}.get(op)
                if role is not None:
                    entry[role].append(user)
    for tensor in np.flatnonzero(model.tensors.is_variable).tolist():
        users = model.consumers[tensor].tolist()
        entry = {"name": model.tensors.name[tensor], "read_by": users, "written_by": users}
        found.setdefault(("tensor", str(tensor)), entry)
    return list(found.values())


def _summary(model: Model, kinds: Array, micro: Array, versions: list[str]) -> dict[str, Any]:
    held = variables(model)
    writers = {operator for entry in held for operator in entry["written_by"]}
    written = {int(model.operators.subgraph[operator]) for operator in writers}
    flex = sorted({name for name in model.operators.type_names if tensorflow_op(name)})
    custom = np.unique(model.operators.type[kinds == KINDS.index("custom")])
    return {
        "operators": len(model.operators),
        "least_runtime": versions[-1] if versions else None,
        "declared_runtime": min_runtime_version(model),
        "builtins": sorted(
            {model.operators.type_names[t] for t in np.unique(model.operators.type[kinds == 0]).tolist()}
        ),
        "tensorflow_operators": [tensorflow_op(name) for name in flex],
        "custom_operators": [model.operators.type_names[t] for t in custom.tolist()],
        "micro_operators": int((micro == 0).sum()),
        "variables": held,
        "signatures": [
            {"key": s.key, "subgraph": s.subgraph, "writes_variables": s.subgraph in written} for s in model.signatures
        ],
        "control_flow": len(control_flow(model)),
        "flash": flash_split(model),
    }


def _findings(model: Model, kinds: Array, micro: Array, shapes: Array) -> Iterator[Finding]:
    yield from of_operators(
        model,
        "warning",
        "needs-tensorflow",
        np.flatnonzero(kinds == KINDS.index("TensorFlow")),
        "operators of TensorFlow: the application must link the Flex delegate, which is large",
    )
    yield from of_operators(
        model,
        "warning",
        "needs-custom",
        np.flatnonzero(kinds == KINDS.index("custom")),
        "custom operators: the application must register them",
    )
    yield from of_operators(
        model,
        "note",
        "micro-missing",
        np.flatnonzero(micro == MICRO.index("no kernel")),
        "TensorFlow Lite Micro has no kernel for them",
    )
    yield from of_operators(
        model,
        "note",
        "micro-types",
        np.flatnonzero(micro == MICRO.index("types")),
        "TensorFlow Lite Micro's kernels cannot do these types: weights stored otherwise than activations, uint8 "
        "convolutions, DEQUANTIZE of float16 or 4 bits",
    )
    yield from of_operators(
        model, "note", "open-shapes", np.flatnonzero(shapes == 0),
        f"shapes begin to be known at run time only; {int((shapes == 1).sum())} more operators follow",
    )  # fmt: skip


def resolver_source(model: Model) -> str:
    """C++ that registers exactly the operators of the model with TensorFlow Lite Micro.

    Operators that it has no method for are in comments.
    """
    lines, missing = [], []
    for name in model.operators.type_names:
        method = METHODS.get(name) or CUSTOM_METHODS.get(name)
        if method is None:
            missing.append(name)
        else:
            lines.append(f"  TF_LITE_ENSURE_STATUS(resolver.{method}());")
    lines += [f"  // no kernel in tflite-micro 90b983c2: {_printable(name)}" for name in missing]
    count = len(model.operators.type_names) - len(missing)
    return "\n".join(
        [
            '#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"',
            "",
            f"using OpResolver = tflite::MicroMutableOpResolver<{max(count, 1)}>;",
            "",
            "TfLiteStatus RegisterOps(OpResolver& resolver) {",
            *lines,
            "  return kTfLiteOk;",
            "}",
            "",
        ]
    )


def _printable(name: str) -> str:
    """A custom code as it may stand in a comment: it comes from the file."""
    return "".join(character if character.isalnum() or character in "_-. " else "?" for character in name)
