"""What takes the time when this viewer opens, flattens or moves a model: functions by thread, from Chromium's profiler.

    python benchmarks/viewers/hotspots.py open|flatten|move [--layers 1351] [--flat] [--top 15] [--trace FILE]

Prints per thread the functions with the most self time, the tasks that blocked the main thread longest with what they
consisted of, and the kinds of work of the page's threads. What is opened was open before, so the server answers at once
and scripts come from the cache; profiling makes script about a quarter slower. Names are those of the built bundle.
Build without minifying to read them:

    cd frontend && npx vite build --minify false

The trace that --trace writes opens in Chromium's performance panel and in https://ui.perfetto.dev.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import playwright.sync_api as pw
from actions import move_steps
from environment import Synthetic
from session import Session, opened
from tools import ours

CATEGORIES = [
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-v8.cpu_profiler",
    "blink.user_timing",
    "cc",
    "toplevel",
    "v8",
    "__metadata",
]
LIMIT_S = 120
SETTLED = ("(program)", "(idle)", "(root)")
Event = dict[str, Any]


def record(wanted: argparse.Namespace) -> list[Event]:
    """The events of one run."""
    model = Synthetic(wanted.layers, ("--flat",) if wanted.flat else ()).path()
    with pw.sync_playwright() as driver:
        fragment = "#flat=1" if wanted.action == "move" else ""
        with opened(driver, ours(), model, LIMIT_S, fragment) as session:
            session.drawn()
            session.settle()
            actions: dict[str, Callable[[Session], object]] = {"open": _reopen, "flatten": _flatten, "move": move_steps}
            does = actions[wanted.action]
            trace = _traced(session, lambda: does(session))
    if wanted.trace:
        wanted.trace.write_bytes(trace)
    found: list[Event] = json.loads(trace)["traceEvents"]
    return found


def _traced(session: Session, work: Callable[[], object]) -> bytes:
    browser = session.page.context.browser
    assert browser is not None
    browser.start_tracing(page=session.page, categories=CATEGORIES)
    work()
    session.settle()
    return browser.stop_tracing()


def _reopen(session: Session) -> None:
    session.page.reload()
    session.drawn()


def _flatten(session: Session) -> None:
    session.drawn(session.click("text=Flatten"))


def thread_names(events: list[Event]) -> dict[tuple[int, int], str]:
    """Names of threads by process and thread."""
    return {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}


def self_times(events: list[Event]) -> dict[tuple[int, str], Counter[str]]:
    """Self time of functions in ms, by process and thread of the profile.

    A profile comes as chunks: new nodes of the call tree, and samples with the time since the one before.
    """
    nodes: dict[tuple[int, str], dict[int, str]] = defaultdict(dict)
    times: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    threads: dict[tuple[int, str], int] = {(e["pid"], e["id"]): e["tid"] for e in events if e["name"] == "Profile"}
    names = thread_names(events)
    for event in sorted((e for e in events if e["name"] == "ProfileChunk"), key=lambda e: e["ts"]):
        key = (event["pid"], event["id"])
        thread = threads.get(key, 0)
        name = f"{names.get((event['pid'], thread), '?')} {thread}"
        data = event["args"]["data"]
        profile = data.get("cpuProfile", {})
        for node in profile.get("nodes", []):
            frame = node["callFrame"]
            where = f"{frame.get('url', '').rpartition('/')[2]}:{frame.get('lineNumber', 0)}"
            nodes[key][node["id"]] = f"{frame['functionName'] or '(anonymous)'} {where}"
        for sample, delta in zip(profile.get("samples", []), data.get("timeDeltas", []), strict=True):
            times[event["pid"], name][nodes[key][sample]] += delta / 1000
    return times


def complete(events: list[Event]) -> Iterator[Event]:
    """Events with a duration."""
    return (e for e in events if e["ph"] == "X" and "dur" in e)


def print_functions(events: list[Event], top: int) -> None:
    """Functions of each thread that ran script for 20 ms or more."""
    for (_, thread), functions in self_times(events).items():
        busy = {name: ms for name, ms in functions.items() if name.split(" ")[0] not in SETTLED}
        if sum(busy.values()) < 20:
            continue
        print(f"\n{thread}: {sum(busy.values()):.0f} ms in script")
        for name, ms in sorted(busy.items(), key=lambda item: -item[1])[:top]:
            print(f"  {ms:8.1f} ms  {name}")


def print_tasks(events: list[Event], top: int) -> None:
    """The longest tasks of the renderer's main thread, and the events in each by self-contained duration."""
    main = {key for key, name in thread_names(events).items() if name == "CrRendererMain"}
    everything = [e for e in complete(events) if (e["pid"], e["tid"]) in main]
    tasks = sorted((e for e in everything if "RunTask" in e["name"]), key=lambda e: -e["dur"])[:top]
    print("\nlongest tasks of the main thread")
    for task in tasks:
        end = task["ts"] + task["dur"]
        inside: Counter[str] = Counter()
        for event in everything:
            if event["pid"] == task["pid"] and task["ts"] <= event["ts"] and event["ts"] + event["dur"] <= end:
                inside[event["name"]] += event["dur"]
        parts = [
            f"{name} {us / 1000:.0f}" for name, us in inside.most_common(12) if us > 2000 and "RunTask" not in name
        ]
        print(f"  {task['dur'] / 1000:8.1f} ms  {', '.join(parts)}")


def print_totals(events: list[Event], top: int) -> None:
    """The kinds of work of the renderer's threads. DoUpdateLayers on the main thread is the canvas being rasterised."""
    names = thread_names(events)
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    counts: Counter[tuple[str, str]] = Counter()
    for event in complete(events):
        thread = names.get((event["pid"], event["tid"]), "")
        if thread.startswith(("CrRendererMain", "DedicatedWorker")):
            totals[thread][event["name"]] += event["dur"]
            counts[thread, event["name"]] += 1
    print("\nwork by thread (nested work counts in each of its parents)")
    for thread, kinds in totals.items():
        print(f"  {thread}")
        for name, us in kinds.most_common(top):
            print(f"    {us / 1000:8.1f} ms in {counts[thread, name]:6}  {name}")


def main() -> None:
    """Records and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("open", "flatten", "move"))
    parser.add_argument("--layers", type=int, default=1351, help="37 operators each")
    parser.add_argument("--flat", action="store_true", help="tensor names without scopes")
    parser.add_argument("--top", type=int, default=15)
    parser.add_argument("--trace", type=Path, help="write the trace here")
    wanted = parser.parse_args()
    events = record(wanted)
    print_functions(events, wanted.top)
    print_tasks(events, 5)
    print_totals(events, wanted.top)


if __name__ == "__main__":
    main()
