"""The schema as data agrees with the classes that ai-edge-litert ships, and says what to add when they move on."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl
from tb_tflite_plugin.analysis import schema

# Of LiteRT-LM's container, which ai-edge-litert has no classes for.
CONTAINER_NAMES = {
    "LiteRTLMMetaData", "SystemMetadata", "SectionMetadata", "SectionObject", "KeyValuePair", "StringValue",
    "AnySectionDataType", "VData",
}  # fmt: skip
# Of TFLITE_METADATA likewise: tests/analysis/test_metadata.py compares with what its own package wrote.
METADATA_NAMES = {
    "AssociatedFile", "FeatureProperties", "ImageSize", "ImageProperties", "AudioProperties", "BoundingBoxProperties",
    "ValueRange", "Content", "NormalizationOptions", "ScoreCalibrationOptions", "ScoreThresholdingOptions",
    "BertTokenizerOptions", "SentencePieceTokenizerOptions", "RegexTokenizerOptions", "ProcessUnit", "Stats",
    "TensorGroup", "TensorMetadata", "CustomMetadata", "SubGraphMetadata", "ModelMetadata", "AssociatedFileType",
    "ColorSpaceType", "BoundingBoxType", "CoordinateType", "ScoreTransformationType", "ContentProperties",
    "ProcessUnitOptions",
}  # fmt: skip
WIDTHS = {
    "BoolFlags": "b1", "Int8Flags": "i1", "Uint8Flags": "u1", "Int16Flags": "i2", "Uint16Flags": "u2",
    "Int32Flags": "i4", "Uint32Flags": "u4", "Int64Flags": "i8", "Uint64Flags": "u8",
    "Float32Flags": "f4", "Float64Flags": "f8",
}  # fmt: skip

Row = list[Any]


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    return json.loads(Path(schema.__file__).with_name("schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return generated()


def test_schema_agrees_with_the_generated_classes(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert len(theirs["tables"]) > 150
    assert not differences(ours, theirs), "schema.json:\n" + "\n".join(differences(ours, theirs))


def test_a_difference_is_reported_as_what_to_write(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    older = copy.deepcopy(ours)
    older["tables"]["Tensor"].pop()
    older["tables"]["OperatorCode"][2] = ["version", "i4"]
    del older["tables"]["CastOptions"]
    del older["enums"]["TensorType"][1]["UINT4"]
    older["unions"]["BuiltinOptions2"].pop()
    assert differences(older, theirs) == [
        'tables.Tensor: slot 10 is to be ["external_buffer", "u4"]',
        'tables.CastOptions: add [["in_data_type", "i1"], ["out_data_type", "i1"]], with enum:Name for what is an enum',
        'tables.OperatorCode: slot 2 is to be ["version", "i4", 1]',
        'enums.TensorType: add "UINT4": 20',
        'unions.BuiltinOptions2: place 23 is to be "StablehloCaseOptions"',
    ]


def test_deprecated_slots_are_not_fields(ours: dict[str, Any]) -> None:
    assert "deprecated_tag" not in schema.fields("SignatureDef")
    assert schema.fields("SignatureDef")["subgraph_index"].slot == 4
    assert schema.slots("SignatureDef") == 5


def test_types_name_tables_enums_and_unions_that_exist(ours: dict[str, Any]) -> None:
    kinds = {"table": ours["tables"], "enum": ours["enums"], "union": ours["unions"]}
    for table in ours["tables"]:
        for name, field in schema.fields(table).items():
            kind, _, referred = field.element.partition(":")
            assert not referred or referred in kinds[kind], (table, name)
            if kind == "union":
                assert schema.fields(table)[f"{name}_type"].slot == field.slot - 1
    members = [member for union in ours["unions"].values() for member in union[1:]]
    container = ours["unions"]["VData"]
    assert set(members) - set(container) <= set(ours["tables"])


def test_every_table_has_the_dtype_of_its_scalars() -> None:
    assert schema.fields("Tensor")["type"].dtype == "i1"
    assert schema.fields("Tensor")["is_variable"].dtype == "u1"
    assert schema.fields("Buffer")["offset"].dtype == "<u8"
    assert schema.fields("OperatorCode")["builtin_code"].dtype == "<i4"
    assert schema.fields("QuantizationParameters")["zero_point"].dtype == "<i8"


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """What has to change in ``ours``, in the words of the file."""
    found = []
    for table, rows in theirs["tables"].items():
        if table not in ours["tables"]:
            found.append(f"tables.{table}: add {json.dumps(rows)}, with enum:Name for what is an enum")
            continue
        mine = [plain(row, ours) for row in ours["tables"][table]]
        for slot, (row, wanted) in enumerate(zip_longest(mine, rows)):
            if wanted is None:
                found.append(f"tables.{table}: slot {slot} is to be removed, or deprecated")
            elif row is None or (row[1:] != wanted[1:]) or letters(row[0]) != letters(wanted[0]):
                found.append(f"tables.{table}: slot {slot} is to be {json.dumps(wanted)}")
    for enum, values in theirs["enums"].items():
        known = ours["enums"].get(enum, [None, {}])[1]
        found += [f'enums.{enum}: add "{name}": {value}' for name, value in values.items() if known.get(name) != value]
        found += [f'enums.{enum}: remove "{name}"' for name in known if name not in values]
    for union, members in theirs["unions"].items():
        for place, (mine_member, wanted) in enumerate(zip_longest(ours["unions"].get(union, []), members)):
            if mine_member != wanted:
                found.append(f'unions.{union}: place {place} is to be "{wanted}"')
    for kind in ("tables", "enums", "unions"):
        extra = sorted(set(ours[kind]) - set(theirs[kind]) - CONTAINER_NAMES - METADATA_NAMES)
        found += [f"{kind}.{name}: remove" for name in extra]
    return found


def plain(row: Row, ours: dict[str, Any]) -> Row | None:
    """A row of ours without what the classes do not tell: enums are numbers to them, unions have no name."""
    name, kind, *default = row
    if kind == "deprecated":
        return None
    inner = kind.strip("[]")
    if inner.startswith("enum:"):
        kind = kind.replace(inner, ours["enums"][inner[5:]][0])
    return [name, "union" if inner.startswith("union:") else kind, *default]


def zip_longest(first: list[Any], second: list[Any]) -> list[tuple[Any, Any]]:
    """Pairs of the two; a slot that is None on both sides is equal."""
    length = max(len(first), len(second))
    pairs = zip(first + [None] * (length - len(first)), second + [None] * (length - len(second)), strict=True)
    return [pair if pair != (None, None) else ([""], [""]) for pair in pairs]


def generated() -> dict[str, Any]:
    """Tables, enums and unions as the source of the generated classes has them."""
    source = inspect.getsource(tfl)
    lines, module = source.splitlines(), ast.parse(source)
    starts = re.findall(r"^def (\w+)Start\(builder\):\n    builder\.StartObject\((\d+)\)", source, re.MULTILINE)
    counts = {name: int(count) for name, count in starts}
    classes = [cls for cls in module.body if isinstance(cls, ast.ClassDef)]
    tables = {cls.name: table_rows(cls, lines, counts[cls.name]) for cls in classes if cls.name in counts}
    constants = {cls.name: members(cls.name) for cls in classes if members(cls.name)}
    unions = {name: list(values) for name, values in constants.items() if set(values) - {"NONE"} <= set(tables)}
    assert all(list(constants[name].values()) == list(range(len(places))) for name, places in unions.items())
    return {"tables": tables, "unions": unions, "enums": {k: v for k, v in constants.items() if k not in unions}}


def members(name: str) -> dict[str, int]:
    """The constants of a class; only those of enums and unions have any."""
    return {key: value for key, value in vars(getattr(tfl, name)).items() if isinstance(value, int) and key[0] != "_"}


def table_rows(cls: ast.ClassDef, lines: list[str], count: int) -> list[Row | None]:
    """The rows of a table, None for slots without an accessor."""
    rows: list[Row | None] = [None] * count
    methods = [method for method in cls.body if isinstance(method, ast.FunctionDef)]
    names = {method.name for method in methods}
    for method in methods:
        text = "\n".join(lines[method.lineno - 1 : method.end_lineno])
        offset = re.search(r"self\._tab\.Offset\((\d+)\)", text)
        if offset is not None and not is_helper(method.name, names):
            rows[(int(offset[1]) - 4) // 2] = [snake(method.name), *kind_and_default(method, text)]
    return rows


def is_helper(name: str, names: set[str]) -> bool:
    """Whether a method only says something about another one's vector."""
    ending = next((end for end in ("AsNumpy", "Length", "IsNone") if name.endswith(end)), None)
    return ending is not None and name.removesuffix(ending) in names


def kind_and_default(method: ast.FunctionDef, text: str) -> Row:
    is_vector = "self._tab.Vector(" in text
    made = re.search(r"obj = (\w+)\(", text)
    if "self._tab.Union(" in text:
        kind = "union"
    elif "self._tab.String(" in text:
        kind = "str"
    elif made:
        kind = f"table:{made[1]}"
    else:
        (flags,) = re.findall(r"self\._tab\.Get\(flatbuffers\.number_types\.(\w+),", text)
        kind = WIDTHS[flags]
    last = method.body[-1]
    assert isinstance(last, ast.Return)
    default = ast.literal_eval(last.value) if last.value else None
    if is_vector:
        return [f"[{kind}]"]
    return [kind, default] if default else [kind]


def letters(name: str) -> str:
    """A name without what the two styles of writing it differ in."""
    return name.replace("_", "").lower()


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
