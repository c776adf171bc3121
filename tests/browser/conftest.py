"""Browser tests: real servers, Debian's Chromium, and no console error or policy violation goes unnoticed."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

# How long anything may take before a test gives up; no test passes or fails by being faster than this.
_PATIENCE_S = 120
TFLITE_VIZ = [sys.executable, "-c", "from tb_tflite_plugin.cli import main; main()"]
_WATCH_POLICY = """
window.policyViolations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.policyViolations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
# TensorBoard's own: it asks for its fonts by absolute paths (2.21), and its projector loads Three.js twice.
_NOT_OURS = re.compile(r"font-roboto|Multiple instances of Three\.js|/favicon")
# A server that is still looking for models says so, and the page asks again.
_NOT_YET = re.compile(r"^503: .*/graph$|status of 503 ")


@dataclass
class Viewer:
    """A page with the viewer in it, and what went wrong in it; ``expected`` finds what a test means to go wrong."""

    page: Page
    problems: list[str] = field(default_factory=list)
    expected: str = "^$"

    def open(self, url: str) -> Viewer:
        self.page.goto(url)
        return self

    def frame(self) -> Any:
        """The frame that the viewer is in: TensorBoard's iframe or the page itself."""
        frames = [f for f in self.page.frames if "plugin_entry.html" in f.url and "tflite" in f.url]
        return frames[0] if frames else self.page.main_frame

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Waits until the condition gives something true."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            if found := condition():
                return found
            self.page.wait_for_timeout(30)
        raise AssertionError(f"{what}: not within {_PATIENCE_S} s; problems: {self.problems}")

    def drawings(self) -> int:
        return int(self.frame().evaluate("() => performance.getEntriesByName('tflite-viz:drawn').length"))

    def drawn(self, more_than: int = 0) -> Viewer:
        """Waits until a graph was drawn completely."""
        self.until(lambda: self.drawings() > more_than, "a drawn graph")
        return self

    def click(self, kind: str, item: int, *, count: int = 1, modifiers: list[Any] | None = None) -> None:
        """Clicks on the box of an operator, group or tensor."""
        x, y = self.place(kind, item)
        self.frame().locator(".surface canvas").click(position={"x": x, "y": y}, click_count=count, modifiers=modifiers)

    def place(self, kind: str, item: int) -> tuple[float, float]:
        """The middle of a box on the canvas; of a group, and of what is open, the middle of its header."""
        rect = self.frame().evaluate(
            """([kinds, item]) => {
                const { graph } = document.querySelector('.surface canvas');
                const { boxes } = graph.scene;
                const box = boxes.kind.findIndex((k, i) => kinds.includes(k) && boxes.item[i] === item);
                const r = graph.onScreen(box);
                const hasHeader = [1, 2, 5].includes(boxes.kind[box]);
                return r && [r.x + r.width / 2, r.y + (hasHeader ? Math.min(8, r.height / 2) : r.height / 2)];
            }""",
            [{"operator": [0, 5], "group": [1, 2], "tensor": [3, 4]}[kind], item],
        )
        assert rect is not None, f"{kind} {item} is not in the scene"
        return rect[0], rect[1]

    def boxes(self) -> list[tuple[int, int]]:
        """Kind and item of every box in the scene."""
        return [
            tuple(pair)
            for pair in self.frame().evaluate(
                "() => { const b = document.querySelector('.surface canvas').graph.scene.boxes;"
                " return Array.from(b.kind, (k, i) => [k, b.item[i]]); }"
            )
        ]

    def colors(self) -> list[int]:
        """The colours of the boxes, by number; none as long as there is no picture of them."""
        return list(
            self.frame().evaluate(
                "() => Array.from(document.querySelector('.surface canvas')?.graph?.picture?.drawing.paint.color ?? [])"
            )
        )

    def recolored(self, before: list[int]) -> None:
        """Waits until the boxes have other colours than before."""
        self.until(lambda: self.colors() not in ([], before), "other colours")

    def shared_state(self) -> dict[str, str]:
        """The plugin's state in TensorBoard's URL."""
        return dict(re.findall(r"p\.tflite\.(\w+)=([^&]*)", str(self.page.evaluate("() => location.hash"))))

    def details(self) -> str:
        """The text beside the graph."""
        return str(self.frame().locator(".panel").inner_text())

    def expect_details(self, *texts: str) -> None:
        self.until(lambda: all(text in self.details() for text in texts), f"details with {texts}")


