"""What is measured: each function does one thing with one viewer and one model and returns figures by name."""

from __future__ import annotations

import math
from pathlib import Path

import playwright.sync_api as pw
from session import NotDrawnError, Session, opened
from tools import Tool

Figures = dict[str, float]

# One wheel event after the other, each when the one before is over and at another time between two frames. A step is
# the time from the event to the start of the second frame after it, and the time in its listeners and in callbacks of
# frames until then. The events are made in the page: those that a driver sends come through the browser's own queue,
# which holds wheels back for another frame (48 ms on an empty page, where keys and clicks have the 33 of 60 Hz).
STEPS = """async (deltas) => {
  const own = watch.frame ??= requestAnimationFrame;
  let script = 0;
  const timed = (work) => (time) => {
    const start = performance.now();
    work(time);
    script += performance.now() - start;
  };
  window.requestAnimationFrame = (work) => own(timed(work));
  const frame = () => new Promise((resolve) => own(() => resolve(performance.now())));
  const target = document.elementFromPoint(innerWidth / 2, innerHeight / 2) ?? document.documentElement;
  const [clientX, clientY] = [innerWidth / 2, innerHeight / 2];
  const found = [];
  for (const [number, [deltaX, deltaY, ctrlKey]] of deltas.entries()) {
    await new Promise((resolve) => setTimeout(resolve, 30 + (number % 7) * 3));
    script = 0;
    const start = performance.now();
    target.dispatchEvent(
      new WheelEvent('wheel', { deltaX, deltaY, ctrlKey, clientX, clientY, bubbles: true, cancelable: true }));
    script += performance.now() - start;
    await frame();
    found.push([await frame() - start, script]);
  }
  return found;
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
    yardstick for the machine also that time in a page with nothing in it. Rivals only zoom: they leave panning to the
    browser, which scrolls for no event that was made in the page.
    """
    is_ours = tool.name == "ours"
    count = STEPS_OURS if is_ours else STEPS_RIVAL
    with opened(driver, tool, model, limit_s, "#flat=1" if is_ours else "") as session:
        session.drawn()
        session.settle()
        zooms, pans = move_steps(session, count)
        if not any(script for _, script in zooms):
            raise NotDrawnError("nothing was redrawn")
        figures = {"zoom_ms": _p95(zooms, 0)}
        if is_ours:
            figures |= {"pan_ms": _p95(pans, 0), "script_ms": _p95(zooms + pans, 1)}
            figures["in_view"] = session.page.evaluate(IN_VIEW)
        else:
            figures["script_ms"] = _p95(zooms, 1)
        session.page.goto("about:blank")
        figures["empty_page_ms"] = _p95(move_steps(session, count)[1], 0)
        return figures


Steps = list[tuple[float, float]]  # time and script of each


def move_steps(session: Session, count: int = STEPS_OURS) -> tuple[Steps, Steps]:
    """Zooms and pans to and fro; time and script of each step, ms."""
    session.page.evaluate(STEPS, [(0, 20, True)])  # a little out, so that nothing is ever out of sight
    zooms = session.page.evaluate(STEPS, [(0, -20, True), (0, 20, True)] * (count // 2))
    pans = session.page.evaluate(STEPS, [(9, 7, False), (-9, -7, False)] * (count // 2))
    return zooms, pans


def _p95(steps: Steps, part: int) -> float:
    values = sorted(step[part] for step in steps)
    return values[math.ceil(0.95 * len(values)) - 1]
