"""The application: routes, caching, compression, errors, and the container that carries a model."""

from __future__ import annotations

import gzip
import json
import math
import re
import threading
from collections.abc import Callable
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tb_tflite_plugin.analysis.quantization.one_tensor import tensor_channels
from tb_tflite_plugin.analysis.ragged import Ragged, Strings
from tb_tflite_plugin.analysis.report import Column, Report
from tb_tflite_plugin.analysis.reports import NAMES, analyse
from werkzeug.test import Client, TestResponse

from tb_tflite_plugin import app as app_module
from tb_tflite_plugin import library as library_module
from tb_tflite_plugin import open_model
from tb_tflite_plugin.app import App
from tb_tflite_plugin.library import Library
from tb_tflite_plugin.scan import Root
from tb_tflite_plugin.wire import encode_report

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
# Most bytes an operator may take on the wire, compressed, in a model of 50,000.
MOST_BYTES_PER_OPERATOR = 25
MIME = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
STATIC = sorted(
    path.relative_to(static).as_posix()
    for static in [Path(str(resources.files("tb_tflite_plugin") / "static"))]
    for path in static.rglob("*")
    if path.is_file()
)


@pytest.fixture
def client(serve: Callable[..., Client], models: Path) -> Client:
    """An application that shows one model."""
    return serve(models / "mnet_int8.tflite")


def listed(client: Client) -> list[dict[str, Any]]:
    """The models in the listing."""
    return client.get("/models").json["models"]


def rows(columns: dict[str, np.ndarray], name: str) -> list[list[int]]:
    """A ragged column as lists."""
    edges, values = columns[f"{name}.offsets"].tolist(), columns[name].tolist()
    return [values[a:b] for a, b in pairwise(edges)]


def texts(columns: dict[str, np.ndarray], name: str) -> list[str]:
    """A column of texts."""
    return [bytes(row).decode("utf-8", "replace") for row in rows(columns, name)]


def test_page(client: Client) -> None:
    for path in ("/", "/index.html"):
        page = client.get(path)
        assert page.status_code == 200
        assert page.content_type == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe-eval" not in page.headers["Content-Security-Policy"]
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert wanted
    for reference in wanted:
        assert not reference.startswith(("/", "http")), "every address is relative"
        assert client.get("/" + reference.removeprefix("./")).status_code == 200


@pytest.mark.parametrize("name", STATIC)
def test_static_file(client: Client, name: str) -> None:
    answer = client.get(f"/{name}")
    assert answer.status_code == 200
    assert answer.data == (resources.files("tb_tflite_plugin") / "static" / name).read_bytes()
    assert answer.mimetype == MIME.get(Path(name).suffix, "application/octet-stream")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    is_hashed = re.fullmatch(r"assets/.+-[\w-]{8}\.\w+", name) is not None
    assert is_hashed == (Path(name).parent.name == "assets")
    assert ("immutable" in answer.headers["Cache-Control"]) == is_hashed
    assert ("no-cache" in answer.headers["Cache-Control"]) != is_hashed


@pytest.mark.parametrize("name", NAMES)
def test_report(decode: Any, client: Client, models: Path, name: str) -> None:
    header, columns = decode(client.get(f"/model/{listed(client)[0]['id']}/report/{name}").data)
    expected = analyse(open_model(models / "mnet_int8.tflite"), name)
    assert (header["report"], header["over"], header["rows"]) == (name, expected.over, len(expected.rows()))
    assert header["summary"] == json.loads(json.dumps(expected.summary))
    assert [column["name"] for column in header["reportColumns"]] == [column.name for column in expected.columns]
    for described, column in zip(header["reportColumns"], expected.columns, strict=True):
        assert described["unit"] == column.unit
        if described["kind"] == "category":
            names = [*described["names"], None]
            shown = [None if cell is None else str(cell) for cell in column.cells()]
            assert [names[code] for code in columns[column.name].tolist()] == shown
        elif described["kind"] == "quantity":
            valid = columns.get(f"{column.name}.valid", np.ones(header["rows"]))
            cells = [value if ok else None for value, ok in zip(columns[column.name].tolist(), valid, strict=True)]
            assert cells == column.cells()


