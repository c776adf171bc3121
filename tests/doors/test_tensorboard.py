"""The tab in real TensorBoard processes, with both data loaders, under a path prefix and behind a proxy."""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import http.server
import json
import logging
import re
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import tensorboardX
from tensorboard.backend import application
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tb_tflite_plugin import library as library_module
from tb_tflite_plugin import open_model
from tb_tflite_plugin.entry import TFLiteLoader
from tb_tflite_plugin.plugin import TFLitePlugin
from tb_tflite_plugin.summary import log_model

PROXY_PREFIX = "/user/me/proxy/6123"
VARIANTS = {
    "default": [],
    "python loader": ["--load_fast=false"],
    "path prefix": ["--path_prefix=/foo/bar"],
    "proxy": [],
}


@dataclass(frozen=True)
class Board:
    """A TensorBoard: where a browser finds it, what it has printed, and how to ask it."""

    url: str
    log: Callable[[], str]
    get: Callable[..., Any]

    def json(self, path: str) -> Any:
        """A JSON answer."""
        answer = self.get(self.url + path)
        assert answer.status == 200, answer
        return json.loads(answer.body)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A run with scalars and a logged model, and a model that somebody put there."""
    logdir = tmp_path_factory.mktemp("logdir")
    with tensorboardX.SummaryWriter(str(logdir / "train")) as writer:
        writer.add_scalar("loss", 1.0, 0)
        log_model(writer, models / "mnet_int8.tflite", tag="net", step=5)
        writer.add_scalar("loss", 0.5, 1)
    (logdir / "exports").mkdir()
    (logdir / "exports" / "final.tflite").write_bytes((models / "mnet_float32.tflite").read_bytes())
    return logdir


@pytest.fixture(scope="module")
def start(running: Callable[..., Any], fetch: Callable[..., Any]) -> Callable[..., Any]:
    """Starts TensorBoard."""

    @contextlib.contextmanager
    def board(logdir: Path, *flags: str) -> Iterator[Board]:
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", logdir, "--port", "0", *flags]
        with running(command) as process:
            yield Board(process.url.rstrip("/") + "/", process.log, fetch)

    return board


@pytest.fixture(scope="module", params=VARIANTS)
def board(request: pytest.FixtureRequest, start: Callable[..., Any], logdir: Path) -> Iterator[Board]:
    """TensorBoard in each of its ways, on the same log directory."""
    with start(logdir, *VARIANTS[request.param]) as direct:
        if request.param == "proxy":
            with stripping_proxy(direct.url) as address:
                yield Board(f"{address}{PROXY_PREFIX}/", direct.log, direct.get)
        else:
            yield direct


@contextlib.contextmanager
def stripping_proxy(target: str) -> Iterator[str]:
    """A reverse proxy that serves ``target`` below a prefix, and tells it nothing of that."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith(PROXY_PREFIX + "/"):
                self.send_error(404, "not below the prefix")
                return
            inner = target.rstrip("/") + self.path.removeprefix(PROXY_PREFIX)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            request = urllib.request.Request(inner, headers=headers)
            try:
                answer = urllib.request.urlopen(request, timeout=60)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                body = answer.read()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in ("connection", "date", "server", "transfer-encoding"):
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def entries(board: Board, wait_for: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """The models in the listing by label, once all are identified."""

    def identified() -> list[dict[str, Any]] | None:
        found = board.json("data/plugin/tflite/models")
        return found["models"] if found["models"] and all(entry["sha256"] for entry in found["models"]) else None

    return {entry["label"]: entry for entry in wait_for(identified, "the listing")}


def test_listing(entries: dict[str, dict[str, Any]]) -> None:
    shown = {label: (entry["run"], entry["tag"], entry["step"]) for label, entry in entries.items()}
    assert shown == {
        "train/plugins/tflite/net/5.tflite": ("train", "net", 5),
        "exports/final.tflite": ("exports", "final.tflite", None),
    }


def test_tab_is_listed_active(board: Board, entries: dict[str, Any], wait_for: Callable[..., Any]) -> None:
    listing = board.json("data/plugins_listing")
    assert listing["tflite"]["enabled"] is True
    assert listing["tflite"]["tab_name"] == "TFLite"
    assert listing["tflite"]["loading_mechanism"] == {
        "type": "IFRAME",
        "module_path": f"{listing_prefix(board)}/data/plugin/tflite/index.js",
    }
    # The user's own data is as it was.
    wait_for(lambda: "train" in board.json("data/plugin/scalars/tags"), "the scalars")


def listing_prefix(board: Board) -> str:
    """The prefix that TensorBoard itself knows of: a stripping proxy does not tell."""
    return "/foo/bar" if "/foo/bar/" in board.url else ""


def test_page_and_everything_that_it_loads(board: Board) -> None:
    page_url = board.url + "data/plugin_entry.html?name=tflite"
    page = board.get(page_url)
    assert page.status == 200
    text = page.body.decode()
    base = re.search(r'<base href="([^"]+)"', text)
    script = re.search(r'import\("([^"]+)"\)', text)
    assert base is not None
    assert script is not None
    assert "sha256-" in page.headers["content-security-policy"]
    pending, loaded = [urljoin(urljoin(page_url, base[1]), script[1])], set()
    while pending:
        url = pending.pop()
        if url in loaded:
            continue
        loaded.add(url)
        answer = board.get(url)
        assert answer.status == 200, url
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        references = re.findall(r'(?:from|import)\s*\(?\s*["\'](\.[^"\']+)["\']', answer.body.decode())
        references += re.findall(r'new URL\(["\'`]([^"\'`$]+\.js)["\'`],\s*import\.meta\.url', answer.body.decode())
        pending += [urljoin(url, reference) for reference in references]
    assert any(url.endswith("/data/plugin/tflite/index.js") for url in loaded)
    assert sum("/assets/" in url for url in loaded) >= 2, "the code and the worker"


def test_graph(board: Board, entries: dict[str, dict[str, Any]], models: Path) -> None:
    model = open_model(models / "mnet_int8.tflite")
    entry = entries["train/plugins/tflite/net/5.tflite"]
    assert entry["sha256"] == model.sha256
    url = f"{board.url}data/plugin/tflite/model/{model.sha256}/graph"
    plain = board.get(url)
    packed = board.get(url, {"Accept-Encoding": "gzip"})
    assert plain.status == packed.status == 200
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    header = json.loads(plain.body[8 : 8 + int.from_bytes(plain.body[4:8], "little")])
    assert header["summary"]["operators"] == len(model.operators)
    again = board.get(url, {"If-None-Match": plain.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert board.json(f"data/plugin/tflite/model/{model.sha256}/operator/0")["op"] == model.operators.ops[0]


def test_errors(board: Board) -> None:
    for path, status in (("model/nothing/graph", 404), ("nothing.js", 404), ("../../../etc/passwd", 404)):
        answer = board.get(f"{board.url}data/plugin/tflite/", path=f"{_path(board)}data/plugin/tflite/{path}")
        assert answer.status == status
    cross = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert board.get(f"{board.url}data/plugin/tflite/models", cross).status == 403
    if PROXY_PREFIX not in board.url:  # which knows GET only
        assert board.get(f"{board.url}data/plugin/tflite/models", {"Content-Length": "0"}, "POST").status == 405


def _path(board: Board) -> str:
    return "/" + board.url.split("/", 3)[3]


def test_nothing_is_warned_of(board: Board, entries: dict[str, Any]) -> None:
    """After all the other tests: no complaint of TensorBoard's validator, no traceback."""
    for path in (
        "",
        "data/plugin_entry.html?name=tflite",
        "data/plugin/tflite/index.html",
        "data/plugin/tflite/icon.svg",
    ):
        assert board.get(board.url + path).status == 200
    log = board.log()
    for complaint in ("Traceback", "Illegal Content-Security-Policy", "will become an error", "Exception", "Error"):
        assert complaint not in log, log


def test_empty_log_directory(
    tmp_path: Path, models: Path, start: Callable[..., Any], wait_for: Callable[..., Any]
) -> None:
    with start(tmp_path) as board:
        assert board.json("data/plugins_listing")["tflite"]["enabled"] is False
        listing = board.json("data/plugin/tflite/models")
        assert listing["models"] == []
        assert listing["scan"]["roots"] == [str(tmp_path)]
        assert board.get(board.url + "data/plugin_entry.html?name=tflite").status == 200
        log_model(tmp_path / "run", models / "tiny_mlp.tflite")
        assert board.json("data/plugin/tflite/models?rescan=1")["models"] or wait_for(
            lambda: board.json("data/plugin/tflite/models")["models"], "the model"
        )
        wait_for(lambda: board.json("data/plugins_listing")["tflite"]["enabled"], "the tab")
        assert "Traceback" not in board.log()


def test_links_out_are_shown_with_the_flag(
    tmp_path: Path, models: Path, start: Callable[..., Any], wait_for: Callable[..., Any]
) -> None:
    (tmp_path / "linked.tflite").symlink_to(models / "tiny_mlp.tflite")
    with start(tmp_path, "--tflite_follow_links") as board:
        (entry,) = wait_for(lambda: board.json("data/plugin/tflite/models")["models"], "the model")
        assert entry["label"] == "linked.tflite"
        assert board.get(f"{board.url}data/plugin/tflite/model/{entry['key']}/graph").status == 200


# In this process.


def context(logdir: Path | str, **flags: Any) -> base_plugin.TBContext:
    """What TensorBoard gives to a plugin."""
    given = {"reload_interval": 5.0, "logdir_spec": "", "tflite_follow_links": False, **flags}
    return base_plugin.TBContext(logdir=str(logdir), flags=argparse.Namespace(**given))


@pytest.mark.parametrize(
    ("flags", "allowed"),
    [
        ({}, True),
        ({"host": "localhost"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "myhost"}, False),
        ({"bind_all": True}, False),
        ({"bind_all": True, "tflite_allow_run": True}, True),
    ],
)
def test_models_run_only_where_nobody_else_reaches_them(tmp_path: Path, flags: dict[str, Any], allowed: bool) -> None:
    app = TFLitePlugin(context(tmp_path, **flags)).get_plugin_apps()["/*"]
    answer = Client(app).get("/data/plugin/tflite/models", headers={"Host": "localhost:6006"})
    assert answer.json["running"]["allowed"] is allowed
    assert allowed or "--tflite_allow_run" in answer.json["running"]["reason"]


def test_is_active_never_waits(models: Path, monkeypatch: pytest.MonkeyPatch, wait_for: Callable[..., Any]) -> None:
    may_scan, scanning = threading.Event(), threading.Event()
    really_scan = library_module.scan

    def slow_scan(roots: Any, *arguments: Any) -> Any:
        if any(root.path == str(models) for root in roots):  # libraries of other tests look on in their threads
            scanning.set()
            may_scan.wait()
        return really_scan(roots, *arguments)

    monkeypatch.setattr(library_module, "scan", slow_scan)
    plugin = TFLitePlugin(context(models))
    assert not scanning.is_set(), "making the plugin touches no file"
    assert plugin.get_plugin_apps().keys() == {"/*"}
    assert not scanning.is_set()
    # Would never return if it waited: the scan cannot end before these lines have run.
    assert plugin.is_active() is False
    assert scanning.wait(60)
    assert plugin.is_active() is False
    may_scan.set()
    wait_for(plugin.is_active, "the models")


def test_plugin_needs_nothing_of_the_context() -> None:
    plugin = TFLitePlugin(base_plugin.TBContext())
    assert plugin.is_active() is False
    assert plugin.frontend_metadata().es_module_path == "/index.js"


def test_log_directory_by_spec(models: Path, tmp_path: Path, settled: Callable[..., Any]) -> None:
    (tmp_path / "m.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    plugin = TFLitePlugin(context("", logdir_spec=f"first:{tmp_path},{models / 'mnet_int8.tflite'}"))
    found = settled(plugin._library)["models"]
    assert [(entry["run"], entry["tag"]) for entry in found] == [(".", "mnet_int8.tflite"), ("first", "m.tflite")]


def test_route_below_an_experiment(models: Path, settled: Callable[..., Any]) -> None:
    plugin = TFLitePlugin(context(models))
    settled(plugin._library)
    client = Client(plugin.get_plugin_apps()["/*"])
    for before in ("", "/experiment/x", "/prefix"):
        answer = client.get(f"{before}/data/plugin/tflite/models")
        assert answer.status_code == 200
        assert answer.json["models"]


def test_failing_import_costs_the_tab_only(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "tb_tflite_plugin.plugin", None)
    caplog.set_level(logging.ERROR)
    flags = argparse.Namespace(
        logdir=str(models), logdir_spec="", path_prefix="", purge_orphaned_data=True, reload_interval=5.0,
        samples_per_plugin={}, max_reload_threads=1, reload_task="auto", reload_multifile=False, window_title="",
        generic_data="true", reload_multifile_inactive_secs=0, tflite_follow_links=False, db="", event_file="",
        detect_file_replacement=False, cors_allow_origins=None,
    )  # fmt: skip
    board = application.TensorBoardWSGIApp(flags, [TFLiteLoader()])
    answer = Client(board).get("/data/plugins_listing")
    assert answer.status_code == 200
    assert "tflite" not in answer.json


def test_entry_point_imports_next_to_nothing() -> None:
    import subprocess

    code = (
        "import sys, tb_tflite_plugin.entry; "
        "print(sorted(m for m in sys.modules if m.startswith(('tb_tflite_plugin', 'ai_edge_litert', 'rich', 'typer'))))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "['tb_tflite_plugin', 'tb_tflite_plugin.entry']"


def test_flags_survive_a_second_copy_of_the_plugin() -> None:
    parser = argparse.ArgumentParser()
    TFLiteLoader().define_flags(parser)
    TFLiteLoader().define_flags(parser)
    assert parser.parse_args(["--tflite_follow_links"]).tflite_follow_links is True
