"""Errors of layers as a report over the operators of the model in question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..analysis.dtypes import bits_of
from ..analysis.matching import source_tensors
from ..analysis.model import Model
from ..analysis.ragged import Array
from ..analysis.report import Column, Finding, Report
from .accuracy import LayerErrors
from .layer_sums import SUMS

_LOW_DB = 20.0  # the error has a tenth of the signal's amplitude
_CLIPPED = 0.01
# Rounding alone is 0.29 (1/sqrt(12)). TensorFlow's guide to its quantization debugger takes 0.7 for suspicious.
_ROUNDING = 0.7
_MOST_NAMED = 1000


@dataclass(frozen=True)
class Figures:
    """Figures of pairs of tensors, NaN where they are not defined.

    Attributes:
        sqnr_db: 10 log10 of squared signal over squared error, over all samples; infinite where nothing differs.
        rmse, mean_error, max_error: in the unit of the values; the largest error without its sign.
        cosine: of the angle between both.
        clipped, at_low, at_high: shares of the values, see docs/layer-error.md.
    """

    sqnr_db: Array
    rmse: Array
    mean_error: Array
    max_error: Array
    cosine: Array
    clipped: Array
    at_low: Array
    at_high: Array


def figures(sums: Array) -> Figures:
    """Figures from sums, float64 [pairs, len(SUMS)]."""
    column: Mapping[str, Array] = {name: sums[:, place] for place, name in enumerate(SUMS)}
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.where(column["elements"] > 0, column["elements"], np.nan)
        ratio = np.where(column["error2"] > 0, column["reference2"] / column["error2"], np.inf)
        norms = np.sqrt(column["reference2"] * column["value2"])
        return Figures(
            sqnr_db=np.where(np.isnan(count), np.nan, 10 * np.log10(ratio)),
            rmse=np.sqrt(column["error2"] / count),
            mean_error=column["error"] / count,
            max_error=np.where(np.isnan(count), np.nan, column["largest"]),
            cosine=np.where(norms > 0, column["product"] / norms, np.nan),
            clipped=column["clipped"] / count,
            at_low=column["low"] / count,
            at_high=column["high"] / count,
        )


def report(errors: LayerErrors, model: Model, reference: Model) -> Report:
    """Errors as a report over the operators of the model.

    Of an operator with several outputs the one with the lowest SQNR is shown.
    """
    whole, local = figures(errors.whole), figures(errors.local)
    rows = shown(errors)
    operators = errors.matching.second[errors.pair[rows]]
    table = _Table(len(model.operators), operators)
    columns = [
        Column("id", np.arange(len(model.operators)), "1", "quantity", "declared", "Global number of the operator."),
        Column("op", model.operators.ops, "1", "category", "declared", "Operator type."),
        Column("name", model.layer_names, "1", "text", "declared", "Name of its first output."),
        *_matched(errors, len(model.operators)),
        *_columns(table, errors, whole, local, rows),
    ]
    findings = tuple(_findings(errors, model, whole, local, rows, operators))
    return Report(
        "layer_error",
        _summary(errors, model, reference, whole, local, rows),
        tuple(columns),
        findings,
        over="operators",
    )


def shown(errors: LayerErrors) -> Array:
    """Rows of the pairs shown: of each operator the output with the lowest SQNR."""
    noise = figures(errors.whole).sqnr_db
    order = np.lexsort((np.nan_to_num(noise, nan=np.inf, posinf=1e300), errors.pair))
    order = order[~np.isnan(noise[order])]
    _, first = np.unique(errors.pair[order], return_index=True)
    return order[first]


@dataclass(frozen=True)
class _Table:
    """Spreads figures of some operators over all."""

    count: int
    operators: Array

    def column(self, name: str, values: Array, unit: str, doc: str) -> Column:
        """A column of figures; cells that are not finite are missing."""
        spread = np.full(self.count, np.nan)
        spread[self.operators] = values
        valid = np.isfinite(spread)
        return Column(name, np.where(valid, spread, 0.0), unit, "quantity", "measured", doc, valid, additive=False)


def _matched(errors: LayerErrors, count: int) -> Iterator[Column]:
    matching = errors.matching
    theirs, sure = np.zeros(count, np.int64), np.zeros(count)
    there = np.zeros(count, bool)
    theirs[matching.second], sure[matching.second], there[matching.second] = matching.first, matching.confidence, True
    how = dict(zip(matching.second.tolist(), matching.evidence, strict=True))
    evidence = [how.get(row, "") for row in range(count)]
    yield Column(
        "reference", theirs, "1", "quantity", "simulated", "Its operator of the reference.", there, additive=False
    )
    yield Column("matched_by", evidence, "1", "category", "simulated", "How that was found.", there)
    yield Column(
        "confidence", sure, "1", "quantity", "simulated", "How sure that is, from 0 to 1.", there, additive=False
    )


def _columns(table: _Table, errors: LayerErrors, whole: Figures, local: Figures, rows: Array) -> Iterator[Column]:
    scale = errors.scale[rows]
    where = errors.whole[rows]
    yield table.column("output", errors.output[rows], "1", "Which of its outputs is shown: the one with most noise.")
    for prefix, of, kind in (("", whole, "Accumulated"), ("local_", local, "Local")):
        some = (
            ("sqnr_db", of.sqnr_db, "dB", "signal over noise; missing where nothing differs."),
            ("rmse", of.rmse, "1", "root of the mean squared error, in the unit of the values."),
            ("rmse_scale", of.rmse / errors.scale, "1", "RMSE in steps of the output's scale; rounding alone is 0.29."),
            ("mean_error", of.mean_error, "1", "mean error, in the unit of the values."),
            ("max_error", of.max_error, "1", "largest error, in the unit of the values."),
            ("cosine", of.cosine, "1", "cosine of the angle between values and reference."),
        )  # fmt: skip
        for name, values, unit, doc in some:
            yield table.column(prefix + name, values[rows], unit, f"{kind}: {doc}")
    yield table.column("max_error_sample", where[:, SUMS.index("sample")], "1", "Sample with the largest error.")
    places = [""] * table.count
    for operator, row in zip(table.operators.tolist(), rows.tolist(), strict=True):
        places[operator] = _place(errors, row)
    doc = "Where in the output the largest error is."
    yield Column(
        "max_error_at", places, "1", "text", "measured", doc, np.array([bool(place) for place in places], bool)
    )
    quantized = np.isfinite(scale)
    for name, values, doc in (
        ("clipped", whole.clipped, "values at an end of the quantized range where the reference lies beyond it."),
        ("at_low", whole.at_low, "values at the low end of the quantized range."),
        ("at_high", whole.at_high, "values at the high end of the quantized range."),
    ):
        yield table.column(name, np.where(quantized, 100 * values[rows], np.nan), "%", f"Share of {doc}")


def _place(errors: LayerErrors, row: int) -> str:
    shape = [size for size in errors.shape[row].tolist() if size >= 0]
    element = int(errors.whole[row, SUMS.index("element")])
    if element < 0 or element >= np.prod(shape, dtype=np.float64):
        return ""
    return ",".join(str(int(place)) for place in np.unravel_index(element, shape)) if shape else "0"


def _summary(
    errors: LayerErrors, model: Model, reference: Model, whole: Figures, local: Figures, rows: Array
) -> dict[str, object]:
    operators = errors.matching.second[errors.pair[rows]]

    def worst(values: Array) -> dict[str, object] | None:
        some = np.flatnonzero(np.isfinite(values[rows]))
        if not len(some):
            return None
        row = some[np.argmin(values[rows][some])]
        operator = int(operators[row])
        return {"operator": operator, "name": model.layer_names[operator], "sqnr_db": float(values[rows][row])}

    return {
        "reference": {"name": reference.name, "sha256": reference.sha256},
        "kernels": errors.settings.kernels,
        "reference_kernels": errors.settings.reference_kernels,
        "samples": errors.samples,
        "inputs": "given" if errors.settings.inputs else "random",
        "seed": errors.settings.seed,
        "operators": len(model.operators),
        "matched": len(errors.matching.second),
        "compared": len(rows),
        "equal": int(np.isposinf(whole.sqnr_db[rows]).sum()),
        "points_each": errors.points.shape[2] - 1,
        "without_channels": int((errors.channels[rows] == 0).sum()),
        "worst": worst(whole.sqnr_db),
        "worst_local": worst(local.sqnr_db),
        "outputs": _outputs(errors, model, whole),
    }


def _outputs(errors: LayerErrors, model: Model, whole: Figures) -> list[dict[str, object]]:
    """SQNR at what the model gives out, looked at before a last QUANTIZE or DEQUANTIZE."""
    operators = model.operators.outputs
    at = operators.offsets[errors.matching.second[errors.pair]] + errors.output
    place = {tensor: row for row, tensor in enumerate(operators.values[at].tolist())}
    source = source_tensors(model)
    names = model.tensors.name
    found: list[dict[str, object]] = []
    for tensor in model.subgraphs.outputs[0].tolist() if len(model.subgraphs) else []:
        row = place.get(int(source[tensor])) if tensor >= 0 else None
        known = row is not None and bool(np.isfinite(whole.sqnr_db[row]))
        found.append({
            "name": names[tensor],
            "sqnr_db": float(whole.sqnr_db[row]) if known else None,
            "equal": row is not None and bool(np.isposinf(whole.sqnr_db[row])),
        })  # fmt: skip
    return found


def _bytes(errors: LayerErrors, model: Model, rows: Array) -> Array:
    """Bool: whether an output has 8 bits. Of 16 bits the steps are so fine that the noise of the weights is many."""
    pair, operators = errors.pair[rows], model.operators.outputs
    tensors = operators.values[operators.offsets[errors.matching.second[pair]] + errors.output[rows]]
    return np.asarray(bits_of(model.tensors.type[tensors]) == 8)


def _findings(
    errors: LayerErrors, model: Model, whole: Figures, local: Figures, rows: Array, operators: Array
) -> Iterator[Finding]:
    def where(flags: Array) -> tuple[int, ...]:
        return tuple(np.unique(operators[flags]).tolist()[:_MOST_NAMED])

    with np.errstate(invalid="ignore"):
        rough = _bytes(errors, model, rows) & (local.rmse[rows] / errors.scale[rows] > _ROUNDING)
        checks: Sequence[tuple[Array, str, str, str]] = (
            (errors.whole[rows, SUMS.index("nonfinite")] > 0, "error", "layer-nonfinite",
             "values are infinite or not a number in one of the models; they are left out of the figures"),
            (local.sqnr_db[rows] < _LOW_DB, "warning", "layer-loss",
             f"loses more than a tenth by itself (local SQNR below {_LOW_DB:.0f} dB): keep it in a wider type"),
            ((whole.sqnr_db[rows] < _LOW_DB) & ~(local.sqnr_db[rows] < _LOW_DB), "warning", "layer-drift",
             f"accumulated SQNR is below {_LOW_DB:.0f} dB: look at the operators before it"),
            (rough, "note", "layer-rounding",
             f"local RMSE is more than {_ROUNDING} steps of the output's scale, rounding alone is 0.29"),
            (np.isfinite(errors.scale[rows]) & (whole.clipped[rows] > _CLIPPED), "warning", "layer-clipped",
             f"more than {_CLIPPED:.0%} of the values lie beyond the quantized range: calibrate with data like these"),
        )  # fmt: skip
    for flags, severity, code, text in checks:
        if flags.any():
            count = int(flags.sum())
            yield Finding(severity, code, f"{count} operator{'s' * (count != 1)}: {text}", where(flags))  # type: ignore[arg-type]
    if not errors.settings.inputs:
        yield Finding(
            "note", "layer-random-inputs", "the inputs were random: errors on real data are others; give files"
        )
    if errors.refused and errors.settings.local:
        yield Finding("note", "layer-no-local", f"operators could not be run one by one: {errors.refused}")
    compared = np.zeros(len(errors.matching.second), bool)
    compared[errors.pair[rows]] = True
    inner = model.operators.subgraph[errors.matching.second] == 0
    apart = errors.matching.second[inner & ~compared]
    if len(apart):
        text = f"{len(apart)} matched operators have values of other shapes, or no numbers: they are not compared"
        yield Finding("note", "layer-not-compared", text, tuple(apart.tolist()[:_MOST_NAMED]))