@pytest.mark.parametrize("additive", [None, True, False])
def test_whether_cells_add_up_is_said_where_the_unit_does_not(decode: Any, additive: bool | None) -> None:
    column = Column("live", np.array([1, 2]), "By", "quantity", "simulated", "", additive=additive)
    header, _ = decode(encode_report(Report("memory", {}, (column,), over="operators")))
    assert header["reportColumns"][0].get("additive") == additive


def test_unknown_report(client: Client) -> None:
    answer = client.get(f"/model/{listed(client)[0]['id']}/report/horoscope")
    assert answer.status_code == 404
    assert answer.json["error"]["message"] == "there is no report horoscope"


def test_a_name_that_only_looks_hashed_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.js").write_text("export {};")
    files = {"some-settings.js": tmp_path / "x.js", "assets/some-a1b2_C3-.js": tmp_path / "x.js"}
    monkeypatch.setattr(app_module, "_static_files", lambda: files)
    client = Client(App(Library([])))
    assert client.get("/some-settings.js").headers["Cache-Control"] == "no-cache"
    assert "immutable" in client.get("/assets/some-a1b2_C3-.js").headers["Cache-Control"]


def test_every_script_that_a_script_imports_is_served(client: Client) -> None:
    for name in (name for name in STATIC if name.endswith(".js")):
        for reference in re.findall(r'(?:from|import)\s*\(?\s*["\'](\.[^"\']+)["\']', client.get(f"/{name}").text):
            target = (Path("/") / name).parent / reference
            assert client.get(target.resolve().as_posix()).status_code == 200


@pytest.mark.parametrize("path", ["/", "/index.js", "/models", "/model/{id}/graph", "/model/{id}/operator/0"])
def test_head_says_what_get_says(client: Client, path: str) -> None:
    path = path.format(id=listed(client)[0]["id"])
    get, head = client.get(path, headers=GZIP), client.head(path, headers=GZIP)
    assert head.status_code == 200
    assert head.data == b""
    for answer in (get, head):
        answer.headers.pop("Date", None)
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize(
    "path", ["/index.js", "/models", "/model/{id}/graph", "/model/{id}/report/ops", "/model/{id}/tensor/1"]
)
def test_etag(client: Client, path: str) -> None:
    path = path.format(id=listed(client)[0]["id"])
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Content-Type"] == first.headers["Content-Type"], "TensorBoard warns where it is missing"
    assert again.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/index.js", "/models", "/model/{id}/graph", "/model/{id}/operator/0"])
def test_compression(client: Client, path: str) -> None:
    path = path.format(id=listed(client)[0]["id"])
    packed, plain = client.get(path, headers=GZIP), client.get(path)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert int(answer.headers["Content-Length"]) == len(answer.data)
    for refused in ("identity", "gzip;q=0", "br"):
        assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": refused}).headers


def test_listing(client: Client, models: Path) -> None:
    answer = client.get("/models")
    assert answer.content_type == "application/json"
    assert answer.json["version"]
    assert answer.json["scan"] == {
        "running": False, "entries": 0, "notes": [], "roots": [str(models / "mnet_int8.tflite")],
    }  # fmt: skip
    (entry,) = answer.json["models"]
    model = open_model(models / "mnet_int8.tflite")
    assert entry["id"] == entry["sha256"] == model.sha256
    assert (entry["name"], entry["run"], entry["tag"], entry["step"]) == (
        "mnet_int8.tflite",
        ".",
        "mnet_int8.tflite",
        None,
    )
    assert entry["size"] == model.source.data.size
    assert entry["error"] is None
    assert client.get("/models/").json == answer.json


