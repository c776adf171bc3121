"""Answers of the application: bodies compressed once, JSON, errors, files to be kept."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from .jsontext import dumps
from .run_store import Run

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True)
class Payload:
    """A response body, compressed once."""

    body: bytes
    content_type: str
    etag: str

    @classmethod
    def of(cls, data: bytes, content_type: str) -> Payload:
        """Compresses ``data``; a fixed time keeps equal bodies equal."""
        return cls(gzip.compress(data, 6, mtime=0), content_type, hashlib.sha256(data).hexdigest()[:32])


class TypedResponse(Response):
    """A response that keeps its type on 304, where werkzeug drops it: TensorBoard warns of every answer without one."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """The headers that are sent."""
        headers = super().get_wsgi_headers(environ)
        headers["Content-Type"] = self.headers["Content-Type"]
        return headers


def to_json(value: Any) -> bytes:
    """JSON as bytes. Names from files may hold half a surrogate pair, which has no UTF-8."""
    return dumps(value).encode("utf-8", "replace")


def answer(request: Request, payload: Payload) -> Response:
    """A payload as the request takes it: compressed or not, or not at all where it is known already."""
    response = TypedResponse(payload.body, content_type=payload.content_type)
    response.set_etag(payload.etag)
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings["gzip"] > 0:
        response.headers["Content-Encoding"] = "gzip"
    else:
        response.data = gzip.decompress(payload.body)
    return response.make_conditional(request)


def saved(request: Request, run: Run, name: str) -> Response:
    """The file of a run, to be kept."""
    response = answer(request, Payload.of(run.read(), "application/json"))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def refusal(status: int, message: str, headers: dict[str, str] | None = None, **where: Any) -> Response:
    """What is wrong, as JSON, and where."""
    body = to_json({"error": {"message": message, **where}})
    return Response(body, status, headers or {}, content_type="application/json")
