"""What hostile pages, requests, log directories and models may try."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tb_tflite_plugin.analysis.source import Source
from werkzeug.test import Client

from tb_tflite_plugin import open_model
from tb_tflite_plugin.library import Library
from tb_tflite_plugin.notebook import static_frame
from tb_tflite_plugin.scan import Root
from tb_tflite_plugin.server import NotebookServer, make_local_server
from tb_tflite_plugin.static_report import static_report

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'--></script><!--<script>{title}&amp;\x1b[31m\u202e"
FORBIDDEN = b"root:"  # what /etc/passwd starts with


@pytest.fixture(scope="module")
def local_server(models: Path, settled: Callable[[Library], Any]) -> Iterator[str]:
    """The address of a standalone server that shows one model."""
    library = Library([Root(str(models / "mnet_float32.tflite"))])
    settled(library)
    server = make_local_server(library, "127.0.0.1", 0, ["viewer.example"])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def model_id(models: Path) -> str:
    """The id of the model that is served."""
    return open_model(models / "mnet_float32.tflite").sha256


# Who may ask.


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:{port}", True), ("localhost:{port}", True), ("LOCALHOST", True), ("[::1]:{port}", True),
        (socket.gethostname(), True), ("viewer.example:80", True), ("192.168.3.4:{port}", True), ("[fe80::1]:1", True),
        ("evil.example", False), ("evil.example:{port}", False), ("localhost.evil.example", False), ("", False),
        ("127.0.0.1.evil.example", False), ("localhost@evil.example", False), ("evil.example:80:80", False),
    ],
)  # fmt: skip
def test_host(local_server: str, fetch: Callable[..., Any], host: str, allowed: bool) -> None:
    named = host.format(port=local_server.rpartition(":")[2])
    for path in ("/", "/models", "/index.js"):
        answer = fetch(local_server + path, {"Host": named})
        assert answer.status == (200 if allowed else 403)
        assert allowed or b"{" in answer.body[:1], "the refusal is a JSON answer"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "{own}"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_other_sites(local_server: str, fetch: Callable[..., Any], headers: dict[str, str], status: int) -> None:
    given = {name: value.format(own=local_server) for name, value in headers.items()}
    answer = fetch(f"{local_server}/models", given)
    assert answer.status == status
    assert "access-control-allow-origin" not in answer.headers


def test_other_sites_cannot_ask_behind_tensorboard(serve: Callable[..., Client], models: Path) -> None:
    client = serve(models / "tiny_mlp.tflite")
    refused = client.get("/models", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
    assert refused.status_code == 403
    assert "models" not in refused.json


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_only_reading(local_server: str, fetch: Callable[..., Any], method: str, model_id: str) -> None:
    for path in ("/", "/models", "/models?rescan=1", f"/model/{model_id}/graph", "/index.js", "/nothing"):
        answer = fetch(local_server + path, {"Content-Length": "0"}, method)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD"


# What a path may name.

TRICKS = [
    "/../pyproject.toml", "/../app.py", "/assets/../../app.py", "/assets/../index.html", "/./index.js",
    "/%2e%2e/app.py", "/..%2fapp.py", "/%2e%2e%2fapp.py", "/%252e%252e/app.py", "/..\\app.py", "/..%5capp.py",
    "/assets\\..\\index.js", "/etc/passwd", "//etc/passwd", "/%2fetc/passwd", "/%2fetc%2fpasswd", "///etc/passwd",
    "file:///etc/passwd", "/index.js%00", "/index.js%00.html", "/index.html%00/../../app.py", "/\x7f", "/%ff%fe",
    "/index.js/", "/assets//x.js", "//index.js", "/INDEX.JS", "/index.js;x", "/sources.sha256/..", "/static/index.js",
    "/C:/Windows/win.ini", "/..;/app.py", "/....//app.py", "http://evil.example/index.js",
]  # fmt: skip
# Of what is served anyway; http.server understands some of them.
OTHER_SPELLINGS = ("/index.js/", "//index.js", "http://evil.example/index.js")


@pytest.mark.parametrize("path", TRICKS)
def test_static_path(local_server: str, fetch: Callable[..., Any], path: str) -> None:
    answer = fetch(local_server, path=path)
    if path not in OTHER_SPELLINGS:
        assert answer.status == 404
        assert json.loads(answer.body)["error"]["message"]
    assert FORBIDDEN not in answer.body
    assert b"WSGI" not in answer.body


@pytest.mark.parametrize(
    "name",
    [
        "{file}", "{relative}", "mnet_float32.tflite", "mnet_float32", "file://{file}", "..", ".", "%2e%2e",
        "/etc/passwd", "../mnet_float32.tflite", "{file}\0", "\\\\host\\share", "C:\\model.tflite", "{id}/../{id}",
        "{id}\0", "{id} ", " {id}", "*", "", "{upper}", "{half}", "{id}{id}", "s3://bucket/model", "memory://model",
    ],
)  # fmt: skip
@pytest.mark.parametrize("encode", [quote, lambda name: quote(name, safe="")], ids=["slashes", "escaped"])
def test_model_path(
    local_server: str,
    fetch: Callable[..., Any],
    models: Path,
    model_id: str,
    name: str,
    encode: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = models / "mnet_float32.tflite"
    opened: list[str] = []
    really_open = Source.open
    monkeypatch.setattr(Source, "open", lambda path: opened.append(str(path)) or really_open(path))
    named = name.format(
        file=file, relative=os.path.relpath(file), id=model_id, upper=model_id.upper(), half=model_id[:32]
    )
    for rest in ("graph", "operator/0", "tensor/0"):
        answer = fetch(local_server, path=f"/model/{encode(named)}/{rest}")
        assert answer.status == 404
        assert json.loads(answer.body)["error"]["message"]
    assert opened == []


@pytest.mark.parametrize("query", ["path={file}", "logdir=/", "file={file}&rescan=1", "id={file}", "session_path=/etc"])
def test_query_names_no_file(local_server: str, fetch: Callable[..., Any], models: Path, query: str) -> None:
    plain = json.loads(fetch(f"{local_server}/models").body)
    asked = json.loads(fetch(f"{local_server}/models?" + query.format(file=models / "gru_while.tflite")).body)
    assert [m["label"] for m in asked["models"]] == [m["label"] for m in plain["models"]] == ["mnet_float32.tflite"]
    assert asked["scan"]["roots"] == plain["scan"]["roots"]


def test_answers_name_no_path_but_the_root(serve: Callable[..., Client], models: Path, tmp_path: Path) -> None:
    below = tmp_path / "run" / "deep"
    below.mkdir(parents=True)
    (below / "good.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    (below / "bad.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    client = serve(tmp_path)
    listing = client.get("/models").json
    assert listing["scan"].pop("roots") == [str(tmp_path)]
    assert str(tmp_path) not in json.dumps(listing)
    for entry in listing["models"]:
        for what in ("graph", "operator/0", "tensor/0"):
            assert str(tmp_path).encode() not in client.get(f"/model/{entry['id']}/{what}").data


# What a link may lead to.


@pytest.fixture
def linked(tmp_path: Path, models: Path) -> Path:
    """A log directory with links: to a model and a directory outside, to ones inside, and to nothing."""
    outside, logdir = tmp_path / "outside", tmp_path / "logdir"
    (outside / "folder").mkdir(parents=True)
    logdir.mkdir()
    data = (models / "tiny_mlp.tflite").read_bytes()
    for path in (outside / "secret.tflite", outside / "folder" / "hidden.tflite", logdir / "own.tflite"):
        path.write_bytes(data)
    (logdir / "file-out.tflite").symlink_to(outside / "secret.tflite")
    (logdir / "folder-out").symlink_to(outside / "folder")
    (logdir / "relative-out").symlink_to("../outside")
    (logdir / "file-in.tflite").symlink_to(logdir / "own.tflite")
    (logdir / "dangling.tflite").symlink_to(tmp_path / "nothing")
    return logdir


def test_links_out_are_not_followed(serve: Callable[..., Client], linked: Path) -> None:
    listing = serve(linked).get("/models").json
    assert [entry["label"] for entry in listing["models"]] == ["file-in.tflite", "own.tflite"]
    for name in ("file-out.tflite", "folder-out", "relative-out"):
        assert f"{name}: not followed, the link leads out of the log directory" in listing["scan"]["notes"]


def test_links_out_are_followed_when_asked_for(serve: Callable[..., Client], linked: Path) -> None:
    client = serve(linked, follow_links=True)
    entries = {entry["label"]: entry for entry in client.get("/models").json["models"]}
    # The outer folder can be reached in two ways; it is shown once.
    hidden = {"folder-out/hidden.tflite", "relative-out/folder/hidden.tflite"} & set(entries)
    assert len(hidden) == 1
    shown = {"file-in.tflite", "file-out.tflite", "own.tflite", "relative-out/secret.tflite", *hidden}
    assert set(entries) == shown
    for entry in entries.values():
        assert client.get(f"/model/{entry['key']}/graph").status_code == 200


def test_a_log_directory_that_is_a_link_is_no_link_out(
    serve: Callable[..., Client], linked: Path, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(linked)
    client = serve(tmp_path / "alias")
    (own,) = (entry for entry in client.get("/models").json["models"] if entry["name"] == "own.tflite")
    assert client.get(f"/model/{own['key']}/graph").status_code == 200


@pytest.mark.parametrize("swap_directory", [False, True])
def test_a_file_swapped_for_a_link_is_refused(
    serve: Callable[..., Client], models: Path, tmp_path: Path, swap_directory: bool
) -> None:
    folder, outside = tmp_path / "logdir" / "run", tmp_path / "outside"
    folder.mkdir(parents=True)
    outside.mkdir()
    file, secret = folder / "model.tflite", outside / "model.tflite"
    file.write_bytes((models / "mnet_float32.tflite").read_bytes())
    secret.write_bytes(file.read_bytes().replace(b"MobileNet", b"SecretNet"))
    client = serve(tmp_path / "logdir")
    (entry,) = client.get("/models").json["models"]
    os.utime(secret, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    file.unlink()
    if swap_directory:
        folder.rmdir()
        folder.symlink_to(outside)
    else:
        file.symlink_to(secret)
    answer = client.get(f"/model/{entry['key']}/graph")
    assert answer.status_code == 422
    assert answer.json["error"]["message"] == "its path now leads out of the log directory"


def test_a_file_that_was_overwritten_does_not_go_by_its_old_hash(
    serve: Callable[..., Client], models: Path, tmp_path: Path
) -> None:
    file = tmp_path / "model.tflite"
    file.write_bytes((models / "mnet_float32.tflite").read_bytes())
    client = serve(tmp_path)
    (entry,) = client.get("/models").json["models"]
    file.write_bytes((models / "tiny_mlp.tflite").read_bytes())
    answer = client.get(f"/model/{entry['sha256']}/graph")
    assert answer.status_code == 422
    assert answer.json["error"]["file"] == "model.tflite"


# What a name may do.


class Elements(HTMLParser):
    """Every element of a page with its attributes, its text by element, and what is left open."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.comments: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@pytest.fixture
