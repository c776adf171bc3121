"""The benchmark of graph viewers: its verdicts, its reading of profiles, and one true run of this project's viewer."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

VIEWERS = Path(__file__).parents[2] / "benchmarks" / "viewers"
MODULES = ("actions", "environment", "hotspots", "results", "rows", "session", "tools")


@pytest.fixture
def viewers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of verdicts; the ones it imports are its neighbours."""
    monkeypatch.syspath_prepend(VIEWERS)
    import results

    yield results
    for name in MODULES:
        sys.modules.pop(name, None)


def row_with(viewers: ModuleType, **target: object) -> tuple[object, object]:
    import rows

    wanted = rows.Target(**target)
    first = rows.ROWS[0]
    return wanted, rows.Row(first.key, first.title, first.model, first.action, (wanted,), first.rivals)


def cell(viewers: ModuleType, *values: float, **more: str) -> object:
    return viewers.Cell(runs=[{"drawn_ms": value} for value in values], loads=[1.0] * len(values), **more)


@pytest.mark.parametrize(("times", "verdict"), [((100, 500, 110), "pass"), ((100, 500, 210), "MISS")])
def test_the_median_is_held_to_a_limit(viewers: ModuleType, times: tuple[float, ...], verdict: str) -> None:
    target, row = row_with(viewers, figure="drawn_ms", most=200)
    assert viewers.judge(target, row, {("small", "ours"): cell(viewers, *times)})[2] == verdict


@pytest.mark.parametrize(("ours", "shown", "verdict"), [(50, "1/4 ×", "pass"), (150, "0.75 ×", "MISS")])
def test_ratios_are_of_medians(viewers: ModuleType, ours: float, shown: str, verdict: str) -> None:
    target, row = row_with(viewers, figure="drawn_ms", most=0.5, tool="netron")
    cells = {("small", "ours"): cell(viewers, ours), ("small", "netron"): cell(viewers, 1, 200, 900)}
    assert viewers.judge(target, row, cells) == ("drawn ≤ 0.50 × netron", shown, verdict)


def test_a_rival_that_fails_is_beaten_but_one_that_was_not_run_is_not(viewers: ModuleType) -> None:
    target, row = row_with(viewers, figure="drawn_ms", most=0.5, tool="netron")
    cells = {("small", "ours"): cell(viewers, 100)}
    assert viewers.judge(target, row, cells)[2] == "not compared"
    cells["small", "netron"] = cell(viewers, failure="tab crashed after 3 s")
    assert viewers.judge(target, row, cells)[1:] == ("it fails", "pass")
    cells["small", "netron"] = cell(viewers, problem="not measured: no server")
    assert viewers.judge(target, row, cells)[1:] == ("", "not measured: no server")


def test_ours_never_passes_after_a_failure(viewers: ModuleType) -> None:
    target, row = row_with(viewers, figure="drawn_ms", most=200)
    cells = {("small", "ours"): cell(viewers, 100, failure="tab crashed after 3 s")}
    assert viewers.judge(target, row, cells)[2] == "tab crashed after 3 s"


def test_the_table_says_how_many_runs_and_why_there_are_no_more(viewers: ModuleType) -> None:
    _, row = row_with(viewers, figure="drawn_ms", most=0.5, tool="netron")
    cells = {
        ("small", "ours"): cell(viewers, 100, 120),
        ("small", "netron"): cell(viewers, 440, failure="tab crashed after 3 s"),
    }
    console = Console(width=150, record=True, file=io.StringIO())
    console.print(viewers.table([row], cells, {"ours": "tflite-viz", "netron": "Netron"}))
    text = console.export_text()
    for part in ("drawn 110 ms", "n = 2", "drawn 440 ms = 4 ×", "n = 1", "tab crashed after 3 s", "111 operators"):
        assert part in text


def test_self_times_are_summed_over_the_chunks_of_a_profile(viewers: ModuleType) -> None:
    import hotspots

    def chunk(time: int, nodes: list[tuple[int, str]], samples: list[int], deltas: list[int]) -> dict[str, object]:
        listed = [{"id": i, "callFrame": {"functionName": name, "url": "a/b.js", "lineNumber": 7}} for i, name in nodes]
        data = {"cpuProfile": {"nodes": listed, "samples": samples}, "timeDeltas": deltas}
        return {"name": "ProfileChunk", "ph": "P", "pid": 1, "tid": 9, "id": "0x1", "ts": time, "args": {"data": data}}

    events = [
        {"name": "thread_name", "ph": "M", "pid": 1, "tid": 5, "args": {"name": "CrRendererMain"}},
        {"name": "Profile", "ph": "P", "pid": 1, "tid": 5, "id": "0x1", "ts": 0},
        chunk(20, [], [2, 1], [1500, 500]),
        chunk(10, [(1, "draw"), (2, "")], [1, 2], [1000, 2000]),
    ]
    (times,) = hotspots.self_times(events).items()
    assert times == ((1, "CrRendererMain 5"), {"draw b.js:7": 1.5, "(anonymous) b.js:7": 3.5})


def test_opening_and_moving_are_measured(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    command = [sys.executable, VIEWERS, "open-1000", "move", "--runs", "1", "--tools", "ours", "--json", target]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "10,027 in view" in done.stdout
    rows = json.loads(target.read_text())["rows"]
    for row in rows.values():
        assert row["tools"]["ours"]["failure"] is row["tools"]["ours"]["problem"] is None
        assert {verdict for _, _, verdict in row["targets"]} <= {"pass", "MISS"}
    opened = rows["open-1000"]["tools"]["ours"]["medians"]
    assert opened["drawn_ms"] > 0
    assert opened["heap_mb"] > 1
    moved = rows["move"]["tools"]["ours"]["medians"]
    assert moved["zoom_ms"] > moved["script_ms"] > 0
