"""The standalone server, as a process."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tb_tflite_plugin import open_model


@pytest.fixture
def serving(tflite_viz: Path, running: Callable[..., Any]) -> Callable[..., Any]:
    """Runs the command as a server that opens no browser."""
    return lambda *arguments: running([tflite_viz, *arguments, "--no-open"])


@pytest.fixture
def listing(fetch: Callable[..., Any], wait_for: Callable[..., Any]) -> Callable[[str], list[dict[str, Any]]]:
    """The models that a server shows, once it has looked through everything."""

    def ask(url: str) -> list[dict[str, Any]]:
        address = urlsplit(url)._replace(fragment="", path="/models").geturl()

        def complete() -> Any:
            found = json.loads(fetch(address).body)
            return found if not found["scan"]["running"] else None

        return list(wait_for(complete, "the listing")["models"])

    return ask


@pytest.mark.parametrize("prefix", [["serve"], []], ids=["serve", "bare"])
def test_serve_a_model(serving: Any, listing: Any, fetch: Any, mnet: Path, prefix: list[str]) -> None:
    with serving(*prefix, mnet) as server:
        assert re.fullmatch(r"http://localhost:\d+/", server.url)
        assert fetch(server.url).headers["content-type"] == "text/html; charset=utf-8"
        (entry,) = listing(server.url)
        assert entry["name"] == mnet.name
        assert fetch(f"{server.url}model/{entry['id']}/graph").status == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.log()
        assert len(server.log().strip().splitlines()) == 1


def test_serve_several_models_and_a_directory(serving: Any, listing: Any, mnet: Path, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("deep/a.tflite", "b.tflite"):
        (tmp_path / name).write_bytes(mnet.read_bytes())
    with serving(mnet, mnet.parent / "tiny_mlp.tflite", tmp_path, "--port", "0") as server:
        labels = {entry["label"] for entry in listing(server.url)}
        assert labels == {"mnet_int8.tflite", "tiny_mlp.tflite", "deep/a.tflite", "b.tflite"}


def test_serve_a_member(serving: Any, fetch: Any, wait_for: Any, bundle: Path, mnet: Path) -> None:
    with serving(f"{bundle}!mnet_int8.tflite") as server:
        (wanted,) = parse_qs(urlsplit(server.url).fragment)["model"]
        assert wanted == open_model(mnet).sha256
        base = server.url.partition("#")[0]

        def answer() -> Any:
            found = fetch(f"{base}model/{wanted}/graph")
            assert found.status in (200, 503)
            return found.status == 200

        wait_for(answer, "the member")


def test_serve_on_a_port_that_is_taken(viz: Any, serving: Any, mnet: Path) -> None:
    with serving(mnet) as server:
        port = str(urlsplit(server.url).port)
        result = viz("serve", mnet, "--no-open", "--port", port)
    assert result.returncode == 2
    assert re.fullmatch(rf"tflite-viz: cannot listen on 127\.0\.0\.1:{port}: .+\n", result.stderr)


def test_serve_shows_what_comes_later(
    serving: Any, listing: Any, fetch: Any, wait_for: Any, mnet: Path, tmp_path: Path
) -> None:
    with serving(tmp_path) as server:
        assert listing(server.url) == []
        (tmp_path / "late.tflite").write_bytes(mnet.read_bytes())
        fetch(f"{server.url}models?rescan=1")
        wait_for(lambda: listing(server.url), "the late model")


def test_serve_opens_the_browser(
    tflite_viz: Path, mnet: Path, tmp_path: Path, running: Callable[..., Any], wait_for: Any
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    with running([tflite_viz, mnet], env={**os.environ, "BROWSER": f"{browser} %s"}) as server:
        assert wait_for(lambda: opened.exists() and opened.read_text().strip(), "the browser") == server.url