def hostile_file(tmp_path: Path, made_model: Callable[..., bytes]) -> Path:
    """A model that is called, and calls everything in it, something nasty."""
    path = tmp_path / "logdir" / (HOSTILE.replace("/", "∕") + ".tflite")
    path.parent.mkdir()
    path.write_bytes(made_model(HOSTILE, scales=[0.5]))
    return path


def test_names_stay_data(serve: Callable[..., Client], hostile_file: Path) -> None:
    client = serve(hostile_file.parent)
    listing = client.get("/models")
    (entry,) = listing.json["models"]
    assert entry["name"] == entry["tag"] == hostile_file.name
    operator = client.get(f"/model/{entry['id']}/operator/0")
    tensor = client.get(f"/model/{entry['id']}/tensor/0")
    assert operator.json["op"] == HOSTILE
    assert tensor.json["name"] == f"{HOSTILE}/0"
    for answer in (listing, operator, tensor):
        assert answer.content_type == "application/json"
    graph = client.get(f"/model/{entry['id']}/graph")
    assert graph.content_type == "application/octet-stream"
    header = json.loads(graph.data[8 : 8 + int.from_bytes(graph.data[4:8], "little")])
    assert header["operatorTypes"] == header["subgraphNames"] == [HOSTILE]
    assert header["signatures"][0]["key"] == header["summary"]["description"] == HOSTILE
    for answer in (listing, operator, tensor, graph):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_errors_are_data(serve: Callable[..., Client], tmp_path: Path) -> None:
    name = HOSTILE.replace("/", "∕") + ".tflite"
    (tmp_path / name).write_bytes(b"\x1c\0\0\0TFL3")
    client = serve(tmp_path)
    (entry,) = client.get("/models").json["models"]
    for path in (f"/model/{entry['id']}/graph", f"/{quote(HOSTILE)}", f"/model/{quote(HOSTILE, safe='')}/graph"):
        answer = client.get(path)
        assert answer.status_code in (404, 422)
        assert answer.content_type == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_report_holds_only_its_own_elements(hostile_file: Path) -> None:
    report = static_report(open_model(hostile_file))
    page = Elements(report)
    assert [tag for tag, _ in page.elements] == [
        "html", "head", "meta", "meta", "meta", "title", "body", "script", "script",
    ]  # fmt: skip
    assert page.open == []
    assert page.comments == []
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    policy = page.elements[4][1]["content"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    # What would make a browser read on past the end of a script element.
    assert "<!--" not in report
    assert report.count("<script") == report.count("</script") == 2


def test_report_in_a_cell_is_one_confined_frame(hostile_file: Path) -> None:
    report = static_report(open_model(hostile_file))
    cell = Elements(static_frame(report, 600))
    ((tag, attributes),) = cell.elements
    assert tag == "iframe"
    assert attributes["srcdoc"] == report
    assert attributes["sandbox"] is not None
    assert "allow-same-origin" not in attributes["sandbox"]
    assert [text.strip() for text in cell.texts.values()] == []


# The notebook's server goes by any name, so its paths start with a secret.


def test_notebook_server_answers_only_below_its_secret(
    fetch: Callable[..., Any], models: Path, settled: Callable[[Library], Any]
) -> None:
    library = Library([Root(str(models / "tiny_mlp.tflite"))])
    settled(library)
    server = NotebookServer(library)
    url = f"http://127.0.0.1:{server.port}"
    assert len(server.prefix) > 20
    assert NotebookServer(Library([])).prefix != server.prefix
    for host in ("127.0.0.1", "anything.googleusercontent.example"):
        for path in ("/", "/models", "/index.js", "/?rescan=1"):
            assert fetch(url, {"Host": host}, path=server.prefix + path).status == 200
    for path in (
        "/", "/models", "/index.js", server.prefix, server.prefix[:-1] + "/models", server.prefix + "x/models",
        f"/x{server.prefix}/models", "//models", f"/%2e{server.prefix}/models", f"/{server.prefix.swapcase()}/models",
    ):  # fmt: skip
        answer = fetch(url, path=path)
        assert answer.status == 404
        assert answer.body == b"not found"
    assert fetch(url, method="POST", path=f"{server.prefix}/models").status == 405
    across = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert fetch(url, across, path=f"{server.prefix}/models").status == 403