class Tab:
    """One tab of a viewer: the class of its ``main`` element, and what is in it once it has its figures."""

    def __init__(self, viewer: Viewer, name: str, sign: str = "*") -> None:
        self.viewer, self.name, self.sign = viewer, name, sign

    @property
    def frame(self) -> Any:
        """The frame that the tab is in."""
        return self.viewer.frame()

    @property
    def main(self) -> Any:
        return self.frame.locator(f"main.{self.name}")

    def open(self, url: str, rest: str = "") -> Tab:
        self.viewer.open(f"{url}#tab={self.name}{rest}")
        self.viewer.until(lambda: self.main.locator(self.sign).count(), f"the {self.name} tab")
        return self

    def text(self) -> str:
        return str(self.main.inner_text())

    def expect(self, *texts: str) -> None:
        self.viewer.until(
            lambda: self.main.count() and all(text in self.text() for text in texts), f"a page with {texts}"
        )

    def button(self, name: str) -> Any:
        return self.frame.get_by_role("button", name=name, exact=True)

    def section(self, name: str) -> None:
        """Goes to a tab within the tab."""
        self.main.get_by_role("tab", name=name).click()

    def link(self) -> str:
        """What the page's address holds."""
        return str(self.viewer.page.evaluate("() => location.hash"))

    def selected(self) -> list[str]:
        """What the link names as selected."""
        found = re.search(r"[#&]sel=([^&]*)", self.link())
        return found[1].split(".") if found else []


@pytest.fixture(scope="session")
def tab_of() -> type[Tab]:
    """Makes tabs: of a viewer, by their names."""
    return Tab


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield instance
        instance.close()


@pytest.fixture
def new_viewer(browser: Browser) -> Iterator[Callable[..., Viewer]]:
    """Makes pages. At the end none of them may have seen an error in its console or a violated policy."""
    contexts: list[BrowserContext] = []
    viewers: list[Viewer] = []

    def make(width: int = 1440, height: int = 900, **options: Any) -> Viewer:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(_PATIENCE_S * 1000)
        context.add_init_script(_WATCH_POLICY)
        contexts.append(context)
        viewer = Viewer(context.new_page())
        viewers.append(viewer)
        problems = viewer.problems
        viewer.page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
        viewer.page.on("pageerror", lambda e: problems.append(str(e)))
        viewer.page.on("requestfailed", lambda r: None if _aborted(r) else problems.append(f"failed: {r.url}"))
        viewer.page.on("response", lambda r: problems.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        return viewer

    yield make
    for viewer in viewers:
        for frame in viewer.page.frames:
            with contextlib.suppress(Exception):
                viewer.problems += frame.evaluate("() => window.policyViolations ?? []")
    for context in contexts:
        context.close()
    unexpected = [
        problem
        for viewer in viewers
        for problem in viewer.problems
        if not re.search(viewer.expected, problem) and not _NOT_YET.search(problem)
    ]
    problems = [p for p in unexpected if not _NOT_OURS.search(p)]
    if problems != unexpected:
        problems = [p for p in problems if not p.startswith("Failed to load resource")]
    assert not problems


def _aborted(request: Any) -> bool:
    """Whether the page itself gave the request up, as it does when one navigates away."""
    return "ERR_ABORTED" in str(request.failure)


@pytest.fixture
def viewer(new_viewer: Callable[..., Viewer]) -> Viewer:
    return new_viewer()


@pytest.fixture(scope="session")
def large_model(synth: Callable[[int], Path]) -> Path:
    """A model of 22,200 operators."""
    return synth(600)


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Starts the standalone server on paths and returns its URL; one server per set of paths."""
    running: dict[tuple[str, ...], tuple[subprocess.Popen[str], str]] = {}

    def start(*paths: Path | str) -> str:
        key = tuple(map(str, paths))
        if key not in running:
            process = subprocess.Popen([*TFLITE_VIZ, "serve", *key, "--no-open"], stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            line = process.stdout.readline()
            process.stdout.close()
            running[key] = (process, line.split()[0])
        return running[key][1]

    yield start
    for process, _ in running.values():
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def tensorboard() -> Iterator[Callable[..., str]]:
    """Starts TensorBoard on a log directory and returns its URL."""
    running: list[subprocess.Popen[bytes]] = []

    def start(logdir: Path, *flags: str) -> str:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port", str(port), *flags]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        prefix = next((flag.partition("=")[2] for flag in flags if flag.startswith("--path_prefix=")), "")
        url = f"http://localhost:{port}{prefix}/"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}data/environment", timeout=5).close()
                return url
            time.sleep(0.2)
        raise AssertionError("TensorBoard does not answer")

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)
