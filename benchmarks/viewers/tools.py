"""The three viewers: how each is started and addressed, and how one sees that its graph is drawn."""

from __future__ import annotations

import json
import sys
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# In every page before its own scripts: when the user acted, what blocked the main thread, what workers said.
WATCH = """
window.watch = { input: 0, long: [], answers: [], handled: 0 };
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) watch.long.push([startTime, duration]);
}).observe({ entryTypes: ['longtask'] });
addEventListener('click', (event) => { watch.input = event.timeStamp; }, true);
window.Worker = class extends Worker {
  constructor(...options) {
    super(...options);
    this.addEventListener('message', ({ data }) => watch.answers.push([performance.now(), data?.eventType]));
  }
};
"""


@dataclass(frozen=True)
class Tool:
    """One viewer.

    Attributes:
        name: what it is called in options and results.
        label: what it is called in the table.
        command: the server's command line for a model and a port.
        query: what follows the server's address to show that model.
        drawn: JavaScript: a function of a time in ms since navigation, to the time when the graph was complete that was
            asked for after it, or to 0 while it is not.
        script: more JavaScript to run before the page's own.
        flags: more flags for Chromium.
        close_all: selector of the button that closes all groups, empty where they are closed at first.
        open_all: selector of the button that opens all groups, empty where there are none.
    """

    name: str
    label: str
    command: Callable[[Path, int], list[str]]
    query: Callable[[Path], str]
    drawn: str
    script: str = ""
    flags: tuple[str, ...] = ()
    close_all: str = ""
    open_all: str = ""


def ours() -> Tool:
    """This project's viewer, from the environment that runs the benchmark."""
    program = [sys.executable, "-c", "from tb_tflite_plugin.cli import main; main()", "serve"]
    return Tool(
        "ours",
        "tflite-viz",
        command=lambda model, port: [*program, str(model), "--no-open", "--port", str(port)],
        query=lambda _: "",
        drawn="(since) => performance.getEntriesByName('tflite-viz:drawn')"
        ".find(({ startTime }) => startTime > since)?.startTime ?? 0",
        close_all="button[title^='Close all']",
        open_all="button[title^='Open all']",
    )


def model_explorer(executables: Path) -> Tool:
    """Model Explorer draws with WebGL, so it gets a software one where there is no GPU: what it does after its layout
    is slower here than on a GPU, its server and its worker are not.

    It is done when its worker has answered (its event 1 is "graph processed") and nothing has blocked the main thread
    for a second since; that second is not counted.
    """
    return Tool(
        "me",
        "Model Explorer",
        command=lambda _, port: [str(executables / "model-explorer"), "--no_open_in_browser", "--port", str(port)],
        query=lambda model: (
            "?"
            + urllib.parse.urlencode({"data": json.dumps({"models": [{"url": str(model)}]}), "show_open_in_new_tab": 0})
        ),
        drawn="""(since) => {
          const answers = watch.answers.filter(([time]) => time > since);
          if (!answers.some(([, event]) => since > 0 || event === 1)) return 0;
          const quiet = Math.max(answers.at(-1)[0], ...watch.long.map(([start, duration]) => start + duration));
          return performance.now() - quiet > 1000 ? quiet : 0;
        }""",
        flags=("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
        open_all=".expand-all",
    )


def netron(executables: Path) -> Tool:
    """Netron is done two frames after it takes the class of its welcome or progress page off the body.

    It takes ``eval`` away from the page, which the driver needs, and asks for consent unless a cookie has it.
    """
    return Tool(
        "netron",
        "Netron",
        command=lambda model, port: [str(executables / "netron"), "--port", str(port), str(model)],
        query=lambda _: "",
        drawn="() => watch.drawn ?? 0",
        script="""
          document.cookie = `consent=${Date.now()}`;
          const kept = window.eval;
          Object.defineProperty(window, 'eval', { get: () => kept, set: () => undefined });
          const frames = new MutationObserver(() => {
            if (document.body?.className !== 'default') return;
            frames.disconnect();
            requestAnimationFrame(() => requestAnimationFrame(() => { watch.drawn = performance.now(); }));
          });
          frames.observe(document, { attributes: true, childList: true, subtree: true, attributeFilter: ['class'] });
        """,
    )
