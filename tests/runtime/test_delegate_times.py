"""A profile as estimates for a delegate use it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.analysis.delegates import delegates
from tb_tflite_plugin.runtime.delegate_times import goes_by, measured
from tb_tflite_plugin.runtime.profiler import Settings, profile
from tb_tflite_plugin.runtime.trace import Environment, Events, ModelRef, Partition, Timing, Trace


def trace(**environment: object) -> Trace:
    events = Events.of(
        ["a", "b"], ["kernel", "operator"], samples=np.repeat([[30_000], [20_000]], 8, 1), operators=[[0], [2]]
    )
    return Trace(
        ModelRef(),
        Environment(**environment),  # type: ignore[arg-type]
        events=events,
        profiled=Timing(np.full(8, 100_000)),
        partitions=(Partition(0, 3, "TfLiteXNNPackDelegate", (0, 1)), Partition(0, 4, "Other", None)),
    )


def test_times_and_where_they_ran(models: Path) -> None:
    model = open_model(models / "tiny_mlp.tflite")
    where = {"delegates": ("TfLiteXNNPackDelegate",), "threads": 2, "device": "phone", "cpu": "A76", "clock_ns": 1000}
    found = measured(trace(**where), model, "xnnpack", "run 1")
    np.testing.assert_array_equal(found.us, [30, np.nan, 20])
    assert found.inside.tolist() == [True, True, False]
    assert (found.total_us, found.step_us) == (100, 1)
    assert found.label == "run 1 (TfLiteXNNPackDelegate, 2 threads, phone A76)"
    assert not measured(trace(**where), model, "gpu", "run 1").inside.any()
    assert measured(trace(), model, "gpu", "run 1").label == "run 1"
    assert measured(trace(kernels="builtin"), model, "gpu", "a").label == "a (builtin kernels)"
    assert found.machine != measured(trace(**{**where, "threads": 1}), model, "xnnpack", "run 1").machine


@pytest.mark.parametrize(
    ("runtime_name", "names"),
    [
        ("TfLiteXNNPackDelegate", {"xnnpack"}),
        ("XNNPACK", {"xnnpack"}),
        ("TfLiteGpuDelegateV2", {"gpu", "gpu-legacy"}),
        ("TfLiteNnapiDelegate", {"nnapi"}),
        ("TfLiteCoreMlDelegate", {"coreml"}),
        ("TfLiteHexagonDelegate", {"hexagon"}),
        ("EdgeTpuDelegateForCustomOp", {"edgetpu"}),
        ("ethos-u", {"ethos-u"}),
        ("", set()),
    ],
)
def test_names_of_delegates(runtime_name: str, names: set[str]) -> None:
    assert {name for name in delegates() if goes_by(runtime_name, name)} == names


def test_a_real_profile(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    found = profile(model, Settings(runs=20, warmup=2))
    mine = measured(found, model, "xnnpack", "here")
    assert mine.inside.sum() == 29
    assert model.operators.ops[int(np.flatnonzero(~mine.inside)[0])] == "SOFTMAX"
    assert 0 < np.nansum(mine.us) <= mine.total_us
    assert not measured(found, model, "gpu", "here").inside.any()
