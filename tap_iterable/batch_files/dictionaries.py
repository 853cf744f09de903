"""Which columns of a Parquet file have a dictionary of their values."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa


def dictionary_columns(sample: pa.RecordBatch) -> list[str]:
    """The paths of the columns whose values come back, and of all that are no text.

    A text that is there once, such as an id, costs a look-up and a place in the dictionary, and then its number: such
    columns are smaller and quicker without one.

    Args:
        sample: the first rows of a file.
    """
    return [
        path
        for field, values in zip(sample.schema, sample.columns, strict=True)
        if not (pa.types.is_string(field.type) and _is_distinct(values))
        for path in _paths(field.name, field.type)
    ]


def _is_distinct(values: pa.Array) -> bool:
    texts = [text for text in values.to_pylist() if text is not None]
    return 2 * len(set(texts)) > len(texts)


def _paths(path: str, kind: pa.DataType) -> Iterator[str]:
    """The paths of what Parquet stores of a column, as it names them."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _paths(f"{path}.{field.name}", field.type)
    elif pa.types.is_list(kind):
        yield from _paths(f"{path}.list.element", kind.value_type)
    else:
        yield path
