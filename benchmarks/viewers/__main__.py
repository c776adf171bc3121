"""How fast graphs open, change and move in this viewer, Model Explorer and Netron, side by side in one Chromium.

    python benchmarks/viewers [ROW ...] [--runs 5] [--large-rival-runs 2] [--tools ours,me,netron] [--limit 300]
                              [--json FILE]

Rows are done in turn and in each row the viewers take turns, every time with a server and a browser of their own.
Prints medians, how many runs they are of, ratios and what this viewer is held to; raw figures go to
benchmarks/results/. The first run installs the rivals into benchmarks/.cache (700 MB) and downloads a real model.
Needs Chromium and this project's test dependencies.

A time is from the start of navigation, or from the click, until the graph is drawn; tools.py says how one sees that for
each viewer. Starting the server does not count, converting the model does. A viewer that fails is not tried again.
The longest task is the main thread's, during that time. Zoom, pan and script are 95th percentiles of the steps of a
run; below them stands what a step takes on an empty page: 33 ms at 60 Hz, and more where the machine is busy.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import platform
import sys
from pathlib import Path

import environment
import playwright.sync_api as pw
import tools
from results import Cell, Cells, judge, table
from rich.console import Console
from rows import ROWS, Row
from session import CHROMIUM, NotDrawnError


def measure(driver: pw.Playwright, row: Row, tool: tools.Tool, model: Path, limit_s: float, cell: Cell) -> None:
    """Adds a run to a cell."""
    try:
        found = row.action(driver, tool, model, limit_s)
    except NotDrawnError as error:
        said = cell.failure = str(error)
    except (RuntimeError, pw.Error) as error:
        said = cell.problem = f"not measured: {str(error).splitlines()[0]}"
    else:
        cell.runs.append(found)
        said = "  ".join(f"{name} {value:.1f}" for name, value in found.items())
    cell.loads.append(os.getloadavg()[0])
    print(f"{row.key:12} {tool.label:15} {said}", file=sys.stderr, flush=True)


def measure_row(driver: pw.Playwright, row: Row, chosen: list[tools.Tool], wanted: argparse.Namespace) -> Cells:
    """All runs of a row; the viewers take turns."""
    model = row.model.path()
    taking_part = [tool for tool in chosen if tool.name in ("ours", *row.rivals)]
    cells = {(row.key, tool.name): Cell() for tool in taking_part}
    for run in range(wanted.runs):
        for tool in taking_part:
            cell = cells[row.key, tool.name]
            if cell.ended or (tool.name != "ours" and row.is_large and run >= wanted.large_rival_runs):
                continue
            measure(driver, row, tool, model, wanted.limit, cell)
    return cells


def choose_tools(names: list[str]) -> list[tools.Tool]:
    """The viewers of these names, installed."""
    chosen = [tools.ours()] if "ours" in names else []
    if set(names) - {"ours"}:
        executables = environment.rivals()
        chosen += [t for t in (tools.model_explorer(executables), tools.netron(executables)) if t.name in names]
    return chosen


def choose_rows(keys: list[str]) -> list[Row]:
    """The rows of these keys, all without any. A synthetic model stands in for the real one if that is out of reach."""
    rows = [row for row in ROWS if not keys or row.key in keys]
    for place, row in enumerate(rows):
        try:
            row.model.path()
        except RuntimeError as error:
            print(f"{row.key}: {error}; a synthetic model of 703 operators instead", file=sys.stderr)
            title = f"{row.title}, SYNTHETIC: the real model cannot be downloaded"
            rows[place] = dataclasses.replace(row, model=environment.Synthetic(19), title=title)
    return rows


def as_json(rows: list[Row], cells: Cells, browser: str, runs: int) -> str:
    """Everything, raw."""
    now = datetime.datetime.now(datetime.timezone.utc)
    found = {
        "time": now.isoformat(timespec="seconds"),
        "machine": {"platform": platform.platform(), "cores": os.cpu_count(), "chromium": browser},
        "rivals": environment.RIVALS,
        "runs": runs,
        "rows": {
            row.key: {
                "title": row.title,
                "model": row.model.label(),
                "tools": {tool: cell.as_json() for (key, tool), cell in cells.items() if key == row.key},
                "targets": [judge(target, row, cells) for target in row.targets],
            }
            for row in rows
        },
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def parse() -> argparse.Namespace:
    """The options."""
    keys = [row.key for row in ROWS]
    parser = argparse.ArgumentParser(
        prog="viewers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which of {', '.join(keys)}; all without any")
    parser.add_argument("--runs", type=int, default=5, help="of each viewer in each row")
    parser.add_argument("--large-rival-runs", type=int, default=2, help="of rivals from 9,990 operators on")
    parser.add_argument("--tools", default="ours,me,netron", help="viewers, with commas")
    parser.add_argument("--json", type=Path, help="write the figures here, not to a new file in benchmarks/results/")
    parser.add_argument("--limit", type=float, default=300, help="seconds until a viewer is given up")
    wanted = parser.parse_args()
    if unknown := set(wanted.rows) - set(keys):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    if unknown := set(wanted.tools.split(",")) - {"ours", "me", "netron"}:
        parser.error(f"no such viewer: {', '.join(sorted(unknown))}")
    return wanted


def main() -> None:
    """Measures, prints and writes."""
    wanted = parse()
    chosen = choose_tools(wanted.tools.split(","))
    rows = choose_rows(wanted.rows)
    cells: Cells = {}
    with pw.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        version = browser.version
        browser.close()
        for row in rows:
            cells |= measure_row(driver, row, chosen, wanted)
    Console(width=150).print(table(rows, cells, {tool.name: tool.label for tool in chosen}))
    path = wanted.json or environment.RESULTS / f"viewers-{datetime.datetime.now():%Y%m%d-%H%M%S}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(as_json(rows, cells, version, wanted.runs))
    print(path)


if __name__ == "__main__":
    main()
