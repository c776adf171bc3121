"""Columns of lists and of texts."""

from __future__ import annotations

import numpy as np
from tb_tflite_plugin.analysis.ragged import Ragged, Strings, distinct_sums, kinds_of, offsets_of


def test_rows_counts_and_lists_agree() -> None:
    column = Ragged(offsets_of(np.array([2, 0, 3])), np.arange(5, dtype=np.int32))
    assert len(column) == 3
    assert column.tolist() == [row.tolist() for row in column] == [[0, 1], [], [2, 3, 4]]
    assert column.counts.tolist() == [2, 0, 3]
    assert column.rows.tolist() == [0, 0, 2, 2, 2]


def test_take_repeats_and_reorders_rows() -> None:
    column = Ragged(offsets_of(np.array([2, 0, 3])), np.arange(5, dtype=np.int32))
    assert column.take(np.array([2, 1, 0, 2])).tolist() == [[2, 3, 4], [], [0, 1], [2, 3, 4]]
    assert column.take(np.zeros(0, np.int64)).tolist() == []


def test_distinct_sums_count_an_id_once_in_a_row_and_negative_ones_not_at_all() -> None:
    column = Ragged.of([[0, 2, 0], [], [-1, 1], [2]])
    assert distinct_sums(column, np.array([1, 10, 100])).tolist() == [101, 0, 10, 100]
    assert distinct_sums(Ragged.of([]), np.zeros(0)).tolist() == []


def test_equal_rows_have_equal_numbers() -> None:
    kinds = Ragged.of([[1, 2], [], [2, 1], [1, 2], [1], [], [1, 2, 0]]).kinds().tolist()
    assert [kinds.index(kind) for kind in kinds] == [0, 1, 2, 0, 4, 1, 6]
    columns = [np.array([1, 0, 1, 1]), np.array([-1, 5, -1, 0], np.int32), np.array([True, False, True, True])]
    assert len(set(kinds_of(columns, 4).tolist())) == 3
    assert kinds_of(columns, 4)[0] == kinds_of(columns, 4)[2]
    assert kinds_of([], 2).tolist() == [0, 0]
    assert Ragged.of([]).kinds().tolist() == kinds_of([np.zeros(0)], 0).tolist() == []


def test_an_empty_column_has_no_rows() -> None:
    column = Ragged(offsets_of(np.zeros(0, np.int64)), np.zeros(0, np.int32))
    assert (len(column), column.tolist(), column.rows.tolist()) == (0, [], [])


def test_texts_are_utf8_and_what_is_not_reads_as_replacement_characters() -> None:
    for texts in ([b"ab", b"", b"c"], [b"\xc3\xa9", b"\xff", b"a\xc3"]):
        column = Strings(offsets_of(np.array([len(text) for text in texts])), np.frombuffer(b"".join(texts), np.uint8))
        wanted = [text.decode("utf-8", "replace") for text in texts]
        assert column.tolist() == list(column) == [column[row] for row in range(len(column))] == wanted
