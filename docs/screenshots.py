"""Makes the pictures in docs/images/ anew: python docs/screenshots.py (needs the test extra and Chromium)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MODEL = ROOT / "tb_tflite_plugin" / "demo_models" / "mnet_int8.tflite"
PICTURES = {
    "graph-light": ("", (1440, 900), "light"),
    "graph-dark": ("sel=o10", (1440, 900), "dark"),
    "lens-light": ("lens=compute.macs&table=operators", (1440, 900), "light"),
    "overview-light": ("tab=overview", (1440, 900), "light"),
    "overview-dark": ("tab=overview", (1024, 768), "dark"),
    "quantization-light": ("tab=quantization", (1440, 900), "light"),
    "weights-light": ("tab=weights", (1440, 900), "light"),
    "memory-light": ("tab=memory", (1440, 900), "light"),
    "delegates-light": ("tab=delegates", (1440, 900), "light"),
}


def main() -> None:
    """Starts the viewer, takes every picture."""
    IMAGES.mkdir(exist_ok=True)
    run = "from tb_tflite_plugin.cli import main; main()"
    command = [sys.executable, "-c", run, "serve", str(MODEL), "--no-open"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"]) as browser,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().split()[0]
        for name, (state, (width, height), scheme) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"{url}#{state}")
            _settle(page, state)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        server.terminate()


def _settle(page: Page, state: str) -> None:
    """Waits for the picture: a drawn graph, an overview that knows the model's hash, or the charts of a tab."""
    ready = "() => performance.getEntriesByName('tflite-viz:drawn').length > 0"
    if state == "tab=overview":
        ready = "() => document.querySelector('.overview .hash') !== null"
    elif state.startswith("tab="):
        ready = "() => document.querySelector('main.profile table, main.profile svg.strip') !== null"
    for _ in range(300):
        if page.evaluate(ready):
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main()
