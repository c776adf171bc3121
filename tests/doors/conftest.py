"""What the tests of the doors share: a client of the application, processes with an address, models made to measure."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from werkzeug.test import Client

from tb_tflite_plugin.app import App
from tb_tflite_plugin.library import Library
from tb_tflite_plugin.permission import Permission
from tb_tflite_plugin.scan import Root

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "tests" / ".cache"
# How long anything may take before a test gives up; no test passes or fails by being faster than this.
PATIENCE_S = 120


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def mnet(models: Path) -> Path:
    """A quantized convolutional network."""
    return models / "mnet_int8.tflite"


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A container of two models."""
    path = tmp_path_factory.mktemp("bundle") / "two.task"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("tiny_mlp", "mnet_int8"):
            archive.write(models / f"{name}.tflite", f"{name}.tflite")
    return path


@pytest.fixture(scope="session")
def made_model() -> Callable[..., bytes]:
    """Makes a model of one custom operator whose every name is ``name`` and whose output has these scales."""

    def build(name: str = "made", scales: Sequence[float] = ()) -> bytes:
        quantization = tfl.QuantizationParametersT(scale=list(scales), zeroPoint=[0] * len(scales)) if scales else None
        tensors = [
            tfl.TensorT(shape=[1, 4], type=tfl.TensorType.INT8, name=f"{name}/{i}", quantization=quantization)
            for i in range(2)
        ]
        names = [tfl.TensorMapT(name=name, tensorIndex=i) for i in range(2)]
        model = tfl.ModelT(
            version=3,
            description=name,
            operatorCodes=[
                tfl.OperatorCodeT(
                    builtinCode=tfl.BuiltinOperator.CUSTOM,
                    deprecatedBuiltinCode=tfl.BuiltinOperator.CUSTOM,
                    customCode=name,
                    version=1,
                )
            ],
            subgraphs=[
                tfl.SubGraphT(
                    name=name,
                    tensors=tensors,
                    operators=[tfl.OperatorT(inputs=[0], outputs=[1])],
                    inputs=[0],
                    outputs=[1],
                )
            ],
            buffers=[tfl.BufferT()],
            metadata=[tfl.MetadataT(name=name, buffer=0)],
            signatureDefs=[tfl.SignatureDefT(signatureKey=name, inputs=names[:1], outputs=names[1:], subgraphIndex=0)],
        )
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    return build


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., Any]:
    """Asks again until the answer is true, and returns it."""

    def wait(ask: Callable[[], Any], what: str = "it") -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (answer := ask()):
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.02)
        return answer

    return wait


@pytest.fixture(scope="session")
def settled(wait_for: Callable[..., Any]) -> Callable[[Library], dict[str, Any]]:
    """Waits until a library has looked through everything and hashed what it can; returns its listing."""

    def wait(library: Library) -> dict[str, Any]:
        def done() -> dict[str, Any] | None:
            listing = library.listing(1.0)
            pending = [m for m in listing["models"] if m["sha256"] is None and m["error"] is None]
            return None if listing["scan"]["running"] or pending else listing

        found: dict[str, Any] = wait_for(done, "the library")
        return found

    return wait


@pytest.fixture
def serve(settled: Callable[[Library], dict[str, Any]]) -> Callable[..., Client]:
    """A client of the application over some paths, once these have been looked through."""

    def make(*paths: Path, **options: Any) -> Client:
        library = Library([Root(str(path)) for path in paths], **options)
        settled(library)
        return Client(App(library))

    return make


@pytest.fixture(scope="session")
def tflite_viz() -> Path:
    """The command that the package installs."""
    return Path(sys.executable).parent / "tflite-viz"


@pytest.fixture(scope="session")
def viz(tflite_viz: Path) -> Callable[..., subprocess.CompletedProcess[Any]]:
    """Runs the command into pipes."""

    def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[Any]:
        given = {"capture_output": True, "text": True, "timeout": 200, **options}
        return subprocess.run([tflite_viz, *arguments], check=False, **given)

    return run


