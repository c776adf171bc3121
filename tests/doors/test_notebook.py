"""The notebook magic: a kernel executes a notebook, and the HTML of its cells."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from tb_tflite_plugin import open_model
from tb_tflite_plugin.notebook import frame, static_frame
from tb_tflite_plugin.static_report import static_report

HOSTILE = "</script><script>alert(1)</script>\"'`${alert(2)}\\"


class Cell(HTMLParser):
    """The elements of a cell's HTML, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.script = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.script += data

    @property
    def tags(self) -> list[str]:
        """The names of the elements."""
        return [tag for tag, _ in self.elements]


# The pure functions.


def test_frame_finds_the_kernels_machine() -> None:
    cell = Cell(frame(8888, "/secret", "#model=abc", 500))
    assert cell.tags == ["iframe", "script"]
    attributes = cell.elements[0][1]
    assert attributes["height"] == "500"
    assert f'document.getElementById("{attributes["id"]}")' in cell.script
    assert '"/secret/#model=abc"' in cell.script
    assert "http://${location.hostname}:8888" in cell.script
    assert "proxy/8888" in cell.script
    assert "google.colab" not in cell.script


def test_frame_in_colab() -> None:
    cell = Cell(frame(8888, "/secret", "", 500, in_colab=True))
    assert cell.tags == ["iframe", "script"]
    assert "google.colab.kernel.proxyPort(8888, {cache: true})" in cell.script
    assert 'new URL("/secret/", url)' in cell.script
    assert "location.hostname" not in cell.script


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ("https://hub.example/user/me/proxy/%PORT%/", "https://hub.example/user/me/proxy/8888"),
        ("https://%PORT%.example", "https://8888.example"),
        ("", ""),
    ],
)
def test_frame_behind_a_given_proxy(given: str, becomes: str) -> None:
    cell = Cell(frame(8888, "/secret", "", 500, proxy_url=given))
    assert f"const server = {json.dumps(becomes)}" in cell.script


@pytest.mark.parametrize("in_colab", [False, True])
def test_frame_keeps_text_inside_its_script(in_colab: bool) -> None:
    cell = Cell(frame(1, HOSTILE, HOSTILE, 500, in_colab=in_colab, proxy_url=HOSTILE))
    assert cell.tags == ["iframe", "script"]
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', cell.script)
    assert f"{HOSTILE}/{HOSTILE}" in [json.loads(text) for text in strings]


def test_two_frames_have_two_names() -> None:
    names = {Cell(frame(1, "/s", fragment, 500)).elements[0][1]["id"] for fragment in ("", "#model=a", "#model=b")}
    assert len(names) == 3


def test_static_frame_carries_the_report() -> None:
    report = f"<!doctype html><title>&amp;{HOSTILE}</title>"
    cell = Cell(static_frame(report, 400))
    assert cell.tags == ["iframe"]
    attributes = cell.elements[0][1]
    assert attributes["srcdoc"] == report
    assert attributes["height"] == "400"
    assert attributes["sandbox"] == "allow-scripts allow-downloads", "scripts there have an origin of their own"


# A kernel.


