"""The application as a server of its own: for the command line, in the foreground, and for notebooks, in a thread."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from .app import App, refuse_cross_site
from .library import Library
from .permission import Permission, host_name

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def make_local_server(
    library: Library, host: str, port: int, allowed_hosts: Iterable[str] = (), *, allow_run: bool = False
) -> BaseWSGIServer:
    """A server for the command line. It runs models for pages on this machine, with ``allow_run`` for all others too.

    Requests must name the server by an address or by a name that is known to be its own: a page elsewhere whose name
    was pointed at this machine (DNS rebinding) is refused.

    Raises:
        OSError: when the address is taken or not there.
    """
    refuse = refuse_foreign_hosts({host, *_LOOPBACK_NAMES, socket.gethostname().lower(), *allowed_hosts})
    app = App(library, refuse, Permission.of(host, allowed=allow_run, flag="--allow-run"))
    server = _make(host, port, app)
    app.prepare()
    return server


class NotebookServer:
    """A server in a daemon thread of the kernel.

    It is reached through whatever names a notebook service gives it, so no name is checked; instead every path starts
    with a secret that only the notebook's own output contains.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.prefix = f"/{secrets.token_urlsafe(16)}"
        # Who knows the secret has the notebook, which runs anything.
        app = App(library, permission=Permission(everywhere=True))
        self._server = _make("127.0.0.1", 0, self._serve_below(self.prefix, app))
        threading.Thread(target=self._server.serve_forever, name="tflite-viz-server", daemon=True).start()

    @property
    def port(self) -> int:
        """The port it listens on, on the loopback interface."""
        return int(self._server.port)

    @staticmethod
    def _serve_below(prefix: str, app: App) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            if not secrets.compare_digest(path[: len(prefix) + 1].encode(), f"{prefix}/".encode()):
                return Response("not found", 404)(environ, start_response)
            inner = dict(environ, SCRIPT_NAME=environ.get("SCRIPT_NAME", "") + prefix, PATH_INFO=path[len(prefix) :])
            return app(inner, start_response)

        return serve


def refuse_foreign_hosts(own: set[str]) -> Callable[[Request], str | None]:
    """A check that the Host header is an IP address or one of the names, and that no other site asks."""

    def refuse(request: Request) -> str | None:
        host = host_name(request.headers.get("Host", ""))
        if host not in own and not _is_address(host):
            return f"this server is not called {host!r}; start it with --allow-host to serve under that name"
        origin = request.headers.get("Origin")
        if origin is not None and host_name(origin.partition("://")[2]) != host:
            return "requests from other sites are refused"
        return refuse_cross_site(request)

    return refuse


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _make(host: str, port: int, app: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]) -> BaseWSGIServer:
    # Bound here and handed over: werkzeug ends the process when it cannot bind.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=128) as listening:
        return make_server(
            host, listening.getsockname()[1], app, threaded=True, request_handler=_QuietHandler, fd=listening.fileno()
        )