@pytest.fixture(scope="session")
def on_terminal(tflite_viz: Path) -> Callable[..., str]:
    """What a command shows on a terminal of 100 columns."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")

    def show(*arguments: str | Path) -> str:
        leader, follower = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        process = subprocess.Popen(
            [tflite_viz, *arguments], stdout=follower, stderr=follower, stdin=follower, env=environment
        )
        os.close(follower)
        shown = b""
        while True:
            try:
                block = os.read(leader, 65536) if select.select([leader], [], [], 60)[0] else b""
            except OSError:  # how Linux says that the other end is closed
                block = b""
            if not block:
                break
            shown += block
        os.close(leader)
        assert process.wait(60) == 0, shown
        return shown.decode()

    return show


@pytest.fixture(scope="session")
def printed(viz: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., str]:
    """What a command prints that ends well."""

    def run(*arguments: str | Path) -> str:
        result = viz(*arguments)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    return run


@pytest.fixture(scope="session")
def facts(printed: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """What a command prints as JSON."""

    def read(*arguments: str | Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(printed(*arguments, "--json"))
        return found

    return read


@dataclass(frozen=True)
class Answer:
    """What a server said. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def decode_container(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and columns of a container."""
    assert data[:4] == b"TFV1"
    length = int.from_bytes(data[4:8], "little")
    header = json.loads(data[8 : 8 + length])
    start = -(-(8 + length) // 8) * 8
    assert len(data) % 8 == 0
    columns = {}
    for entry in header.pop("columns"):
        at = start + entry["offset"]
        assert at % 8 == 0, "a typed array needs alignment"
        values = np.frombuffer(data, "<" + entry["type"], entry["length"], at)
        columns[entry["name"]] = np.cumsum(values, dtype=np.int64) if entry["delta"] else values
    return header, columns


@pytest.fixture(scope="session")
def decode() -> Callable[[bytes], tuple[dict[str, Any], dict[str, np.ndarray]]]:
    """Reads a container from its description alone."""
    return decode_container


class Server:
    """An application that may run models, asked as its own page asks."""

    OWN: ClassVar = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin", "X-TFLite-Viz": "1"}
    decode = staticmethod(decode_container)

    def __init__(self, library: Library, wait_for: Callable[..., Any]) -> None:
        self.client = Client(App(library, permission=Permission()))
        self._wait_for = wait_for

    def post(self, path: str, body: Any, **headers: str) -> Any:
        sent = {**self.OWN, "Content-Type": "application/json", **headers}
        return self.client.post(path, data=json.dumps(body), headers=sent)

    def runs(self, model: str) -> list[dict[str, Any]]:
        return list(self.client.get(f"/model/{model}/runs").json["runs"])

    def ended(self, started: Any) -> dict[str, Any]:
        assert started.status_code == 202, started.json
        path = f"/job/{started.json['id']}"
        self._wait_for(lambda: self.client.get(path).json["state"] not in ("waiting", "running"), "the end of a job")
        return dict(self.client.get(path).json)


@pytest.fixture
def serve_runs(settled: Callable[[Library], Any], wait_for: Callable[..., Any]) -> Callable[..., Server]:
    """Starts an application on paths that may run models, and waits until it knows what lies there."""

    def make(*paths: Path) -> Server:
        library = Library([Root(str(path)) for path in paths])
        settled(library)
        wait_for(lambda: not library.runs_pending, "the logged runs")
        return Server(library, wait_for)

    return make


@pytest.fixture(scope="session")
def fetch() -> Callable[..., Answer]:
    """One request, sent exactly as given: nothing is normalised, followed or decompressed."""

    def ask(url: str, headers: Mapping[str, str] | None = None, method: str = "GET", path: str | None = None) -> Answer:
        parts = urlsplit(url)
        given = {"Host": parts.netloc, **(headers or {})}
        target = path if path is not None else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with contextlib.closing(
            http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
        ) as link:
            # http.client refuses targets that a browser would not send; a hostile client does not ask it.
            link._validate_path = lambda url: None
            link.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                link.putheader(name, value)
            link.endheaders()
            response = link.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    return ask


@dataclass(frozen=True)
class Running:
    """A server process: where it answers and what it has printed so far."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    def log(self) -> str:
        """Everything it printed, on stdout and stderr."""
        return self.output.read_text("utf-8", "replace")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, wait_for: Callable[..., Any]) -> Callable[..., Any]:
    """Starts a server, waits for the address that it prints, and ends it afterwards."""

    @contextlib.contextmanager
    def start(command: Sequence[str | Path], **options: Any) -> Iterator[Running]:
        output = tmp_path_factory.mktemp("process") / "output.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(list(map(str, command)), stdout=file, stderr=subprocess.STDOUT, **options)
        try:

            def address() -> str | None:
                text = output.read_text("utf-8", "replace")
                assert process.poll() is None, f"ended with {process.returncode}:\n{text}"
                found = re.search(r"http://\S+(?=\s)", text)
                return found[0] if found else None

            yield Running(wait_for(address, "an address"), process, output)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    return start


@dataclass(frozen=True)
class Distribution:
    """What ``python -m build`` made, and the tree that it was made from."""

    sdist: Path
    wheel: Path
    tree: Path


@pytest.fixture(scope="session")
def distribution() -> Distribution:
    """The sdist and the wheel of the working tree, built in a copy of it; kept until a file in it changes."""
    left_out = shutil.ignore_patterns(
        ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "node_modules", "static", "tests", "benchmarks",
        "docs", "build", "dist", "coverage", "*.egg-info", "demo-logdir",
    )  # fmt: skip
    fresh = CACHE / "build" / f"new-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(ROOT, fresh / "tree", ignore=left_out)
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(path for path in (fresh / "tree").rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(fresh)}\0".encode() + path.read_bytes() + b"\0")
    kept = CACHE / "build" / digest.hexdigest()[:16]
    if not kept.exists():
        try:
            command = [sys.executable, "-m", "build", "--outdir", fresh / "dist", fresh / "tree"]
            built = subprocess.run(command, capture_output=True, text=True, check=False)
            assert built.returncode == 0, built.stdout[-5000:] + built.stderr[-5000:]
            shutil.rmtree(fresh / "tree" / "frontend" / "node_modules", ignore_errors=True)
            for old in (CACHE / "build").iterdir():
                if old != kept and not old.name.startswith("new-"):
                    shutil.rmtree(old)
            if not kept.exists():
                fresh.rename(kept)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(fresh, ignore_errors=True)
    return Distribution(next(kept.glob("dist/*.tar.gz")), next(kept.glob("dist/*.whl")), kept / "tree")