class Notebook:
    """A running kernel: executes one cell after the other."""

    def __init__(self, client: nbclient.NotebookClient) -> None:
        self._client = client

    def run(self, source: str) -> list[Any]:
        """The outputs of a cell."""
        cell = nbformat.v4.new_code_cell(source)
        self._client.nb.cells.append(cell)
        return self._client.execute_cell(cell, len(self._client.nb.cells) - 1).outputs

    def html(self, source: str) -> str:
        """The HTML that a cell shows."""
        (output,) = self.run(source)
        assert output.output_type == "display_data"
        return output.data["text/html"]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A notebook with the extension loaded."""
    client = nbclient.NotebookClient(
        nbformat.v4.new_notebook(),
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}},
    )
    with client.setup_kernel():
        notebook = Notebook(client)
        assert notebook.run("%load_ext tb_tflite_plugin") == []
        yield notebook


def place(shown: str) -> tuple[int, str, str]:
    """Port, secret prefix and fragment of the page in a cell."""
    port = re.search(r"location\.hostname\}:(\d+)", shown)
    path = re.search(r'server \+ "(/[\w-]+)/(#model=\w+)?"', shown)
    assert port is not None
    assert path is not None
    return int(port[1]), path[1], path[2] or ""


@pytest.fixture
def answers(fetch: Callable[..., Any], wait_for: Callable[..., Any]) -> Callable[[str], dict[str, Any]]:
    """Asks for the page of a cell and for the model that it opens; returns what the listing says of that one."""

    def ask(shown: str) -> dict[str, Any]:
        port, prefix, fragment = place(shown)
        base = f"http://127.0.0.1:{port}{prefix}"
        page = fetch(f"{base}/")
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert fetch(f"http://127.0.0.1:{port}/models").status == 404

        def entry() -> Any:
            models = json.loads(fetch(f"{base}/models").body)["models"]
            wanted = fragment.removeprefix("#model=")
            return next((m for m in models if wanted in (m["key"], m["sha256"])), None)

        found = wait_for(entry, "the model")
        assert fetch(f"{base}/model/{found['key']}/graph").status == 200
        return found

    return ask


def test_model_then_log_directory(
    notebook: Notebook, answers: Callable[..., Any], models: Path, tmp_path: Path
) -> None:
    first = notebook.html(f"%tflite_viz {models / 'mnet_int8.tflite'}")
    assert answers(first)["label"] == "mnet_int8.tflite"
    assert 'height="640"' in first

    (tmp_path / "log dir" / "run").mkdir(parents=True)
    (tmp_path / "log dir" / "run" / "m.tflite").write_bytes((models / "tiny_mlp.tflite").read_bytes())
    second = notebook.html(f'%tflite_viz "{tmp_path / "log dir"}" --height 300')
    assert answers(second)["label"] == "run/m.tflite"
    assert 'height="300"' in second
    assert place(second)[:2] == place(first)[:2], "one server per kernel"

    again = notebook.html(f"%tflite_viz {models / 'mnet_int8.tflite'}")
    assert place(again) == place(first)


def test_member_of_a_container(notebook: Notebook, answers: Callable[..., Any], real_models: dict[str, Path]) -> None:
    from tb_tflite_plugin.scan import Root, scan

    container = real_models["gestures.task"]
    member = scan([Root(str(container))], follow_links=False).models[-1].member
    assert answers(notebook.html(f"%tflite_viz {container}!{member}"))["label"] == f"gestures.task!{member}"


def test_log_directory_without_models(notebook: Notebook, fetch: Callable[..., Any], tmp_path: Path) -> None:
    port, prefix, fragment = place(notebook.html(f"%tflite_viz {tmp_path}"))
    assert fragment == ""
    assert fetch(f"http://127.0.0.1:{port}{prefix}/").status == 200


def test_static(notebook: Notebook, models: Path) -> None:
    shown = notebook.html(f"%tflite_viz {models / 'mnet_int8.tflite'} --static --height 200")
    assert html.unescape(shown).count("<!doctype html>") == 1
    ((tag, attributes),) = Cell(shown).elements
    assert tag == "iframe"
    report = attributes["srcdoc"]
    assert report == static_report(open_model(models / "mnet_int8.tflite"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/no/such/model.tflite", "/no/such/model.tflite: No such file or directory"),
        ("/no/such/model.tflite --static", "/no/such/model.tflite: No such file or directory"),
        ("{here}", "not a TensorFlow Lite model"),
        ("", "the following arguments are required: MODEL_OR_LOGDIR"),
        ("model.tflite --height tall", "argument --height: invalid int value: 'tall'"),
        ("model.tflite --nonsense", "unrecognized arguments: --nonsense"),
        ('"unbalanced', "No closing quotation"),
    ],
)
def test_mistakes_are_one_clean_line(notebook: Notebook, line: str, says: str) -> None:
    outputs = notebook.run(f"%tflite_viz {line.format(here=__file__)}")
    text = "".join(output.get("text", "") + "".join(output.get("traceback", [])) for output in outputs)
    assert re.search(r"UsageError:.*", text)
    assert says in text
    assert "Traceback" not in text
    assert "tb_tflite_plugin/notebook.py" not in text


def test_help(notebook: Notebook) -> None:
    (output,) = notebook.run("%tflite_viz --help")
    assert output.text.startswith("usage: %tflite_viz")
