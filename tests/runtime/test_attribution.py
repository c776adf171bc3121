"""Whose time it is: rows aligned with operators, what is uncertain, what fits nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tb_tflite_plugin.analysis.containers import open_model
from tb_tflite_plugin.runtime.alignment import align
from tb_tflite_plugin.runtime.attribution import attribute, paired
from tb_tflite_plugin.runtime.kernels import Fit, fit
from tb_tflite_plugin.runtime.trace import Environment, Events, ModelRef, Partition, Trace


def made(rows: str, operators: str, *, absent: str = "", elided: str = "", before: str = "") -> Fit:
    """A fit where rows and operators of the same letter belong together, and rows in ``before`` to any after them."""
    row, operator = np.array(list(rows), str), np.array(list(operators), str)
    main = row[:, None] == operator[None, :]
    return Fit(
        main=main.reshape(len(row), len(operator)),
        before=np.isin(row, list(before))[:, None] & np.ones((1, len(operator)), bool),
        after=np.zeros(len(row), bool),
        typed=np.ones((len(row), len(operator)), bool),
        several=np.isin(operator, ["s"]),
        elided=np.isin(operator, list(elided)),
        absent=np.isin(operator, list(absent)),
    )


@pytest.mark.parametrize(
    ("rows", "operators", "absent", "elided", "wanted"),
    [
        ("abc", "abc", "", "", [0, 1, 2]),
        ("ab", "xaxb", "x", "", [1, 3]),
        ("ac", "abc", "", "b", [0, 2]),
        ("abbc", "abc", "", "", [0, 1, 1, 2]),
        ("assssb", "asb", "", "", [0, 1, 1, 1, 1, 2]),
        ("aza", "aa", "", "", [0, -1, 1]),
        ("", "xy", "xy", "", []),
    ],
)
def test_alignment(rows: str, operators: str, absent: str, elided: str, wanted: list[int]) -> None:
    found = align(made(rows, operators, absent=absent, elided=elided))
    assert found.operator.tolist() == wanted
    owned = found.operator >= 0
    assert (np.isnan(found.confidence) == ~owned).all()
    assert np.isfinite(found.likelihood)


def test_certain_and_uncertain() -> None:
    sure = align(made("abc", "abc"))
    assert (sure.confidence > 0.99).all()
    # One of two equal operators has left no row; nothing says which.
    either = align(made("a", "aa", elided="a"))
    assert either.confidence[0] == pytest.approx(0.5)
    # A row before an operator, that could as well be the work of the one ahead of it.
    shared = align(made("bb", "bb", before="b"))
    assert 0.9 < shared.confidence.min() <= 1


def test_rows_that_cannot_be_divided_belong_to_nobody() -> None:
    found = align(made("aaaaaaaaaa", "x", absent="x"))
    assert found.operator.tolist() == [-1] * 10
    assert found.likelihood == -np.inf


def test_long_partitions_are_divided_in_pieces() -> None:
    generator = np.random.default_rng(0)
    operators = "".join(generator.choice(list("abcdefx"), 5000))
    rows = operators.replace("x", "")
    found = align(made(rows, operators, absent="x"))
    wanted = [place for place, letter in enumerate(operators) if letter != "x"]
    assert found.operator.tolist() == wanted


def test_groups_and_partitions() -> None:
    weights = {(0, 0): -1.0, (0, 1): -50.0, (0, 2): -50.0, (1, 0): -50.0, (1, 1): -50.0, (1, 2): -1.0}
    assert paired(2, 3, lambda g, p: weights[g, p]) == [0, 2]
    assert paired(2, 2, lambda g, p: -np.inf) == [0, 1]
    assert paired(3, 2, lambda g, p: 0.0) == [None, None, None]
    assert paired(1, 2, lambda g, p: -np.inf) == [None]
    assert paired(0, 2, lambda g, p: 0.0) == []


def trace_of(*rows: tuple[str, str, int, int, int], partitions: Sequence[Partition] = ()) -> Trace:
    """A trace from tag, kind, node, subgraph and group of every row."""
    tags, kinds, nodes, subgraphs, groups = (list(column) for column in zip(*rows, strict=True))
    events = Events.of(tags, kinds, node=nodes, subgraph=subgraphs, partition=groups, samples=[[1]] * len(rows))
    return Trace(ModelRef(), Environment(), events=events, partitions=tuple(partitions))


def owners(trace: Trace) -> list[list[int]]:
    return trace.events.operators.tolist()


MIXED = (
    ("Invoke", "invoke", -1, 0, -1),
    ("Convert (NC)", "kernel", 0, 0, 0),
    ("Convolution (NHWC, QC8) IGEMM", "kernel", 1, 0, 0),
    ("Fully Connected (NC, QS8, QC8W) GEMM", "kernel", 2, 0, 0),
    ("Convert (NC)", "kernel", 3, 0, 0),
    ("Convolution (NHWC, F32) DWConv", "kernel", 4, 0, 0),
    ("SOFTMAX", "operator", 28, 0, -1),
    ("Convert (NC)", "kernel", 0, 0, 1),
    ("something else", "kernel", 1, 0, 1),
)


def test_rows_of_a_model(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    groups = [Partition(0, -1, ""), Partition(0, -1, "")]
    exact = [Partition(0, 30, "XNNPACK", (0, 1, 2, 3, 4)), Partition(0, 31, "XNNPACK", (29,))]
    found = attribute(trace_of(*MIXED, partitions=groups), model, exact)
    assert owners(found) == [[], [0], [1], [2], [3], [4], [28], [29], []]
    assert found.events.confidence[6] == 1
    assert np.isnan(found.events.confidence[[0, 8]]).all()
    assert found.partitions == tuple(exact)
    assert found.events.partition.tolist() == [-1, 0, 0, 0, 0, 0, -1, 1, 1]
    assert "partition" in found.attribution


def test_without_partitions_all_that_did_not_run_is_one(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    groups = [Partition(0, -1, ""), Partition(0, -1, "")]
    every = [("Convert (NC)", "kernel", 0, 0, 1)]
    found = attribute(trace_of(*MIXED[:7], *every, partitions=groups), model)
    assert owners(found)[6] == [28]
    assert found.partitions == tuple(groups)
    assert "did not run themselves" in found.attribution


def test_a_partition_that_left_no_rows(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    exact = [Partition(0, 30, "X", (4,)), Partition(0, 31, "X", (0, 1)), Partition(0, 32, "X", (29,))]
    rows = [MIXED[1], MIXED[2], ("Convert (NC)", "kernel", 0, 0, 1)]
    found = attribute(trace_of(*rows, partitions=[Partition(0, -1, "")] * 2), model, exact)
    assert owners(found) == [[0], [1], [29]]
    assert found.events.partition.tolist() == [1, 1, 2]


def test_a_delegate_as_a_whole(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    exact = [Partition(0, 30, "GPU", (0, 1, 2)), Partition(0, 31, "GPU", (29,))]
    found = attribute(trace_of(("GPU", "operator", 30, 0, -1), ("GPU", "delegate", 31, 0, -1)), model, exact)
    # Of a partition with several operators nothing says which: its time stays apart.
    assert owners(found) == [[], [29]]
    assert found.events.partition.tolist() == [0, 1]


def test_rows_from_elsewhere_that_fit_nothing(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    found = attribute(
        trace_of(
            ("CONV_2D", "operator", 1000, 0, -1),
            ("CONV_2D", "operator", 3, 7, -1),
            ("conv_generic", "kernel", 0, 0, 0),
            ("conv_generic", "kernel", 0, 9, 1),
            ("SOFTMAX", "operator", -1, 0, -1),
            partitions=[Partition(0, -1, ""), Partition(9, -1, "")],
        ),
        model,
    )
    assert owners(found) == [[], [], [], [], []]


def test_what_prepares_constants_has_no_rows(models: Path) -> None:
    model = open_model(models / "mnet_pruned80_sparse_fp16.tflite")
    ops = model.operators.ops
    found = fit(model, ["Convolution (NHWC, F32) IGEMM"], np.arange(len(ops)))
    assert [op for op, gone in zip(ops, found.absent.tolist(), strict=True) if gone].count("DEQUANTIZE") == ops.count(
        "DEQUANTIZE"
    )
    assert not found.absent[[row for row, op in enumerate(ops) if op not in ("DEQUANTIZE", "DENSIFY")]].any()
    computed = open_model(models / "mnet_int8_mixed.tflite")
    assert not fit(computed, ["Convert (NC)"], np.arange(len(computed.operators))).absent.any()


def test_number_types_and_quantization_on_the_way(models: Path) -> None:
    model = open_model(models / "mnet_int8_mixed.tflite")
    conv, depthwise = model.operators.ops.index("CONV_2D"), model.operators.ops.index("DEPTHWISE_CONV_2D")
    rows = [
        "Convolution (NHWC, QC8) IGEMM",
        "Convolution (NHWC, F32) DWConv",
        "Convert (NC, F32, QD8)",
        "Copy (NC, X8)",
    ]
    found = fit(model, rows, np.array([conv, depthwise]))
    assert found.typed[:2].tolist() == [[True, False], [False, True]]
    assert found.main[:2].all()
    assert found.before[2].tolist() == [True, True]
    assert not found.main[2].any()
    assert found.typed[3].tolist() == [True, False]
