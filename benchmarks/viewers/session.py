"""One viewer with one model in a fresh browser: started, watched, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import playwright.sync_api as pw
from tools import WATCH, Tool

CHROMIUM = "/usr/bin/chromium"
VIEWPORT = pw.ViewportSize(width=1600, height=1000)
# No host but this machine: a look-up that hangs must not count against a viewer. Heaps as large as a rival may need.
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
    "--js-flags=--max-old-space-size=8192",
)
NOBODY = "http://127.0.0.1:9"
NO_NETWORK = {"http_proxy": NOBODY, "https_proxy": NOBODY, "no_proxy": "localhost,127.0.0.1"}
START_S = 60
USAGE, COLLECTED = "Runtime.getHeapUsage", 1_000_000
LOOK_S = 0.05
SETTLE_MS = 600  # long tasks are told late, and the frame after the drawn one may be one


class NotDrawnError(Exception):
    """The viewer did not get there; says why."""


class Session:
    """A page with a viewer in it."""

    def __init__(self, page: pw.Page, tool: Tool, limit_s: float) -> None:
        self.page = page
        self.tool = tool
        self._limit_s = limit_s
        self._problem = ""
        self._crashed = False
        page.on("crash", lambda _: setattr(self, "_crashed", True))
        page.on("pageerror", lambda error: setattr(self, "_problem", str(error).splitlines()[0][:80]))

    def drawn(self, since: float = 0) -> float:
        """Waits for the graph that was asked for at a time; ms since navigation when it was complete.

        Raises:
            NotDrawnError: the tab crashed, or the time is up.
        """
        start = time.monotonic()
        while time.monotonic() - start < self._limit_s:
            time.sleep(LOOK_S)
            try:
                if found := self.page.evaluate(self.tool.drawn, since):
                    return float(found)
            except pw.Error as error:
                if self._crashed or "crash" in str(error).lower() or "closed" in str(error).lower():
                    raise NotDrawnError(f"tab crashed after {time.monotonic() - start:.0f} s") from error
        raise NotDrawnError(self._problem or f"not drawn in {self._limit_s:.0f} s")

    def click(self, selector: str) -> float:
        """Clicks, and returns when the page saw it, in ms since navigation."""
        self.page.locator(selector).first.click()
        return float(self.page.evaluate("() => watch.input"))

    def settle(self) -> None:
        """Lets work that trails behind come to an end."""
        self.page.wait_for_timeout(SETTLE_MS)

    def longest_task(self, since: float = 0) -> float:
        """The longest task of the main thread since a time, ms. Chromium tells of those from 50 ms on; 0 is less."""
        self.settle()
        return float(
            self.page.evaluate(
                "(since) => Math.max(0, ...watch.long.filter(([s, d]) => s + d > since).map(([, d]) => d))", since
            )
        )

    def heap(self) -> float:
        """MB that live JavaScript objects and array buffers take after collection, in the page and its workers."""
        cdp = self.page.context.new_cdp_session(self.page)
        cdp.send("HeapProfiler.collectGarbage")
        used = _heap_bytes(cdp.send(USAGE))
        cdp.detach()
        return (used + sum(map(_heap_bytes, self._worker_heaps()))) / 1e6

    def _worker_heaps(self) -> list[dict[str, Any]]:
        """Heap usage of each worker after collection. They are targets of their own behind the page's session."""
        cdp = self.page.context.new_cdp_session(self.page)
        answers: dict[int, dict[str, Any]] = {}
        sessions: list[str] = []

        def receive(event: dict[str, Any]) -> None:
            message = json.loads(event["message"])
            if "id" in message:
                answers[message["id"]] = message.get("result", {})

        cdp.on("Target.attachedToTarget", lambda event: sessions.append(event["sessionId"]))
        cdp.on("Target.receivedMessageFromTarget", receive)
        cdp.send("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False})
        for number, session in enumerate(sessions):
            for method in ("HeapProfiler.collectGarbage", USAGE):
                message = json.dumps({"id": number if method == USAGE else COLLECTED, "method": method})
                cdp.send("Target.sendMessageToTarget", {"sessionId": session, "message": message})
        deadline = time.monotonic() + START_S
        while not answers.keys() >= set(range(len(sessions))) and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        cdp.detach()
        if missing := set(range(len(sessions))) - answers.keys():
            raise RuntimeError(f"{len(missing)} workers do not say how large their heap is")
        return [answers[number] for number in range(len(sessions))]


def _heap_bytes(usage: dict[str, Any]) -> float:
    return float(usage["usedSize"]) + float(usage.get("backingStorageSize", 0))


@contextlib.contextmanager
def opened(driver: pw.Playwright, tool: Tool, model: Path, limit_s: float, fragment: str = "") -> Iterator[Session]:
    """A session that has begun to navigate; the server was up before. RuntimeError where it does not come up."""
    with serving(tool, model) as url:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *tool.flags])
        try:
            page = browser.new_page(viewport=VIEWPORT)
            page.add_init_script(WATCH + tool.script)
            session = Session(page, tool, limit_s)
            page.goto(url + tool.query(model) + fragment, wait_until="commit", timeout=1e3 * START_S)
            yield session
        finally:
            with contextlib.suppress(pw.Error):
                browser.close()


@contextlib.contextmanager
def serving(tool: Tool, model: Path) -> Iterator[str]:
    """A viewer's server; its address, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        tool.command(model, port),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **NO_NETWORK},
    )  # fmt: skip
    try:
        url = f"http://localhost:{port}/"
        deadline = time.monotonic() + START_S
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server of {tool.label} does not start")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(url, timeout=5).close()
                break
            time.sleep(LOOK_S)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
