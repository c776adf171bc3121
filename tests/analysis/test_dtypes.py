"""Names and widths of element types."""

from __future__ import annotations

import numpy as np
from tb_tflite_plugin.analysis import schema
from tb_tflite_plugin.analysis.dtypes import BITS, bits_of, dtype_name


def test_every_type_of_the_schema_has_a_width_or_none_by_nature() -> None:
    assert set(schema.enum_values("TensorType")) - set(BITS) == {"STRING", "RESOURCE", "VARIANT"}
    assert set(BITS) <= set(schema.enum_values("TensorType"))


def test_widths_are_looked_up_by_value() -> None:
    values = schema.enum_values("TensorType")
    types = np.array([values["INT2"], values["FLOAT64"], values["STRING"], 200], np.uint8)
    assert bits_of(types).tolist() == [2, 64, 0, 0]


def test_unknown_types_are_named_by_their_number() -> None:
    assert dtype_name(9) == "INT8"
    assert dtype_name(130) == "TYPE_130"
