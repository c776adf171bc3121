"""Zeros in weights: how they are stored, where they lie, and which kernels make use of them.

docs/sparsity.md defines the figures of the reports ``sparsity`` (operators) and ``sparsity_tensors``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .dtypes import dtype_name
from .model import Model
from .operands import numbered
from .quantization.findings import of_operators, of_tensors
from .quantization.modes import is_type, origins, weight_operands
from .ragged import Array, Categories
from .report import Column, Finding, Report
from .weights.facts import SPARSE, TOO_MANY, Weight, Weights, dense_bytes, weights_of
from .xnnpack_sparse import failed_conditions

# FULLY_CONNECTED of this version only is left alone by XNNPACK, which takes sparse weights of others as dense
# (tflite/delegates/xnnpack/xnnpack_delegate.cc of LiteRT f674577).
_SPARSE_VERSION = 8
# What the kernel reads sparse: floats in any order or in blocks of 1x4, int8 in blocks of 1x16
# (tflite/kernels/fully_connected.cc of LiteRT f674577).
_READ_SPARSE = {("FLOAT32", "csr"), ("FLOAT32", "block 1x4"), ("INT8", "block 1x16")}
_STORED_SPARSE, _WORTH_IT = 0.3, 1024
KERNELS = ("dense", "dense after DENSIFY", "sparse", "none")


def sparsity(model: Model) -> Report:
    """One row per operator: the zeros of its weights, and what becomes of them."""
    found = weights_of(model)
    uses = _uses(model, found)
    share, known = np.zeros(len(model.operators)), np.zeros(len(model.operators), bool)
    kernel = np.full(len(model.operators), -1, np.int64)
    for operator, weight, use in uses:
        if not known[operator]:
            share[operator], known[operator] = weight.statistics.zeros / max(weight.statistics.count, 1), True
            kernel[operator] = KERNELS.index(use)
    columns = (
        Column(
            "zero_share", share, "1", "quantity", "declared", "share of its weights that stand for 0", known,
            additive=False,
        ),
        Column(
            "zeros_used", Categories(kernel, KERNELS), "1", "category", "simulated",
            "how the built-in kernels read its weights",
        ),
    )  # fmt: skip
    return Report("sparsity", _summary(model, found), columns, tuple(_findings(model, found)), over="operators")


def sparsity_tensors(model: Model) -> Report:
    """One row per tensor: how its zeros are stored and where they lie."""
    found = weights_of(model)
    count = len(model.tensors)
    known = np.zeros(count, bool)
    known[found.tensors] = True
    share, index, dense = np.zeros(count), np.zeros(count, np.int64), np.zeros(count, np.int64)
    dense[found.tensors] = dense_bytes(model, found)
    names: list[list[str]] = [[], []]
    codes = np.full((2, count), -1, np.int64)
    figures = np.zeros((2, count))
    regular = np.zeros(count, bool)
    for tensor, weight in zip(found.tensors.tolist(), found.of, strict=True):
        share[tensor] = weight.statistics.zeros / max(weight.statistics.count, 1)
        index[tensor] = weight.encoding.index_bytes if weight.encoding else 0
        encoded = weight.encoding.label if weight.encoding else "dense"
        labels = [encoded, weight.pattern.name if weight.pattern else None]
        for row, label in enumerate(labels):
            if label is not None:
                names[row] += [] if label in names[row] else [label]
                codes[row, tensor] = names[row].index(label)
        if weight.pattern:
            figures[:, tensor], regular[tensor] = (weight.pattern.share, weight.pattern.chance), True

    def quantity(name: str, values: Array, unit: str, doc: str, valid: Array, *, additive: bool = False) -> Column:
        return Column(name, values, unit, "quantity", "declared", doc, valid, additive)

    value_bytes = np.where(known, model.constant_bytes, 0)
    columns = (
        quantity("zero_share", share, "1", "share of elements that stand for 0", known),
        Column("encoding", Categories(codes[0], names[0]), "1", "category", "declared", "how it is stored"),
        quantity("value_bytes", value_bytes, "By", "bytes of stored values", known, additive=True),
        quantity("index_bytes", index, "By", "bytes that tell where these are", known, additive=True),
        quantity("dense_bytes", dense, "By", "bytes if every element were stored", known, additive=True),
        Column(
            "pattern", Categories(codes[1], names[1]), "1", "category", "declared", "regularity of zeros, from 5 % on"
        ),
        quantity("pattern_share", figures[0], "1", "share of groups or blocks that keep to it", regular),
        quantity("pattern_chance", figures[1], "1", "share that as many zeros at random give", regular),
    )
    return Report("sparsity_tensors", _summary(model, found), columns, over="tensors")


def _summary(model: Model, found: Weights) -> dict[str, Any]:
    encoded = [(t, w) for t, w in zip(found.tensors.tolist(), found.of, strict=True) if w.encoding is not None]
    elements = sum(weight.statistics.count for weight in found.of)
    zeros = sum(weight.statistics.zeros for weight in found.of)
    return {
        "tensors": len(found.tensors),
        "elements": elements,
        "zeros": zeros,
        "zero_share": zeros / elements if elements else None,
        "sparse_tensors": len(encoded),
        "value_bytes": sum(int(model.constant_bytes[tensor]) for tensor, _ in encoded),
        "index_bytes": sum(w.encoding.index_bytes for _, w in encoded if w.encoding is not None),
        "dense_bytes": int(dense_bytes(model, found)[[w.encoding is not None for w in found.of]].sum()),
        "zero_channels": sum(weight.statistics.zero_channels or 0 for weight in found.of),
    }


def _uses(model: Model, found: Weights) -> Iterator[tuple[int, Weight, str]]:
    """Every operator with the weights that it reads, and how."""
    of = dict(zip(found.tensors.tolist(), found.of, strict=True))
    start = origins(model)
    rows, tensors = weight_operands(model)
    names, types = model.operators.type_names, model.operators.type
    for operator, tensor in zip(rows.tolist(), tensors.tolist(), strict=True):
        weight = of.get(int(start.tensor[tensor])) if tensor >= 0 else None
        if weight is None:
            continue
        use = "dense"
        if start.densified[tensor]:
            use = "dense after DENSIFY"
        elif weight.encoding is not None:
            dtype = dtype_name(int(model.tensors.type[tensor]))
            is_read = names[types[operator]] == "FULLY_CONNECTED" and (dtype, weight.encoding.label) in _READ_SPARSE
            use = "sparse" if is_read else "none"
        yield operator, weight, use


def _findings(model: Model, found: Weights) -> Iterator[Finding]:
    encoded = {t for t, w in zip(found.tensors.tolist(), found.of, strict=True) if w.encoding is not None}
    rows, tensors = weight_operands(model)
    direct = np.array([tensor in encoded for tensor in tensors.tolist()], bool)
    readers = np.unique(rows[direct])
    dense_readers = is_type(model, "FULLY_CONNECTED")
    wrong = readers[dense_readers[readers] & (model.operators.version[readers] != _SPARSE_VERSION)]
    yield from of_operators(
        model,
        "error",
        "sparse-version",
        wrong,
        f"sparse weights, not operator version {_SPARSE_VERSION}: XNNPACK takes them as dense and reads on past them",
    )
    uses = list(_uses(model, found))
    unread = np.array(sorted({operator for operator, _, use in uses if use == "none"}), np.int64)
    yield from of_operators(
        model, "error", "sparse-unread", unread, "no built-in kernel reads weights in this sparse encoding"
    )
    yield from of_operators(
        model,
        "warning",
        "sparse-micro",
        readers,
        "TensorFlow Lite Micro does not look at sparsity and reads these weights as dense ones: results are wrong",
    )
    yield from _densified(model)
    yield from _damaged(model, found)
    yield from _xnnpack(model, uses)
    never = [t for t, w in zip(found.tensors.tolist(), found.of, strict=True) if _could_be_sparse(w)]
    yield from of_tensors(
        model, "note", "sparse-stored-dense", np.array(never, np.int64),
        "30 % zeros or more are stored one by one: the converter can store them sparse, any compression takes them out",
    )  # fmt: skip


def _could_be_sparse(weight: Weight) -> bool:
    """What the converter stores sparse when it is told to, of a size that matters (dense_to_sparse_pass.cc)."""
    figures = weight.statistics
    is_many = figures.zeros >= _STORED_SPARSE * figures.count and figures.count >= _WORTH_IT
    return weight.encoding is None and weight.axis >= 0 and is_many


def _densified(model: Model) -> Iterator[Finding]:
    operators = np.flatnonzero(is_type(model, "DENSIFY"))
    outputs = numbered(model.operators.outputs, operators, 0)
    size = int(np.maximum(model.tensors.nbytes[outputs[outputs >= 0]], 0).sum())
    yield from of_operators(
        model, "note", "sparse-densify", operators,
        f"DENSIFY makes dense copies when the model is loaded: {size:,} bytes of RAM, no time is saved by the zeros",
    )  # fmt: skip


def _damaged(model: Model, found: Weights) -> Iterator[Finding]:
    damaged = np.array(
        [tensor for tensor, why in found.unreadable.items() if model.is_sparse[tensor] and why != TOO_MANY], np.int64
    )
    reasons = "; ".join(sorted({found.unreadable[tensor] for tensor in damaged.tolist()})[:3])
    yield from of_tensors(
        model, "error", "sparse-damaged", damaged, f"the parameters of sparsity make no tensor: it {reasons}"
    )


def _xnnpack(model: Model, uses: list[tuple[int, Weight, str]]) -> Iterator[Finding]:
    """Whether XNNPACK's sparse inference applies; said only of models with zeros in pointwise convolutions."""
    shares = {operator: w.statistics.zeros / max(w.statistics.count, 1) for operator, w, _ in uses}
    pointwise = [
        o for o in shares if shares[o] >= SPARSE and model.operators.type_names[model.operators.type[o]] == "CONV_2D"
    ]
    if not pointwise:
        return
    zeros = {operator: (w.statistics.zeros, w.statistics.count) for operator, w, _ in uses}
    failed = failed_conditions(model, zeros)
    operators: Array = np.array(sorted(pointwise), np.int64)
    text = "XNNPACK's sparse inference applies" if not failed else (
        "XNNPACK's sparse inference does not apply: " + "; ".join(failed)
    )  # fmt: skip
    yield from of_operators(model, "note", "sparse-xnnpack", operators, text)