def test_key_and_sha256_name_the_same_model(client: Client) -> None:
    (entry,) = listed(client)
    assert entry["key"] != entry["sha256"]
    for what in ("graph", "operator/3", "tensor/3"):
        by_key, by_hash = (client.get(f"/model/{entry[name]}/{what}") for name in ("key", "sha256"))
        assert by_key.status_code == by_hash.status_code == 200
        assert by_key.data == by_hash.data


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/assets", "/assets/", "/models/x", "/model", "/model/{id}", "/model/{id}/nothing", "/model//graph",
        "/model/{id}/operator/-1", "/model/{id}/operator/x", "/model/{id}/operator/1.0", "/model/{id}/tensor/",
        "/model/{id}/tensor/1000000/channels",
        "/model/{id}/operator/1000000", "/model/{id}/tensor/99999999999999999999999", f"/model/{'0' * 64}/graph",
        "/model/x/graph", "/model/x/operator/0", "/model/x/tensor/0", "/model/{id}//graph",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    answer = client.get(path.format(id=listed(client)[0]["id"]))
    assert answer.status_code == 404
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json["error"]["message"]


def test_damaged_model_is_422_with_the_place(serve: Callable[..., Client], models: Path, tmp_path: Path) -> None:
    whole = (models / "mnet_float32.tflite").read_bytes()
    (tmp_path / "short.tflite").write_bytes(whole[: len(whole) // 2])
    client = serve(tmp_path)
    (entry,) = listed(client)
    for what in ("graph", "operator/0", "tensor/0"):
        answer = client.get(f"/model/{entry['id']}/{what}")
        assert answer.status_code == 422
        error = answer.json["error"]
        assert error["file"] == "short.tflite", "where the file lies is nobody's business"
        assert error["message"]
        assert isinstance(error["offset"], int)
        assert error["table"]


def test_unreadable_file_is_422_with_its_reason(serve: Callable[..., Client], tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("not a model")
    client = serve(tmp_path)
    (entry,) = listed(client)
    answer = client.get(f"/model/{entry['id']}/graph")
    assert answer.status_code == 422
    assert answer.json["error"]["message"] == entry["error"] == "holds no TensorFlow Lite model"


def test_unfinished_is_503_and_come_back(
    monkeypatch: pytest.MonkeyPatch, wait_for: Callable[..., Any], models: Path
) -> None:
    may_scan = threading.Event()
    scan = library_module.scan

    def slow_scan(*arguments: Any, **options: Any) -> Any:
        may_scan.wait()
        return scan(*arguments, **options)

    monkeypatch.setattr(library_module, "scan", slow_scan)
    client = Client(App(Library([Root(str(models / "tiny_mlp.tflite"))])))
    path = f"/model/{open_model(models / 'tiny_mlp.tflite').sha256}/graph"
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json["error"]["message"] == "looking for models"
    assert client.get("/models").json["scan"]["running"]
    may_scan.set()
    wait_for(lambda: client.get(path).status_code == 200, "the model")


def test_one_request_has_all_of_the_first_picture(decode: Any, serve: Callable[..., Client], model_path: Path) -> None:
    client = serve(model_path)
    (entry,) = listed(client)
    answer = client.get(f"/model/{entry['id']}/graph")
    assert answer.content_type == "application/octet-stream"
    header, columns = decode(answer.data)
    model = open_model(model_path)
    operators, tensors, graphs = model.operators, model.tensors, model.subgraphs

    assert [header["operatorTypes"][row] for row in columns["operator.type"]] == operators.ops
    assert len(header["operatorFamilies"]) == len(header["operandNames"]) == len(header["operatorTypes"])
    assert set(header["operatorFamilies"]) <= set(header["families"])
    assert rows(columns, "operator.inputs") == operators.inputs.tolist()
    assert rows(columns, "operator.outputs") == operators.outputs.tolist()
    assert len(columns["operator.activation"]) == len(operators)
    assert texts(columns, "tensor.name") == tensors.name.tolist()
    assert rows(columns, "tensor.shape") == tensors.shape.tolist()
    assert [header["dtypes"][str(value)]["name"] for value in columns["tensor.type"]] == tensors.dtypes
    assert columns["tensor.constantBytes"].tolist() == model.constant_bytes.tolist()
    assert columns["tensor.variable"].tolist() == tensors.is_variable.tolist()
    assert columns["subgraph.operators"].tolist() == graphs.operator_offsets.tolist()
    assert columns["subgraph.tensors"].tolist() == graphs.tensor_offsets.tolist()
    assert rows(columns, "subgraph.inputs") == graphs.inputs.tolist()
    assert rows(columns, "subgraph.outputs") == graphs.outputs.tolist()
    assert header["subgraphNames"] == graphs.names.tolist()
    assert [signature["key"] for signature in header["signatures"]] == [s.key for s in model.signatures]
    assert header["summary"]["operators"] == len(operators)
    assert header["model"] == {"size": model_path.stat().st_size}


def test_containers_hold_numbers_of_every_size(decode: Any) -> None:
    from tb_tflite_plugin.wire import encode

    columns = {
        "empty": np.zeros(0, np.int32),
        "bytes": np.arange(256, dtype=np.uint8),
        "small": np.array([-128, 127, 0]),
        "rising": np.arange(100_000),
        "falling": np.array([40_000, 20_000, -20_000]),
        "far": np.array([-(2**31) + 1, 2**31 - 1, 0]),
        "huge": np.array([2**31, 2**52, -(2**40)]),
        "single": np.array([1.5, math.inf], np.float32),
        "double": np.array([1e300, math.pi]),
    }
    ragged = Ragged(np.array([0, 2, 2, 3]), np.array([7, -1, 5]))
    names = Strings(np.array([0, 0, 2, 3]), np.frombuffer("éx".encode(), np.uint8))
    header, found = decode(encode({"ends": [math.inf, math.nan]}, {**columns, "lists": ragged, "names": names}))
    for name, values in columns.items():
        assert found[name].tolist() == values.tolist(), name
    assert rows(found, "lists") == [[7, -1], [], [5]]
    assert texts(found, "names") == ["", "é", "x"]
    assert header == {"ends": ["inf", "nan"]}


def test_bytes_per_operator(decode: Any, serve: Callable[..., Client], synth: Callable[[int], Path]) -> None:
    client = serve(synth(1351))
    answer = client.get(f"/model/{listed(client)[0]['id']}/graph", headers=GZIP)
    header, columns = decode(gzip.decompress(answer.data))
    assert len(columns["operator.type"]) == header["summary"]["operators"] == 49_987
    assert len(answer.data) / 49_987 <= MOST_BYTES_PER_OPERATOR


@pytest.mark.parametrize("scales", [[math.nan], [math.inf], [-math.inf, 0.5], [math.nan] * 4])
def test_numbers_that_json_does_not_have(
    serve: Callable[..., Client], made_model: Callable[..., bytes], tmp_path: Path, scales: list[float]
) -> None:
    (tmp_path / "odd.tflite").write_bytes(made_model(scales=scales))
    client = serve(tmp_path)
    (entry,) = listed(client)

    def strict(answer: TestResponse) -> Any:
        assert answer.status_code == 200

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is no JSON")

        return json.loads(answer.data, parse_constant=refuse)

    found = strict(client.get(f"/model/{entry['id']}/tensor/0"))["quantization"]["scale"]
    assert [float(value) for value in found] == pytest.approx(scales, nan_ok=True)
    strict(client.get(f"/model/{entry['id']}/operator/0"))
    assert client.get(f"/model/{entry['id']}/graph").status_code == 200


def test_details(client: Client, models: Path) -> None:
    model = open_model(models / "mnet_int8.tflite")
    (entry,) = listed(client)
    for operator in range(len(model.operators)):
        found = client.get(f"/model/{entry['id']}/operator/{operator}").json
        assert (found["id"], found["op"]) == (operator, model.operators.ops[operator])
        assert [end["tensor"] for end in found["inputs"]] == model.operators.inputs[operator].tolist()
    for tensor in range(len(model.tensors)):
        found = client.get(f"/model/{entry['id']}/tensor/{tensor}").json
        assert (found["id"], found["name"]) == (tensor, model.tensors.name[tensor])
        assert found["shape"] == model.tensors.shape[tensor].tolist()
        channels = client.get(f"/model/{entry['id']}/tensor/{tensor}/channels").json
        assert channels == tensor_channels(model, tensor)
