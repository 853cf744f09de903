"""Names of records for mirrors: those of the operations are those of the records themselves."""

from __future__ import annotations

from typing import Any

import pytest

from target_iterable.objects.base.mirrored_object import name, names_of_all
from target_iterable.record_names import RecordNames
from tests.target.conftest import NewProject
from tests.target.test_mirror import mirror, version


@pytest.mark.parametrize("project_type", ["email", "userId", "hybrid"])
def test_names_by_the_operation_are_those_of_the_record(
    new_project: NewProject, monkeypatch: pytest.MonkeyPatch, project_type: str
) -> None:
    project = new_project(project_type=project_type)
    compared = 0
    of_all = RecordNames.of_all

    def checked(names: RecordNames, outcomes: Any, records: Any) -> Any:
        nonlocal compared
        found = of_all(names, outcomes, records)
        assert [found_ and [*found_] for found_ in found] == [
            of_record and [*of_record] for of_record in map(names.of_record, records())
        ]
        compared += len(found)
        return found

    monkeypatch.setattr(RecordNames, "of_all", checked)
    users: list[dict[str, Any]] = [
        {"email": "Ann@Example.com"},
        {"email": "ann@example.com", "userId": "a"},
        {"userId": 12},
        {"email": 'b"ob@example.com', "userId": "ü"},
        {"email": "", "userId": "c"},
        {"dataFields": {"email": "d@example.com", "userId": "d"}},
    ]
    common = {"project_type": project_type, "max_rejects": "100%", "allow_destructive": True}
    for object_, more in (("users", {"on_removed": "delete"}), ("list_members", {"list": "VIP"})):
        for records in (users, users[:1]):
            options = {"streams": {object_: {"object": object_, "mode": "mirror", **more}}}
            project.load(version(object_, 1, records), **options, **common)
    items: list[dict[str, Any]] = [{"itemId": "A-1", "catalogName": "Things"}, {"itemId": 2, "catalogName": "things"}]
    project.load(version("catalog_items", 1, items), **mirror("catalog_items"))
    assert compared >= len(items)


@pytest.mark.parametrize(
    "parts_of_rows",
    [
        [],
        [[("email", "zoë@example.com")], [("email", 'b"ob@example.com')]],
        [[(12, "email", "ann@example.com"), (12, "userId", "/")], [], [("Things", "A-1")]],
    ],
)
def test_names_of_many_rows_are_those_of_each(parts_of_rows: list[list[tuple[str | int, ...]]]) -> None:
    made = [[*names] for names in names_of_all(parts_of_rows)]
    assert made == [[name(*parts) for parts in of_row] for of_row in parts_of_rows]
