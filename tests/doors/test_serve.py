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


def listing(fetch: Callable[..., Any], url: str, wait_for: Callable[..., Any]) -> list[dict[str, Any]]:
    """The models that a server shows, once it has looked through everything."""
    address = urlsplit(url)._replace(fragment="", path="/models").geturl()

    def ask() -> Any:
        found = json.loads(fetch(address).body)
        return found if not found["scan"]["running"] else None

    return wait_for(ask, "the listing")["models"]


@pytest.mark.parametrize("prefix", [["serve"], []], ids=["serve", "bare"])
def test_serve_a_model(
    tflite_viz: Path,
    prefix: list[str],
    running: Callable[..., Any],
    fetch: Callable[..., Any],
    wait_for: Callable[..., Any],
    mnet: Path,
) -> None:
    with running([tflite_viz, *prefix, mnet, "--no-open"]) as server:
        assert re.fullmatch(r"http://localhost:\d+/", server.url)
        assert fetch(server.url).headers["content-type"] == "text/html; charset=utf-8"
        (entry,) = listing(fetch, server.url, wait_for)
        assert entry["name"] == mnet.name
        assert fetch(f"{server.url}model/{entry['id']}/graph").status == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.log()
        assert len(server.log().strip().splitlines()) == 1


def test_serve_several_models_and_a_directory(
    tflite_viz: Path,
    running: Callable[..., Any],
    fetch: Callable[..., Any],
    wait_for: Callable[..., Any],
    mnet: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("deep/a.tflite", "b.tflite"):
        (tmp_path / name).write_bytes(mnet.read_bytes())
    with running([tflite_viz, mnet, mnet.parent / "tiny_mlp.tflite", tmp_path, "--no-open", "--port", "0"]) as server:
        labels = {entry["label"] for entry in listing(fetch, server.url, wait_for)}
        assert labels == {"mnet_int8.tflite", "tiny_mlp.tflite", "deep/a.tflite", "b.tflite"}


def test_serve_a_member(
    tflite_viz: Path,
    running: Callable[..., Any],
    fetch: Callable[..., Any],
    wait_for: Callable[..., Any],
    bundle: Path,
    mnet: Path,
) -> None:
    with running([tflite_viz, f"{bundle}!mnet_int8.tflite", "--no-open"]) as server:
        (wanted,) = parse_qs(urlsplit(server.url).fragment)["model"]
        assert wanted == open_model(mnet).sha256
        base = server.url.partition("#")[0]

        def answer() -> Any:
            found = fetch(f"{base}model/{wanted}/graph")
            assert found.status in (200, 503)
            return found.status == 200

        wait_for(answer, "the member")


def test_serve_on_a_port_that_is_taken(viz: Any, tflite_viz: Path, running: Callable[..., Any], mnet: Path) -> None:
    with running([tflite_viz, mnet, "--no-open"]) as server:
        port = str(urlsplit(server.url).port)
        result = viz("serve", mnet, "--no-open", "--port", port)
    assert result.returncode == 2
    assert re.fullmatch(rf"tflite-viz: cannot listen on 127\.0\.0\.1:{port}: .+\n", result.stderr)


def test_serve_shows_what_comes_later(
    tflite_viz: Path,
    running: Callable[..., Any],
    fetch: Callable[..., Any],
    wait_for: Callable[..., Any],
    mnet: Path,
    tmp_path: Path,
) -> None:
    with running([tflite_viz, tmp_path, "--no-open"]) as server:
        assert listing(fetch, server.url, wait_for) == []
        (tmp_path / "late.tflite").write_bytes(mnet.read_bytes())
        fetch(f"{server.url}models?rescan=1")
        wait_for(lambda: listing(fetch, server.url, wait_for), "the late model")


def test_serve_opens_the_browser(
    tflite_viz: Path, mnet: Path, tmp_path: Path, running: Callable[..., Any], wait_for: Any
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    with running([tflite_viz, mnet], env={**os.environ, "BROWSER": f"{browser} %s"}) as server:
        assert wait_for(lambda: opened.exists() and opened.read_text().strip(), "the browser") == server.url
