"""The TensorBoard plugin: the models in the log directory, served by the application that everything shares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

from .app import App
from .library import Library
from .permission import Permission
from .scan import Root

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LEAST_INTERVAL = 10.0
_URL = re.compile(r"[a-zA-Z][0-9a-zA-Z.]*://")


class TFLitePlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """Shows ``.tflite`` models found below the log directory.

    It reads files only, never event data: ``multiplexer`` and plugin assets do not exist in TensorBoard's default mode.
    """

    plugin_name = "tflite"

    def __init__(self, context: base_plugin.TBContext) -> None:
        flags = context.flags
        reload_interval = float(getattr(flags, "reload_interval", None) or 0)
        self._library = Library(
            roots_of(context.logdir or "", getattr(flags, "logdir_spec", None) or ""),
            follow_links=bool(getattr(flags, "tflite_follow_links", False)),
            interval=max(_LEAST_INTERVAL, reload_interval),
        )
        host = "0.0.0.0" if getattr(flags, "bind_all", False) else getattr(flags, "host", None) or "localhost"  # noqa: S104
        allowed = bool(getattr(flags, "tflite_allow_run", False))
        self._app = App(self._library, permission=Permission.of(host, allowed=allowed, flag="--tflite_allow_run"))

    def get_plugin_apps(self) -> dict[str, Any]:
        """One application answers all routes."""
        return {"/*": self._serve}

    def is_active(self) -> bool:
        """Whether a model is known by now; TensorBoard asks in the middle of a page load, so this never waits."""
        return self._library.has_models

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """The tab's name and the module that draws it."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="TFLite")

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Strips what TensorBoard leaves in the path: ``/data/plugin/tflite``, behind any prefix."""
        inner = dict(environ)
        before, marker, after = environ["PATH_INFO"].partition(f"/data/plugin/{self.plugin_name}/")
        if marker:
            inner["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + before + marker[:-1]
            inner["PATH_INFO"] = "/" + after
        return self._app(inner, start_response)


def roots_of(logdir: str, logdir_spec: str) -> list[Root]:
    """Where to look, from ``--logdir`` and ``--logdir_spec`` (``name:path,path,…``), as TensorBoard reads them."""
    roots = [Root(logdir)] if logdir else []
    for part in filter(None, logdir_spec.split(",")):
        # The rules of tensorboard/backend/event_processing/data_ingester.py, _parse_event_files_spec (2.21).
        plain = _URL.match(part) or part.startswith("/") or ":" not in part or os.path.splitdrive(part)[0]
        name, _, path = ("", "", part) if plain else part.partition(":")
        roots.append(Root(path or ".", name))
    return roots
