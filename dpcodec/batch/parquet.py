"""The door to pyarrow: a manifest as a table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def write_table(rows: Callable[[], Iterator[Row]], path: Path, group: int) -> None:
    """Write rows as a Parquet file, `group` rows at a time; it appears when it is whole.

    A column for each name that a row has, null where another lacks it; what is neither number, text nor truth
    value, and columns whose rows differ in kind, stand as JSON.
    """
    import pyarrow
    import pyarrow.parquet

    kinds: dict[str, set[type]] = {}
    for row in rows():
        for name, value in row.items():
            kinds.setdefault(name, set()).add(type(value))
    types = {name: _type(kind - {type(None)}, pyarrow) for name, kind in kinds.items()}
    schema = pyarrow.schema(list(types.items()))
    fresh = path.with_name(f".{path.name}.new")
    source = rows()
    with pyarrow.parquet.ParquetWriter(fresh, schema) as writer:
        while some := list(itertools.islice(source, group)):
            columns = {name: [_cell(row.get(name), kinds[name]) for row in some] for name in types}
            writer.write_table(pyarrow.table(columns, schema=schema))
    fresh.replace(path)


def _type(kinds: set[type], pyarrow: Any) -> Any:
    if kinds == {bool}:
        return pyarrow.bool_()
    if kinds == {int}:
        return pyarrow.int64()
    if kinds and kinds <= {int, float}:
        return pyarrow.float64()
    return pyarrow.string()


def _cell(value: Any, kinds: set[type]) -> Any:
    plain = kinds - {type(None)}
    if value is None or plain == {str} or plain == {bool} or plain <= {int, float}:
        return value
    return json.dumps(value)
