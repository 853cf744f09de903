"""No name in a BATCH message leads out of `batch_roots`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from iterable_api.storage.extras import MissingExtraError
from target_iterable.batch_files.errors import BatchFileError
from target_iterable.batch_files.locations import allowed, location
from target_iterable.config.setting_error import SettingError
from tests.target.batches import batch, json_lines
from tests.target.conftest import Project
from tests.target.loading import stream

SCHEMA = stream("users", [{"email": ""}])[0]
USERS = [{"email": "ann@example.com"}]


@pytest.mark.parametrize(
    ("root", "url", "path"),
    [
        ("s3://bucket", "s3://bucket/a.jsonl", "bucket/a.jsonl"),
        ("s3://bucket/", "S3://bucket/a b/c.jsonl", "bucket/a b/c.jsonl"),
        ("s3://bucket/a", "s3a://bucket/a/b/c.jsonl", "bucket/a/b/c.jsonl"),
        ("s3://bucket/a", "s3://bucket/a/100%.jsonl", "bucket/a/100%.jsonl"),
        ("gs://bucket/a/", "gcs://bucket/a/b", "bucket/a/b"),
        ("az://container/a", "abfs://container/a/b", "container/a/b"),
        ("abfs://c@account.dfs.core.windows.net/a", "abfss://c@account.dfs.core.windows.net/a/b", "c/a/b"),
        ("/data", "file:///data/a%20b.jsonl", "/data/a b.jsonl"),
        ("file:///data/", "file://localhost/data/a b.jsonl", "/data/a b.jsonl"),
        ("/data", "/data/x/../a.jsonl", "/data/a.jsonl"),
        ("/data", "FILE:/data/a%252e.jsonl", "/data/a%2e.jsonl"),
    ],
)
def test_what_is_below_a_root_is_found_as_it_is_named(root: str, url: str, path: str) -> None:
    found = allowed(location(url), [location(root.rstrip("/"))])
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize(
    ("root", "url"),
    [
        ("s3://bucket", "s3://bucket-evil/a.jsonl"),
        ("s3://bucket", "s3://Bucket/a.jsonl"),
        ("s3://bucket", "gs://bucket/a.jsonl"),
        ("s3://bucket", "file:///bucket/a.jsonl"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/a", "s3://bucket/a"),
        ("s3://bucket/a", "s3://bucket/ab/c"),
        ("s3://bucket/a", "s3://bucket/A/c"),
        ("s3://bucket/a", "s3://bucket//a/c"),
        ("s3://bucket/a", "s3://bucket/%61/c"),
        ("abfs://c@account.dfs.core.windows.net", "abfs://c@other.dfs.core.windows.net/a"),
        ("abfs://c@account.dfs.core.windows.net", "abfs://c/a"),
        ("/data", "/data-evil/a"),
        ("/data", "/data"),
        ("/data", "/Data/a"),
        ("/data", "/data/../etc/a"),
        ("/data", "file:///data/%2e%2e/etc/a"),
        ("/data", "file:///data/..%2fetc/a"),
        ("/data", "data/a"),
    ],
)
def test_what_is_beside_a_root_is_not_below_it(root: str, url: str) -> None:
    assert allowed(location(url), [location(root)]) is None


@pytest.mark.parametrize(
    "url",
    [
        "zip://a.jsonl::s3://bucket/a.zip",
        "filecache::s3://bucket/a",
        "simplecache::file:///data/a",
        "https://bucket/a",
        "http:a",
        "memory://bucket/a",
        "ftp://host/a",
        "local:///data/a",
        "s3:bucket/a",
        "s3:///bucket/a",
        "s3://key:secret@bucket/a",
        "s3://key@bucket/a",
        "s3://bucket:9000/a",
        "s3://bucket/../other/a",
        "s3://bucket/./a",
        "s3://bucket/%2e%2E/other/a",
        "s3://bucket/a%2F..%2Fb",
        "s3://bucket/..%5cother",
        "s3://bucket/a\\b",
        "s3://bucket/a?versionId=1",
        "s3://bucket/a#1",
        "s3://%62ucket/a",
        "file://host/data/a",
        "file://",
        "file:///data/%00a",
        "/data/a\nb",
        "",
    ],
)
def test_what_leads_somewhere_in_an_unusual_way_is_no_place(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(has|is of|names)") as caught:
        location(url)
    assert "secret" not in str(caught.value)


def test_a_symbolic_link_does_not_lead_out_of_a_root(project: Project, tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    json_lines(outside / "a.jsonl", USERS)
    (root / "link").symlink_to(outside)
    (root / "b.jsonl").symlink_to(outside / "a.jsonl")
    for url in ("link/a.jsonl", "b.jsonl"):
        with pytest.raises(BatchFileError, match=f"add '{outside}'"):
            project.load([SCHEMA, batch("users", root / url)], batch_roots=[str(root)])
    assert not project.holds.exists("ann@example.com")


def test_a_root_may_itself_be_a_link_and_links_within_it_are_followed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    json_lines(tmp_path / "real" / "a.jsonl", USERS)
    (tmp_path / "real" / "b.jsonl").symlink_to("a.jsonl")
    (tmp_path / "root").symlink_to("real")
    message = batch("users", tmp_path / "root" / "b.jsonl")
    assert project.load([SCHEMA, message], batch_roots=[str(tmp_path / "root")])["users"]["written"] == 1


def test_no_file_of_a_message_is_read_unless_all_are_allowed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    inside, outside = (json_lines(tmp_path / name, USERS) for name in ("root/a.jsonl", "b.jsonl"))
    with pytest.raises(BatchFileError, match="below none of the roots"):
        project.load([SCHEMA, batch("users", inside, outside)], batch_roots=[str(tmp_path / "root")])
    assert not project.holds.exists("ann@example.com")


def test_a_folder_is_no_file(project: Project, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(BatchFileError, match="cannot be read"):
        project.load([SCHEMA, batch("users", tmp_path / "a.jsonl")], batch_roots=[str(tmp_path)])


@pytest.mark.parametrize(
    "root", ["s3://", "https://example.com/a", "s3://key:secret@bucket", "/", "a::b", "file://x/y"]
)
def test_a_root_that_is_none_is_refused_at_the_start(project: Project, root: str) -> None:
    with pytest.raises(SettingError, match="`batch_roots`") as caught:
        project.load([], batch_roots=[root])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"ftp": {}}, "has an unknown scheme 'ftp'"),
        ({"s3": "secret"}, "must have an object for 's3'"),
        ("secret", "must be an object"),
    ],
)
def test_parameters_of_a_storage_that_is_none_are_refused_at_the_start(
    project: Project, params: object, says: str
) -> None:
    with pytest.raises(SettingError, match=f"`batch_storage_params` {says}") as caught:
        project.load([], batch_storage_params=params)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("scheme", "extra"), [("gs", "gcs"), ("az", "azure")])
def test_a_storage_whose_extra_is_not_installed_is_told(
    project: Project, scheme: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"needs the extra `{extra}` .* 'singer-iterable\[{extra}\]'"):
        project.load([SCHEMA, batch("users", f"{scheme}://bucket/a.jsonl")], batch_roots=[f"{scheme}://bucket"])
