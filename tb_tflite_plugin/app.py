"""The WSGI application behind the TensorBoard tab, the standalone server and the notebook.

Every route is a read-only GET, but for two that start and stop runs (permission.py says who may). Nothing in a request
names a file: models are addressed by their id, static files are looked up in a table made from what lies in the
package.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterable
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

import numpy as np
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from . import what_if
from .analysis.containers import appended_file, appended_files
from .analysis.contents import Contents, NoContents, WrongPlace, npy
from .analysis.contents import contents as contents_of
from .analysis.delegates import delegates
from .analysis.delegates.reports import fixes_of
from .analysis.delegates.what_if import ask
from .analysis.details import operator_details, tensor_details
from .analysis.errors import ModelError
from .analysis.histogram import histogram
from .analysis.quantization.one_tensor import tensor_channels
from .analysis.reports import NAMES, analyse
from .cache import ByteCache
from .errors import NotReady, UnknownModel, UsageError
from .jobs import Busy, Jobs, UnknownJob
from .library import Library
from .permission import Permission
from .responses import Payload, TypedResponse, answer, refusal, saved, to_json
from .run_store import PREFIX, RunStore, UnknownRun
from .runtime.errors import TraceError
from .slices import encode_slice, wanted, whole_number
from .tasks import capabilities, task_of
from .wire import encode_graph, encode_report

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .analysis.model import Model

_CACHED_BYTES = 64 << 20
_SCAN_WAIT = 1.0
_MOST_ASKED_BYTES = 1 << 16
# Of a file that is appended to a model: vocabularies and labels have a few.
_MOST_FILE_BYTES = 64 << 20
# What a name from a model may not bring into a header, or into a folder of downloads.
_UNSAFE = re.compile(r"^\.+|[^A-Za-z0-9._ -]")
_MIME = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
}
# The bundler puts a hash of the content into these names.
_HASHED = re.compile(r"assets/.+-[\w-]{8}\.\w+")
# For pages of our own. TensorBoard sends a policy of its own for the page that it makes.
CONTENT_SECURITY_POLICY = (
    "default-src 'none';script-src 'self';worker-src 'self';connect-src 'self';img-src 'self' data: blob:;"
    "style-src 'self' 'unsafe-inline';base-uri 'none';form-action 'none'"
)


class App:
    """Serves a library of models and the frontend.

    Args:
        library: the models.
        refuse: looks at a request and returns why it is refused, or None.
        permission: who may have models run; nobody when not given.
    """

    def __init__(
        self,
        library: Library,
        refuse: Callable[[Request], str | None] | None = None,
        permission: Permission | None = None,
    ) -> None:
        self.library = library
        self._refuse = refuse or refuse_cross_site
        self._permission = permission or Permission("this server does not run models")
        self._jobs = Jobs()
        self._runs = RunStore(library)
        self._payloads: ByteCache[Payload] = ByteCache(_CACHED_BYTES, lambda payload: len(payload.body))
        self._static = _static_files()
        self._urls = Map(
            [
                Rule("/", endpoint=self._file, defaults={"name": "index.html"}),
                Rule("/models", endpoint=self._models),
                Rule("/model/<id>/graph", endpoint=self._graph),
                Rule("/model/<id>/report/<name>", endpoint=self._report),
                Rule("/model/<id>/fixes/<delegate>", endpoint=self._fixes),
                Rule("/model/<id>/what-if/<delegate>", endpoint=self._what_if),
                Rule("/model/<id>/what-if/<delegate>/partitions", endpoint=self._what_if_partitions),
                Rule("/model/<id>/file/<int:place>", endpoint=self._appended),
                Rule("/model/<id>/runs", endpoint=self._list_runs),
                Rule("/model/<id>/trace/<run>", endpoint=self._trace),
                Rule("/model/<id>/trace/<run>.json", endpoint=self._trace_file),
                Rule("/model/<id>/closeups/<run>", endpoint=self._closeups),
                Rule("/model/<id>/errors/<run>.json", endpoint=self._errors_file),
                Rule("/model/<id>/run", endpoint=self._start, methods=["POST"]),
                Rule("/job/<job>", endpoint=self._job),
                Rule("/job/<job>/cancel", endpoint=self._cancel, methods=["POST"]),
                Rule("/model/<id>/operator/<int:operator>", endpoint=self._operator),
                Rule("/model/<id>/tensor/<int:tensor>", endpoint=self._tensor),
                Rule("/model/<id>/tensor/<int:tensor>/histogram", endpoint=self._histogram),
                Rule("/model/<id>/tensor/<int:tensor>/slice", endpoint=self._slice),
                Rule("/model/<id>/tensor/<int:tensor>/values.npy", endpoint=self._npy),
                Rule("/model/<id>/tensor/<int:tensor>/channels", endpoint=self._channels),
                Rule("/<path:name>", endpoint=self._file),
            ],
            strict_slashes=False,
            merge_slashes=False,
            redirect_defaults=False,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers a request, as WSGI wants it."""
        request = Request(environ)
        response = self._respond(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-cache")
        return response(environ, start_response)

    def prepare(self) -> None:
        """Makes what the first page will ask for, in a thread: a page is opened as soon as a server is up."""

        def work() -> None:
            capabilities()
            for name in ("index.html", *(name for name in self._static if name.endswith(".js"))):
                self._static_payload(name)
            for entry in self.library.listing(_SCAN_WAIT)["models"][:1]:
                with contextlib.suppress(ModelError, NotReady, UnknownModel):  # whoever asks for it is told
                    self._graph_payload(entry["id"])

        threading.Thread(target=work, name="tflite-viz-prepare", daemon=True).start()

    def _respond(self, request: Request) -> Response:
        if reason := self._refuse(request):
            return refusal(403, reason)
        try:
            endpoint, arguments = self._urls.bind_to_environ(request.environ).match()
            changes = endpoint in (self._start, self._cancel)
            if request.method not in (("POST",) if changes else ("GET", "HEAD")):
                allowed = "POST" if changes else "GET, HEAD"
                return refusal(405, f"only {allowed} is served here", headers={"Allow": allowed})
            if changes and (reason := self._permission.refuse(request)):
                return refusal(403, reason)
            response: Response = endpoint(request, **arguments)
            return response
        except ModelError as error:
            self.library.rescan()
            return refusal(422, error.reason, file=error.file, offset=error.offset, table=error.table)
        except NotReady as error:
            return refusal(503, str(error), headers={"Retry-After": "1"})
        except UnknownModel:
            return refusal(404, "no model with this id is known here")
        except UnknownRun:
            return refusal(404, "the model has no such run here; of many runs the oldest are dropped")
        except UnknownJob:
            return refusal(404, "no such job is known here")
        except NoContents as error:
            return refusal(422, str(error))
        except (UsageError, WrongPlace) as error:
            return refusal(400, str(error))
        except Busy as error:
            return refusal(429, str(error))
        except TraceError as error:
            return refusal(422, error.reason, file=error.file, place=error.place)
        except HTTPException as error:
            return refusal(error.code or 500, error.description or error.name)

    def _models(self, request: Request) -> Response:
        if request.args.get("rescan"):
            self.library.rescan()
        listing = self.library.listing(_SCAN_WAIT) | {
            "version": metadata.version("tb-tflite-plugin"),
            "running": self._capabilities(request),
        }
        return answer(request, Payload.of(to_json(listing), "application/json"))

    def _graph(self, request: Request, id: str) -> Response:
        return answer(request, self._graph_payload(id))

    def _graph_payload(self, id: str) -> Payload:
        def make() -> Payload:
            return Payload.of(encode_graph(model, {"size": int(model.source.data.size)}), "application/octet-stream")

        model = self.library.model(id)
        return self._payloads.get((self.library.key(id), "graph"), make)

    def _report(self, request: Request, id: str, name: str) -> Response:
        model = self.library.model(id)
        run = self._runs.find(model.sha256, name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
        if run is None and name not in NAMES:
            raise NotFound(f"there is no report {name}")

        def make() -> Payload:
            data = encode_report(analyse(model, name)) if run is None else run.encoded_report(model)
            return Payload.of(data, "application/octet-stream")

        return answer(request, self._payloads.get((id, "report", name), make))

    def _fixes(self, request: Request, id: str, delegate: str) -> Response:
        """What accepting more would win for a delegate, with times from the newest profiles, or those asked for."""
        model, name = self.library.model(id), what_if.known(delegate)
        runs = what_if.candidates(self._runs, model, request.args.getlist("profile"))

        def make() -> Payload:
            found = fixes_of(model, name, what_if.profiles(runs, model, name))
            return Payload.of(to_json(found), "application/json")

        return answer(request, self._payloads.get((id, "fixes", name, *(run.id for run in runs)), make))

    def _what_if(self, request: Request, id: str, delegate: str) -> Response:
        """What a delegate would take if it accepted some operators, with times as above."""
        model, name = self.library.model(id), what_if.known(delegate)
        operators = what_if.operators_of(request, model)
        runs = what_if.candidates(self._runs, model, request.args.getlist("profile"))

        def make() -> Payload:
            profiles = [*what_if.profiles(runs, model, name)]
            return Payload.of(to_json(ask(model, delegates()[name], operators, profiles).as_json()), "application/json")

        key = (id, "what-if", name, what_if.key_of(operators), *(run.id for run in runs))
        return answer(request, self._payloads.get(key, make))

    def _what_if_partitions(self, request: Request, id: str, delegate: str) -> Response:
        """The partitions that there would be then, as a report over operators."""
        model, name = self.library.model(id), what_if.known(delegate)
        operators = what_if.operators_of(request, model)

        def make() -> Payload:
            found = ask(model, delegates()[name], operators).report()
            return Payload.of(encode_report(found), "application/octet-stream")

        return answer(request, self._payloads.get((id, "what-if partitions", name, what_if.key_of(operators)), make))

    def _list_runs(self, request: Request, id: str) -> Response:
        model = self.library.model(id)
        body = {
            "runs": [{"id": run.id, "kind": run.kind, **run.facts} for run in self._runs.of_model(model.sha256)],
            "jobs": self._jobs.of_model(model.sha256),
            "pending": self.library.runs_pending,
        }
        return answer(request, Payload.of(to_json(body), "application/json"))

    def _trace(self, request: Request, id: str, run: str) -> Response:
        model = self.library.model(id)
        found = self._runs.of_kind("profile", model.sha256, run)

        def make() -> Payload:
            return Payload.of(found.encoded_trace(model), "application/octet-stream")

        return answer(request, self._payloads.get((id, "trace", run), make))

    def _trace_file(self, request: Request, id: str, run: str) -> Response:
        """The trace as ``tflite-viz profile -o`` writes it, to be kept."""
        found = self._runs.of_kind("profile", self.library.model(id).sha256, run)
        return saved(request, found, f"{run}.trace.json")

    def _closeups(self, request: Request, id: str, run: str) -> Response:
        model = self.library.model(id)
        found = self._runs.of_kind("layer_error", model.sha256, run)

        def make() -> Payload:
            return Payload.of(found.encoded_closeups(model), "application/octet-stream")

        return answer(request, self._payloads.get((id, "closeups", run), make))

    def _errors_file(self, request: Request, id: str, run: str) -> Response:
        """Errors of layers as ``tflite-viz quantization --against … -o`` writes them, to be kept."""
        found = self._runs.of_kind("layer_error", self.library.model(id).sha256, run)
        return saved(request, found, f"{run}.errors.json")

    def _start(self, request: Request, id: str) -> Response:
        request.max_content_length = _MOST_ASKED_BYTES
        model = self.library.model(id)
        task = task_of(request.get_json(silent=True), model, self._runs, self.library)
        job = self._jobs.start(model.sha256, task.title, task.work)
        return TypedResponse(to_json(self._jobs.state(job)), 202, content_type="application/json")

    def _job(self, request: Request, job: str) -> Response:
        return answer(request, Payload.of(to_json(self._jobs.state(job)), "application/json"))

    def _cancel(self, request: Request, job: str) -> Response:
        self._jobs.cancel(job)
        return answer(request, Payload.of(to_json(self._jobs.state(job)), "application/json"))

    def _capabilities(self, request: Request) -> dict[str, Any]:
        """What a page may have run here, and if nothing, why."""
        able = capabilities()
        reason = self._permission.why_not(request) or able["missing"]
        return {"allowed": not reason, "reason": reason, **able}

    def _operator(self, request: Request, id: str, operator: int) -> Response:
        model = self.library.model(id)
        if operator >= len(model.operators):
            raise NotFound(f"the model has {len(model.operators)} operators")
        details = operator_details(model, np.array([operator]))[0]
        return answer(request, Payload.of(to_json(details), "application/json"))

    def _tensor(self, request: Request, id: str, tensor: int) -> Response:
        model = self._model_with(id, tensor)
        return answer(request, Payload.of(to_json(tensor_details(model, tensor)), "application/json"))

    def _channels(self, request: Request, id: str, tensor: int) -> Response:
        """Scales and values of a quantized constant, ``null`` for other tensors."""
        model = self._model_with(id, tensor)

        def make() -> Payload:
            return Payload.of(to_json(tensor_channels(model, tensor)), "application/json")

        return answer(request, self._payloads.get((id, "channels", str(tensor)), make))

    def _model_with(self, id: str, tensor: int) -> Model:
        model = self.library.model(id)
        if tensor >= len(model.tensors):
            raise NotFound(f"the model has {len(model.tensors)} tensors")
        return model

    def _histogram(self, request: Request, id: str, tensor: int) -> Response:
        channel = whole_number(request, "channel")

        def make() -> Payload:
            return Payload.of(to_json(histogram(found, channel)), "application/json")

        found = self._contents(id, tensor)
        return answer(request, self._payloads.get((id, "histogram", tensor, channel), make))

    def _slice(self, request: Request, id: str, tensor: int) -> Response:
        data = encode_slice(self._contents(id, tensor), wanted(request))
        return answer(request, Payload.of(data, "application/octet-stream"))

    def _npy(self, request: Request, id: str, tensor: int) -> Response:
        """The whole tensor as a file, read and sent in blocks."""
        real = request.args.get("values") == "real"
        size, parts = npy(self._contents(id, tensor), real=real)
        response = TypedResponse(parts if request.method == "GET" else [], content_type="application/octet-stream")
        response.headers["Content-Length"] = str(size)
        name = f"tensor-{tensor}{'-real' if real else ''}.npy"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _contents(self, id: str, tensor: int) -> Contents:
        return contents_of(self._model_with(id, tensor), tensor)

    def _appended(self, request: Request, id: str, place: int) -> Response:
        """One of the files that are appended to the model, to be kept."""
        model = self.library.model(id)
        files = appended_files(model)
        if place >= len(files):
            raise NotFound(f"{len(files)} files are appended to the model")
        data = appended_file(model, place, _MOST_FILE_BYTES)
        response = answer(request, Payload.of(data, "application/octet-stream"))
        name = _UNSAFE.sub("_", files[place].filename.rpartition("/")[2])[-100:] or "file"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _file(self, request: Request, name: str) -> Response:
        if name not in self._static:
            raise NotFound("no such page")
        response = answer(request, self._static_payload(name))
        if _HASHED.fullmatch(name):
            response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        if name.endswith(".html"):
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    def _static_payload(self, name: str) -> Payload:
        path, content_type = self._static[name], _MIME.get("." + name.rpartition(".")[2], "application/octet-stream")
        return self._payloads.get(("static", name), lambda: Payload.of(path.read_bytes(), content_type))


def refuse_cross_site(request: Request) -> str | None:
    """Refuses what another site's page asks for, by the headers that browsers add and pages cannot forge.

    Opening the page itself from elsewhere is a link and stays allowed.
    """
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.headers.get("Sec-Fetch-Mode") != "navigate":
        return "requests from other sites are refused"
    return None


def _static_files() -> dict[str, Any]:
    """The built frontend: names as requested, and where each lies."""
    files = {}
    pending = [("", resources.files(__package__) / "static")]
    while pending:
        prefix, folder = pending.pop()
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir():
                pending.append((f"{prefix}{path.name}/", path))
            else:
                files[prefix + path.name] = path
    return files
