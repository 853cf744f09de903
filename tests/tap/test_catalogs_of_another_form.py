"""Catalogs that others wrote: what a stream can take is taken, the rest is told in a sentence, and keys are kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tap_iterable.input.catalog import UnusableCatalogError, read_catalog
from tap_iterable.tap import TapIterable
from tests.tap.answering import KEY
from tests.tap.reading import Output, TapRun, selecting

Entry = dict[str, Any]
Change = Callable[[Entry], object]
STREAMS = ("lists", "email_open")
CONFIG = {"api_key": KEY, "start_date": "2026-08-01"}
CATALOG = TapIterable(config=CONFIG, setup_mapper=False).catalog_dict


def _root(entry: Entry) -> dict[str, Any]:
    root: dict[str, Any] = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
    return root


def _catalog(change: Change) -> dict[str, Any]:
    catalog = selecting(STREAMS, json.loads(json.dumps(CATALOG)))
    catalog["streams"] = [entry for entry in catalog["streams"] if entry["tap_stream_id"] in STREAMS]
    for entry in catalog["streams"]:
        change(entry)
    return dict(catalog)


def _run(read: TapRun, catalog: object) -> Output:
    arguments = read.prepare("lists", end_date="2026-09-15")
    (read.folder / "catalog.json").write_text(json.dumps(catalog))
    ended = read._run(*arguments)  # noqa: SLF001 (with a catalog of its own)
    return Output(ended.returncode, ended.stderr, [json.loads(line) for line in ended.stdout.splitlines()])


def _without_keys(entry: Entry) -> None:
    entry["key_properties"] = _root(entry)["table-key-properties"] = []


def _with_other_keys(entry: Entry) -> None:
    entry["key_properties"] = ["name"]


def _with_another_column(entry: Entry) -> None:
    entry["schema"]["properties"]["plan"] = {"type": ["string", "null"]}
    entry["metadata"].append({"breadcrumb": ["properties", "plan"], "metadata": {"selected": True}})


def _with_types_as_text(entry: Entry) -> None:
    for column in entry["schema"]["properties"].values():
        column["type"] = column["type"][0]


def _with_other_types(entry: Entry) -> None:
    entry["schema"]["properties"]["dataFields"] = {"type": "string"}


def _with_few_columns(entry: Entry) -> None:
    """As a catalog of a release that did not have the others yet."""
    columns = entry["schema"]["properties"]
    entry["schema"]["properties"] = {name: columns[name] for name in ("dataFields", *entry["key_properties"])}


def _of_the_first_taps(entry: Entry) -> None:
    del entry["metadata"]
    entry["schema"]["selected"] = True


def _without_the_key(entry: Entry) -> None:
    (key,) = entry["key_properties"]
    entry["metadata"] = [item for item in entry["metadata"] if item["breadcrumb"] != ["properties", key]]
    entry["metadata"].append({"breadcrumb": ["properties", key], "metadata": {"selected": False}})


TAKEN: list[Change] = [
    _without_keys,
    lambda entry: entry.pop("key_properties"),
    lambda entry: entry.pop("metadata"),
    lambda entry: entry.update(metadata=None),
    lambda entry: entry.pop("schema"),
    lambda entry: entry.pop("stream"),
    lambda entry: entry.pop("tap_stream_id"),
    lambda entry: _root(entry).update(selected="true"),
    _with_types_as_text,
    _with_few_columns,
    _of_the_first_taps,
    _without_the_key,
]
TOLD: list[tuple[Change, str]] = [
    (_with_other_keys, "has another key in the catalog, and keeps `{key}`"),
    (_with_another_column, "has columns in the catalog that the tap does not have, which are left out"),
    (_with_other_types, "has columns of other types in the catalog than their values have, and keeps its own: `dataFi"),
    (lambda entry: entry.update(stream="mine"), "is called mine in the catalog, and keeps its name"),
    (
        lambda entry: entry.update(replication_method="LOG_BASED"),
        "has the replication LOG_BASED in the catalog, and is ",
    ),
    (lambda entry: entry.update(replication_key="nosuch"), "is to go by `nosuch` in the catalog, and "),
]


@pytest.mark.parametrize("change", TAKEN)
def test_what_a_stream_can_take_of_a_catalog_changes_nothing_else(change: Change) -> None:
    usual, tap = (TapIterable(config=CONFIG, catalog=_catalog(one)) for one in (lambda _: None, change))
    for name in STREAMS:
        assert tap.streams[name].selected
        assert tap.streams[name].primary_keys == usual.streams[name].primary_keys
        assert tap.streams[name].replication_key == usual.streams[name].replication_key
        assert (
            tap.mapper.stream_maps[name][0].transformed_schema == usual.mapper.stream_maps[name][0].transformed_schema
        )


@pytest.mark.more
@pytest.mark.parametrize(("change", "words"), [*TOLD, (_without_keys, ""), (_with_few_columns, "")])
def test_the_command_reads_all_columns_with_their_keys_and_tells_what_has_no_effect(
    read: TapRun, change: Change, words: str
) -> None:
    usual, output = _run(read, _catalog(lambda _: None)), _run(read, _catalog(change))
    assert (output.code, "Traceback" in output.log) == (0, False)
    schemas = [[message for message in one.messages if message["type"] == "SCHEMA"] for one in (usual, output)]
    assert schemas[0] == schemas[1]
    assert dict(output.records) == dict(usual.records)
    assert {message["stream"]: message["key_properties"] for message in schemas[1]} == {
        "lists": ["id"],
        "email_open": ["recordId"],
    }
    for name, key in (("lists", "id"), ("email_open", "recordId")):
        sentence = f"The stream {name} {words.format(key=key)}"
        assert (sentence in output.log) == bool(words), output.log


def test_columns_and_streams_are_left_out_as_the_first_taps_had_it() -> None:
    def few(entry: Entry) -> None:
        _of_the_first_taps(entry)
        entry["schema"]["selected"] = entry["tap_stream_id"] == "lists"
        entry["schema"]["properties"]["dataFields"]["selected"] = False

    tap = TapIterable(config=CONFIG, catalog=_catalog(few))
    assert [name for name, stream in tap.streams.items() if stream.selected] == ["lists"]
    assert "dataFields" not in tap.mapper.stream_maps["lists"][0].transformed_schema["properties"]


def test_a_column_may_be_described_in_more_detail_so_that_it_can_be_flattened() -> None:
    def named(entry: Entry) -> None:
        fields = {"plan": {"type": ["string", "null"]}}
        entry["schema"]["properties"]["dataFields"] = {"type": ["object", "null"], "properties": fields}

    tap = TapIterable(config={**CONFIG, "flattening_enabled": True, "flattening_max_depth": 1}, catalog=_catalog(named))
    assert "dataFields__plan" in tap.mapper.stream_maps["lists"][0].transformed_schema["properties"]


def test_an_object_without_columns_gets_no_empty_list_of_them() -> None:
    def empty(entry: Entry) -> None:
        entry["schema"]["properties"]["dataFields"]["properties"] = {}

    tap = TapIterable(config=CONFIG, catalog=_catalog(empty))
    assert "properties" not in tap.mapper.stream_maps["lists"][0].transformed_schema["properties"]["dataFields"]


@pytest.mark.parametrize("name", ["replication-method", "forced-replication-method"])
def test_the_metadata_may_order_that_a_stream_is_read_whole(name: str) -> None:
    tap = TapIterable(config=CONFIG, catalog=_catalog(lambda entry: _root(entry).update({name: "FULL_TABLE"})))
    assert tap.streams["email_open"].replication_method == "FULL_TABLE"


UNUSABLE: list[tuple[Any, str]] = [
    ({}, "The catalog has no array `streams`"),
    ({"streams": None}, "The catalog has no array `streams`"),
    ({"streams": {"lists": {}}}, "The catalog has no array `streams`"),
    ({"streams": ["lists"]}, "Entry 1 of the catalog is no object"),
    ({"streams": [{}]}, "Entry 1 of the catalog has no `tap_stream_id`"),
    *(
        ({"streams": [{"tap_stream_id": "lists", **entry}]}, f"The catalog's entry of the stream lists has {words}")
        for entry, words in (
            ({"schema": "x"}, "a `schema` that is no object"),
            ({"schema": {"properties": ["id"]}}, "a `properties` that is no object"),
            ({"schema": {"properties": {"id": True}}}, "a `id` that is no object"),
            ({"schema": {"properties": {"ids": {"items": ["integer"]}}}}, "a `items` that is no object"),
            ({"schema": {"properties": {"id": {"type": {"a": 1}}}}}, "a `type` that is no text"),
            ({"metadata": {"selected": True}}, "a `metadata` that is no array"),
            ({"metadata": ["x"]}, "metadata without a `breadcrumb`"),
            ({"metadata": [{"metadata": {}}]}, "metadata without a `breadcrumb`"),
            ({"metadata": [{"breadcrumb": "[]", "metadata": {}}]}, "metadata without a `breadcrumb`"),
            ({"metadata": [{"breadcrumb": [], "metadata": "x"}]}, "a `metadata` that is no object"),
            ({"metadata": [{"breadcrumb": [], "metadata": {"selected": "yes"}}]}, "a `selected` that is neither"),
        )
    ),
]


@pytest.mark.parametrize(("catalog", "words"), UNUSABLE)
def test_what_is_no_catalog_is_refused_in_a_sentence(catalog: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableCatalogError, match=rf"^{words}.*\. It must be what `--discover` writes"):
        read_catalog(catalog)


def test_the_command_refuses_what_is_no_catalog(read: TapRun) -> None:
    output = _run(read, {"streams": ["lists"]})
    assert (output.code, output.messages, "Traceback" in output.log) == (1, [], False)
    assert "Entry 1 of the catalog is no object. It must be what `--discover` writes" in output.log


def test_a_catalog_that_discovery_wrote_is_taken_as_it_is(read: TapRun) -> None:
    """Nothing is told, and the schemas are those of a run without a catalog."""
    tap = TapIterable(config=CONFIG, catalog=json.loads(json.dumps(CATALOG)))
    other = TapIterable(config=CONFIG)
    for name, stream in other.streams.items():
        if stream.selected:
            schemas = [one.mapper.stream_maps[name][0].transformed_schema for one in (tap, other)]
            assert schemas[0] == schemas[1]
    assert "in the catalog" not in _run(read, _catalog(lambda _: None)).log
