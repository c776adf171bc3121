"""``tflite-viz partition``: which operators delegates take, measured or foretold, and why not the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..analysis.delegates.rules import Delegate
    from ..analysis.model import Model
    from ..analysis.report import Report
    from ..terminal import Terminal

_MOST_PARTITIONS = 40


def partition(
    model: Annotated[str, typer.Argument(help="A model, or container!member.")],
    delegate: Annotated[
        str | None,
        typer.Option(
            "--delegate",
            "-d",
            help="Delegates, separated by commas; measured one of xnnpack, gpu, ethos-u, qualcomm, intel, or the .so "
            "of an external one.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All delegates that can be foretold.")] = False,
    measured: Annotated[
        bool, typer.Option("--measured", help="Let the delegate itself take its operators, in a process of its own.")
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="KEY=VALUE that the delegate is created with; repeatable."),
    ] = None,
    explain: Annotated[int | None, typer.Option(help="Say what each delegate makes of this operator (its id).")] = None,
    what_if: Annotated[
        str | None,
        typer.Option("--what-if", help="As if these operators (ids), or all of these types, were taken; with commas."),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile", help="A profile that times are estimated from; another without the delegate may follow."
        ),
    ] = None,
    require: Annotated[
        str | None, typer.Option(help="Exit with 1 where a delegate takes a smaller share: 95%.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the operators as CSV.")] = False,
) -> None:
    """Print which operators of a model a delegate takes, why not the others, and what crosses the borders.

    Foretold from the file unless --measured is said, which loads the model with the delegate.
    """
    from ..analysis.containers import open_model
    from ..errors import UsageError
    from ._what_if import as_if, foretold, read_profiles

    opened = open_model(model)
    if measured:
        if profile or what_if is not None:
            raise UsageError(f"--{'profile' if profile else 'what-if'} is for what is foretold, not with --measured")
        reports = [_measured(opened, delegate, option or [])]
    else:
        chosen = _created(_chosen(delegate, every=every), option or [])
        if explain is not None and not (json or csv):
            _explain(opened, chosen, explain)
            return
        if profile and what_if is None and len(chosen) > 1:
            raise UsageError("--profile needs --what-if, or one --delegate")
        traces = read_profiles(opened, profile or [])
        reports = foretold(opened, chosen, traces) if what_if is None else as_if(opened, chosen, what_if, traces)
    together = None if measured or every or len(reports) < 2 else _together(opened, chosen)
    _show(opened, reports, together, as_json=json, as_csv=csv)
    if require is not None and _is_short(reports, require):
        raise typer.Exit(1)


def select(
    models: Annotated[list[str], typer.Argument(help="Models, or container!member.")],
    delegate: Annotated[
        str | None, typer.Option("--delegate", "-d", help="Delegates, separated by commas; all when not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how much of each model each delegate takes, foretold: for choosing among models."""
    import sys

    from ..analysis.containers import open_model
    from ..analysis.delegates.simulation import place
    from ..jsontext import dumps
    from ..terminal import Terminal

    chosen = _chosen(delegate, every=delegate is None)
    rows: list[dict[str, Any]] = []
    for path in models:
        opened = open_model(path)
        placed = [place(opened, one) for one in chosen]
        rows += [
            {"model": opened.name, "delegate": one.delegate.name, "operators": len(opened.operators),
             "delegated": len(one.taken), "partitions": len(one.partitions)} for one in placed
        ]  # fmt: skip
    if json:
        sys.stdout.write(dumps({"provenance": "simulated", "rows": rows}) + "\n")
        return
    terminal, count = Terminal(), len(chosen)
    cells = [f"{row['delegated'] / max(row['operators'], 1):.0%} in {row['partitions']}" for row in rows]
    table = [[models[k], *cells[count * k : count * (k + 1)]] for k in range(len(models))]
    terminal.table(["model", *(one.name for one in chosen)], table, right=range(1, count + 1))


