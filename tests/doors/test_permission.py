"""Who may have a model run: pages of this server on this machine, and others only where the user says so."""

from __future__ import annotations

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from tb_tflite_plugin.permission import Permission, is_loopback

LOCAL = Permission.of("localhost", allowed=False, flag="--allow-run")
OPENED = Permission.of("0.0.0.0", allowed=True, flag="--allow-run")
OWN = {
    "Host": "localhost:6006",
    "Origin": "http://localhost:6006",
    "Sec-Fetch-Site": "same-origin",
    "X-TFLite-Viz": "1",
    "Content-Type": "application/json",
}


def asking(changes: dict[str, str | None]) -> Request:
    """A request of our own page, with some headers changed or left out."""
    headers = {name: value for name, value in {**OWN, **changes}.items() if value is not None}
    content_type = headers.pop("Content-Type", None)
    return Request(EnvironBuilder(method="POST", headers=headers, data=b"{}", content_type=content_type).get_environ())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.9.9.9"])
def test_a_server_on_loopback_runs_models_for_its_own_page(host: str) -> None:
    assert is_loopback(host)
    permission = Permission.of(host, allowed=False, flag="--allow-run")
    assert permission.why_not(asking({})) is None
    assert permission.refuse(asking({})) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "myhost", "localhost.evil.example", ""])
def test_one_that_others_reach_does_not_until_it_is_opened(host: str) -> None:
    assert not is_loopback(host)
    permission = Permission.of(host, allowed=False, flag="--tflite_allow_run")
    assert "--tflite_allow_run" in (permission.why_not(asking({})) or "")
    assert permission.refuse(asking({}))
    assert Permission.of(host, allowed=True, flag="").refuse(asking({})) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"X-TFLite-Viz": None},
        {"Content-Type": "text/plain"},  # what a form can send without asking first
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of this machine
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": None, "Origin": "http://evil.example"},
        {"Sec-Fetch-Site": None, "Origin": "null"},
        {"Sec-Fetch-Site": None, "Origin": "http://localhost:8888"},
        {"Sec-Fetch-Site": None, "Origin": None},
    ],
)
@pytest.mark.parametrize("permission", [LOCAL, OPENED])
def test_other_sites_are_refused_even_where_all_may(permission: Permission, changes: dict[str, str | None]) -> None:
    assert permission.refuse(asking(changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"Host": "evil.example:6006", "Origin": "http://evil.example:6006"},  # a name pointed at this machine
        {"Host": "192.168.1.5:6006", "Origin": "http://192.168.1.5:6006"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"Forwarded": "for=10.0.0.1"},
        {"X-Forwarded-Host": "work.example"},
        {"Origin": "https://work.example"},  # a proxy that gives the server another name
    ],
)
def test_who_comes_under_another_name_may_only_where_all_may(changes: dict[str, str | None]) -> None:
    assert LOCAL.refuse(asking(changes))
    assert OPENED.refuse(asking(changes)) is None


def test_a_browser_without_the_newer_headers_is_known_by_its_origin() -> None:
    assert LOCAL.refuse(asking({"Sec-Fetch-Site": None})) is None
