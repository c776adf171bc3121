"""The ceilings of the machine."""

from __future__ import annotations

from typing import Any

import pytest
from tb_tflite_plugin.runtime import ceilings, worker
from tb_tflite_plugin.runtime.errors import RuntimeCrash


def test_both_are_measured_with_the_threads_asked_for() -> None:
    phases: list[str] = []
    found = ceilings.measure(2, progress=lambda phase, done, total: phases.append(phase))
    # A machine that runs these tests multiplies more than a million times a second and fewer than 10^16 times.
    assert 1e6 < found.flop_per_s < 1e16
    assert 1e6 < found.bytes_per_s < 1e15
    assert found.threads == 2
    assert "2 threads" in found.how
    assert "numpy" in found.how
    assert found.to_json().keys() == {"flop_per_s", "bytes_per_s", "threads", "how"}
    assert phases


@pytest.mark.parametrize(
    "answer",
    [{}, None, {"flop_per_s": 0, "bytes_per_s": 1, "how": ""}, {"flop_per_s": "x", "bytes_per_s": 1, "how": ""},
     {"flop_per_s": float("nan"), "bytes_per_s": 1, "how": ""}],
)  # fmt: skip
def test_a_child_that_answers_nonsense(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    monkeypatch.setattr(worker, "run", lambda *_, **__: answer)
    with pytest.raises(RuntimeCrash):
        ceilings.measure(1)