def _measured(model: Model, delegate: str | None, options: list[str]) -> Report:
    from ..analysis.errors import ModelError
    from ..errors import UsageError
    from ..runtime.errors import RuntimeFailure, RuntimeMissing
    from ..runtime.partitions import UnknownDelegate, measure
    from ._models import working

    if delegate is None:
        raise UsageError("--measured needs --delegate")
    try:
        with working(f"loading {model.name} with {delegate}"):
            return measure(model, delegate, _options(options))
    except (UnknownDelegate, RuntimeMissing) as error:
        raise UsageError(str(error)) from None
    except RuntimeFailure as error:
        raise ModelError(model.name, str(error)) from None


def _options(given: list[str]) -> dict[str, str]:
    from ..errors import UsageError

    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--option {text}: must be KEY=VALUE")
        found[key] = value
    return found


def _chosen(names: str | None, *, every: bool) -> list[Delegate]:
    from ..analysis.delegates import delegates
    from ..errors import UsageError

    known = delegates()
    if every:
        return list(known.values())
    if names is None:
        raise UsageError("which delegate? Say --delegate NAME or --all")
    unknown = [name for name in names.split(",") if name not in known]
    if unknown:
        listed = ", ".join(known)
        raise UsageError(f"{unknown[0]} cannot be foretold, say --measured; those that can: {listed}")
    return [known[name] for name in names.split(",")]


def _created(chosen: list[Delegate], options: list[str]) -> list[Delegate]:
    """The delegates with options; each is given those that it has, and one at least has each."""
    from ..analysis.delegates.rules import created
    from ..errors import UsageError

    given = _options(options)
    unknown = [name for name in given if not any(name in one.options for one in chosen)]
    try:
        if unknown:
            created(chosen[0], {unknown[0]: given[unknown[0]]})
        return [created(one, {name: value for name, value in given.items() if name in one.options}) for one in chosen]
    except ValueError as error:
        raise UsageError(f"--option: {error}") from None


def _explain(model: Model, chosen: list[Delegate], operator: int) -> None:
    """Prints what each delegate makes of one operator."""
    from ..analysis.delegates.nodes import View
    from ..analysis.delegates.simulation import place, verdicts_of
    from ..errors import UsageError
    from ..terminal import Terminal

    if not 0 <= operator < len(model.operators):
        raise UsageError(f"--explain {operator}: the model has {len(model.operators)} operators")
    terminal = Terminal()
    terminal.title(f"{model.name}: {model.operators.ops[operator]} {operator}, {model.layer_names[operator]}")
    for one in (place(model, delegate) for delegate in chosen):
        terminal.line(f"{one.delegate.title}: {verdicts_of(View(model), one).word(operator)}")
        for failure in one.failures.get(operator, []):
            terminal.line(f"  {failure}" + (f" ({failure.hint})" if failure.hint else ""))


def _together(model: Model, chosen: list[Delegate]) -> dict[str, Any]:
    """What several delegates take when they are asked in the order in which they are named."""
    from ..analysis.delegates.several import in_order

    return in_order(model, chosen).summary


def _is_short(reports: list[Report], text: str) -> bool:
    from ..errors import UsageError

    try:
        least = float(text.removesuffix("%"))
    except ValueError:
        raise UsageError(f"--require {text}: must be a share such as 95%") from None
    taken = [(report.summary["delegated"] or 0, max(report.summary["operators"], 1)) for report in reports]
    return any(100 * delegated < least * operators for delegated, operators in taken)


def _show(model: Model, reports: list[Report], together: dict[str, Any] | None, *, as_json: bool, as_csv: bool) -> None:
    from dataclasses import replace

    from ..terminal import Terminal
    from ._models import print_report, with_names
    from ._what_if import print_more

    first = reports[0]
    is_measured = first.summary["provenance"] == "measured"
    if len(reports) == 1:
        if not print_report(model, first if is_measured else with_names(model, first), as_json=as_json, as_csv=as_csv):
            _print(Terminal(), model.name, first if is_measured else with_names(model, first))
        return
    summary: dict[str, Any] = {"delegates": [one.summary for one in reports]}
    if together is not None:
        summary["in_order"] = together
    both = replace(first, name="partition", summary=summary, findings=())
    columns = tuple(
        replace(column, name=f"{one.summary['delegate']}.{column.name}")
        for one in reports
        for column in one.columns
        if column.name in ("partition", "verdict", "reason", "condition")
    )
    if not print_report(model, with_names(model, replace(both, columns=columns)), as_json=as_json, as_csv=as_csv):
        terminal = Terminal()
        terminal.title(model.name)
        for one in reports:
            confidence = {"exact": "as measured", "rules": "by its rules", "list": "by its list"}
            sure = confidence[one.summary["confidence"]]
            terminal.line(f"{one.summary['sentence']}{_conditional(one.summary['accepted_if'])} ({sure})")
            print_more(terminal, one.summary)
        if together is not None:
            across = f"{together['crossing_tensors']:,} tensors, {terminal.size(together['crossing_bytes'])}"
            terminal.line(f"One after the other: {together['sentence']}; {across} across borders")


