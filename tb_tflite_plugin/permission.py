"""Who may have a model run: pages of this server, on this machine, unless the user has opened it to others.

A model is hostile input, and running one is more than reading it. TensorBoard checks neither Host nor Origin, so a page
of any site could send a POST to it; what browsers add to requests and pages cannot forge keeps these out.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from werkzeug.wrappers import Request

HEADER = "X-TFLite-Viz"
"""Pages of other sites cannot send it without asking this server first, which never agrees."""

_LOOPBACK_NAMES = ("localhost",)
# What proxies add; behind one, the address that is listened on says nothing of who asks.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host")


@dataclass(frozen=True)
class Permission:
    """The rule of one server.

    Attributes:
        reason: why nobody may run models here; empty where somebody may.
        flag: the flag that opens this server to everybody who can reach it, for the texts.
        everywhere: whether those who reach it under another name than this machine's loopback may.
    """

    reason: str = ""
    flag: str = "--allow-run"
    everywhere: bool = False

    @classmethod
    def of(cls, host: str, *, allowed: bool, flag: str) -> Permission:
        """The rule of a server that listens on ``host``; ``allowed`` is whether the user gave the flag."""
        if allowed:
            return cls(flag=flag, everywhere=True)
        if is_loopback(host):
            return cls(flag=flag)
        return cls(f"this server can be reached from other machines; start it with {flag} to run models", flag)

    def why_not(self, request: Request) -> str | None:
        """Why whoever sends this request may not run models; None where they may."""
        if self.reason:
            return self.reason
        if self.everywhere:
            return None
        if not is_loopback(host_name(request.headers.get("Host", ""))):
            return f"this page was not opened under localhost; start the server with {self.flag} to run models"
        if any(name in request.headers for name in _FORWARDED):
            return f"this page is behind a proxy; start the server with {self.flag} to run models"
        return None

    def refuse(self, request: Request) -> str | None:
        """Why a request that would change something is refused; None where it is a page of this server that asks."""
        if reason := self.why_not(request):
            return reason
        if HEADER not in request.headers or request.mimetype != "application/json":
            return f"a request that starts something has the header {HEADER} and is JSON"
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin", "").partition("://")[2].lower()
        same = origin == request.headers.get("Host", "").lower()
        # Behind a proxy that renames the server only the browser knows that both are one.
        if site == "same-origin" and (same or self.everywhere):
            return None
        if site is None and origin and same:
            return None
        return "requests from other sites are refused"


def host_name(host: str) -> str:
    """The name in a Host header or an address, without the port."""
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own and reached by nobody else."""
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
