"""What is measured: each function does one thing with one viewer and one model and returns figures by name."""

from __future__ import annotations

import math
import time
from pathlib import Path

import playwright.sync_api as pw
from session import VIEWPORT, NotDrawnError, Session, opened
from tools import Tool

Figures = dict[str, float]

# Around each step: from the input's own time to the start of the second frame after it, and the time in its handlers
# and in the callbacks of frames until then. Listeners on the window come first if they capture, last if they bubble.
STEPS = """() => {
  const own = requestAnimationFrame;
  let script = 0, handled = 0, finish = null;
  const timed = (work) => (time) => {
    const start = performance.now();
    work(time);
    script += performance.now() - start;
  };
  window.requestAnimationFrame = (work) => own(timed(work));
  addEventListener('wheel', ({ timeStamp }) => {
    handled = performance.now();
    script = 0;
    own(() => own(() => {
      const waited = performance.now() - timeStamp;
      own(() => finish?.([waited, script]));
    }));
  }, { capture: true, passive: true });
  addEventListener('wheel', () => { script += performance.now() - handled; }, { passive: true });
  watch.step = () => new Promise((resolve) => { finish = resolve; });
}"""
IN_VIEW = """() => {
  const canvas = document.querySelector('canvas');
  const { kind } = canvas.graph.scene.boxes;
  let count = 0;
  for (let box = 0; box < kind.length; box++) {
    if (kind[box] !== 0) continue;
    const { x, y, width, height } = canvas.graph.onScreen(box);
    if (x >= 0 && y >= 0 && x + width <= canvas.clientWidth && y + height <= canvas.clientHeight) count++;
  }
  return count;
}"""
STEPS_OURS, STEPS_RIVAL = 60, 12


def navigate(driver: pw.Playwright, tool: Tool, model: Path, limit_s: float) -> Figures:
    """From the start of navigation to the drawn graph, as the viewer opens it."""
    with opened(driver, tool, model, limit_s) as session:
        return _since(session, 0)


def flatten(driver: pw.Playwright, tool: Tool, model: Path, limit_s: float) -> Figures:
    """From the click on Flatten to all operators drawn."""
    with opened(driver, tool, model, limit_s) as session:
        session.drawn()
        session.settle()
        return _since(session, session.click("text=Flatten"))


def open_all(driver: pw.Playwright, tool: Tool, model: Path, limit_s: float) -> Figures:
    """From the click that opens all groups to all of them drawn; they are closed before."""
    with opened(driver, tool, model, limit_s) as session:
        session.drawn()
        if tool.close_all:
            session.settle()
            session.drawn(session.click(tool.close_all))
        session.settle()
        return _since(session, session.click(tool.open_all))


def _since(session: Session, start: float) -> Figures:
    drawn = session.drawn(start)
    return {
        "drawn_ms": drawn - start,
        "longest_task_ms": session.longest_task(start),
        "heap_mb": session.heap(),
    }


def move(driver: pw.Playwright, tool: Tool, model: Path, limit_s: float) -> Figures:
    """Wheel steps that zoom and pan with the whole model in view, flat; of a rival as much of it as it shows.

    Returns the 95th percentiles of the time from the input to the second frame and of the script in between; as a
    yardstick for the machine also that time in a page with nothing in it.
    """
    is_ours = tool.name == "ours"
    count = STEPS_OURS if is_ours else STEPS_RIVAL
    with opened(driver, tool, model, limit_s, "#flat=1" if is_ours else "") as session:
        session.drawn()
        session.settle()
        zooms, pans = move_steps(session, count)
        figures = {"zoom_ms": _p95(zooms, 0), "pan_ms": _p95(pans, 0), "script_ms": _p95(zooms + pans, 1)}
        if is_ours:
            figures["in_view"] = session.page.evaluate(IN_VIEW)
            if not any(script for _, script in zooms):
                raise NotDrawnError("nothing was redrawn")
        session.page.goto("about:blank")
        figures["empty_page_ms"] = _p95(move_steps(session, count)[1], 0)
        return figures


Steps = list[tuple[float, float]]


def move_steps(session: Session, count: int = STEPS_OURS) -> tuple[Steps, Steps]:
    """Zooms and pans to and fro; time and script of each step, ms."""
    page = session.page
    page.mouse.move(VIEWPORT["width"] // 2, VIEWPORT["height"] // 2)
    page.evaluate(STEPS)
    page.keyboard.down("Control")
    _steps(page, [(0, 20)])  # a little out, so that nothing is ever out of sight
    zooms = _steps(page, [(0, -20), (0, 20)] * (count // 2))
    page.keyboard.up("Control")
    return zooms, _steps(page, [(9, 7), (-9, -7)] * (count // 2))


def _steps(page: pw.Page, deltas: list[tuple[int, int]]) -> Steps:
    """Time and script of each step, ms. The pauses differ, so that steps start at any time between two frames."""
    found = []
    for number, (dx, dy) in enumerate(deltas):
        time.sleep(0.03 + number % 7 * 0.003)
        step = page.evaluate_handle("() => ({ done: watch.step() })")
        page.mouse.wheel(dx, dy)
        waited, script = step.evaluate("async ({ done }) => await done")
        step.dispose()
        found.append((waited, script))
    return found


def _p95(steps: Steps, part: int) -> float:
    values = sorted(step[part] for step in steps)
    return values[math.ceil(0.95 * len(values)) - 1]