def _conditional(counts: dict[str, int]) -> str:
    """How many operators are accepted if, where there are any."""
    said = {"option": "more with another option", "device": "of these if the device holds their tensors"}
    return "".join(f"; {counts[kind]:,} {text}" for kind, text in said.items() if counts[kind])


def _print(terminal: Terminal, name: str, report: Report) -> None:
    from ..analysis.delegates.partition import counted
    from ._what_if import print_more

    summary = report.summary
    terminal.title(f"{name}: {summary['delegate']}")
    taken, total, parts = summary["delegated"], summary["operators"], summary["partitions"]
    share = "not known" if taken is None else f"{taken:,} of {total:,} operators in {counted(len(parts))}"
    if summary["provenance"] == "measured":
        terminal.facts([("delegated", share), ("measured with", summary["runtime"] or "–")])
    else:
        across = f"{summary['crossing_tensors']:,} tensors, {terminal.size(summary['crossing_bytes'])}"
        known = f"{summary['rules']} ({summary['confidence']})"
        terminal.facts(
            [
                ("delegated", share + _conditional(summary["accepted_if"])),
                ("across borders", across),
                ("foretold by", known),
            ]
        )
    cells = report.cells()
    if parts:
        terminal.heading("partitions")
        _partitions(terminal, parts, cells)
    if taken is not None:
        _left(terminal, cells)
    shown = [finding for finding in report.findings if finding.code != "partition-border"]
    if shown:
        terminal.heading("findings")
    for finding in shown:
        # What was foretold is counted in the message.
        many = summary["provenance"] == "measured" and len(finding.operators) > 1
        terminal.line(
            f"{finding.severity}: {finding.message}" + (f" ({len(finding.operators)} operators)" if many else "")
        )
    print_more(terminal, summary)


def _partitions(terminal: Terminal, parts: list[dict[str, Any]], cells: dict[str, list[Any]]) -> None:
    sides = [side for side in ("reads_across", "writes_across") if side in cells]
    rows = []
    for row, part in enumerate(parts[:_MOST_PARTITIONS]):
        ends = [sum(len(cells[side][operator] or []) for operator in part["operators"]) for side in sides]
        sizes = [cells["across_bytes"][operator] for operator in part["operators"]]
        known = terminal.size(sum(size or 0 for size in sizes))
        across = f"{known} and more" if None in sizes else known
        rows.append([str(row), str(part["subgraph"]), str(len(part["operators"])), *map(str, ends), across])
    header = ["partition", "subgraph", "operators", *["tensors in", "tensors out"][: len(sides)], "bytes across"]
    terminal.table(header, rows, right=range(len(header)))
    if len(parts) > _MOST_PARTITIONS:
        terminal.line(f"and {len(parts) - _MOST_PARTITIONS} more")


def _left(terminal: Terminal, cells: dict[str, list[Any]]) -> None:
    """The operators that stay behind: measured, what runs them; foretold, the findings say why."""
    if "delegate" not in cells:
        return
    left = Counter(
        (op, where or "the runtime's own kernels")
        for op, where, part in zip(cells["op"], cells["delegate"], cells["partition"], strict=True)
        if part is None
    )
    if left:
        terminal.heading("not delegated")
        rows = [[op, str(n), on] for (op, on), n in left.most_common()]
        terminal.table(["op", "operators", "runs on"], rows, right=[1])
