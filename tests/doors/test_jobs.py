"""The queue of what pages have asked for: one at a time, and an end for everything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tb_tflite_plugin.runtime.errors import RuntimeCancelled, RuntimeCrash

from tb_tflite_plugin.jobs import Busy, Jobs, UnknownJob

OPEN = ("waiting", "running")


class Gate:
    """Work that goes on until it is let through or cancelled, and counts how many go on at once."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.running = 0
        self.most = 0

    def work(self, progress: Callable[[str, int, int], None], cancel: threading.Event) -> str:
        self.running += 1
        self.most = max(self.most, self.running)
        progress("inferences", 3, 7)
        try:
            while not self.open.wait(0.01):
                if cancel.is_set():
                    raise RuntimeCancelled("stopped")
        finally:
            self.running -= 1
        return "result"


@pytest.fixture
def ended(wait_for: Callable[..., Any]) -> Callable[[Jobs, str], dict[str, Any]]:
    """Waits for the end of a job and returns its state."""

    def wait(jobs: Jobs, job: str) -> dict[str, Any]:
        wait_for(lambda: jobs.state(job)["state"] not in OPEN, "the end of a job")
        return jobs.state(job)

    return wait


def test_one_runs_at_a_time_and_in_order(wait_for: Callable[..., Any], ended: Callable[..., Any]) -> None:
    jobs, gate = Jobs(), Gate()
    first, second, third = (jobs.start("m", name, gate.work) for name in "abc")
    wait_for(lambda: jobs.state(first)["phase"] == "inferences", "the first")
    state = jobs.state(first)
    assert (state["state"], state["done"], state["total"], state["title"]) == ("running", 3, 7, "a")
    assert [jobs.state(job)["ahead"] for job in (second, third)] == [1, 2]
    assert [job["id"] for job in jobs.of_model("m")] == [first, second, third]
    assert jobs.of_model("another") == []
    gate.open.set()
    assert [ended(jobs, job)["result"] for job in (first, second, third)] == ["result"] * 3
    assert gate.most == 1
    assert jobs.of_model("m") == []


def test_too_many_are_refused_until_one_ends(ended: Callable[..., Any]) -> None:
    jobs, gate = Jobs(), Gate()
    started = [jobs.start("m", "", gate.work) for _ in range(4)]
    with pytest.raises(Busy):
        jobs.start("m", "", gate.work)
    jobs.cancel(started[-1])
    started[-1] = jobs.start("m", "", gate.work)
    gate.open.set()
    assert {ended(jobs, job)["state"] for job in started} == {"done"}


def test_cancel(wait_for: Callable[..., Any], ended: Callable[..., Any]) -> None:
    jobs, gate, untouched = Jobs(), Gate(), Gate()
    running, waiting = jobs.start("m", "", gate.work), jobs.start("m", "", untouched.work)
    wait_for(lambda: jobs.state(running)["state"] == "running", "the first")
    jobs.cancel(waiting)
    assert jobs.state(waiting)["state"] == "cancelled"
    jobs.cancel(running)
    assert ended(jobs, running) | {"seconds": 0} == jobs.state(running) | {"seconds": 0}
    assert jobs.state(running)["state"] == "cancelled"
    assert untouched.most == 0, "what was cancelled while it waited never began"
    jobs.cancel(running)
    assert jobs.state(running)["state"] == "cancelled"


def test_a_failure_says_what_it_was_and_others_go_on(ended: Callable[..., Any]) -> None:
    def crash(progress: Any, cancel: Any) -> str:
        raise RuntimeCrash("SIGSEGV in first inference", "x" * 10_000)

    def fail(progress: Any, cancel: Any) -> str:
        raise ZeroDivisionError("by nothing")

    jobs = Jobs()
    crashed, failed, done = (jobs.start("m", "", work) for work in (crash, fail, lambda progress, cancel: "id"))
    error = ended(jobs, crashed)["error"]
    assert (error["kind"], error["message"], len(error["log"])) == ("RuntimeCrash", "SIGSEGV in first inference", 4000)
    assert ended(jobs, failed)["error"]["message"] == "ZeroDivisionError: by nothing"
    assert ended(jobs, done)["result"] == "id"


def test_old_ones_are_forgotten(ended: Callable[..., Any]) -> None:
    jobs = Jobs()
    ids = []
    for _ in range(60):
        ids.append(jobs.start("m", "", lambda progress, cancel: "id"))
        ended(jobs, ids[-1])
    with pytest.raises(UnknownJob):
        jobs.state(ids[0])
    assert jobs.state(ids[-1])["state"] == "done"
    with pytest.raises(UnknownJob):
        jobs.cancel("nothing")
