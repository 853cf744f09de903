"""A type that no accepted request has made is not believed, and one that the run itself has made is known to it."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_api.errors import FieldTypeError
from target_iterable.core.operation import Endpoint, Operation
from target_iterable.field_types.assumed_types import learn_from
from target_iterable.field_types.registry import USERS, FieldTypes
from target_iterable.requests.bulk_response import all_written
from tests.scripted_server import Answer, answer_json
from tests.target.bulk_server import bulk, rejected, written
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.test_dead_letter_file import messages

CLASH: Final = "RequestFieldsTypesMismatched"


def users(name: str, *rows: dict[str, Any], **types: Any) -> list[dict[str, Any]]:
    """Records of users, with addresses of their own."""
    return stream(name, [{"email": f"{name}{n}@example.com", **row} for n, row in enumerate(rows, 1)], **types)


def two_streams(**options: Any) -> dict[str, Any]:
    """Streams `a` and `b` both go to users."""
    return {"streams": {"a": {"object": "users"}, "b": {"object": "users"}}, **options}


def test_a_refused_batch_leaves_no_type_behind_by_which_good_records_would_be_rejected(project: Project) -> None:
    torn = {"prefs": "text", "js": [1, "a"]}
    good = {"prefs": {"k": True}}
    done = project.load([*users("a", torn, good), *users("b", good, good)], **two_streams(), max_rejects="100%")
    assert (done["a"]["written"], done["a"]["reasons"]) == (1, {CLASH: 1})
    assert (done["b"]["written"], done["b"]["reasons"]) == (2, {})
    for email in ("a2@example.com", "b1@example.com", "b2@example.com"):
        assert project.holds.user(email=email)["prefs"] == {"k": True}


@pytest.mark.parametrize("order", [1, -1])
def test_a_record_that_contradicts_itself_goes_alone_and_takes_no_other_with_it(project: Project, order: int) -> None:
    torn: dict[str, Any] = {"js": [1, "a"]}
    rows = [torn, *[{"js": "a"}] * 500][::order]
    done = project.load(users("a", *rows), **two_streams())["a"]
    assert (done["written"], done["reasons"]) == (500, {CLASH: 1})
    assert done["requests"] <= 3
    assert project.holds.field_types()["js"] == "string"


def test_a_stream_knows_the_types_that_another_one_has_made_in_the_same_run(project: Project) -> None:
    moment = {"seen": "2026-01-25T13:37:19Z"}
    rows = [
        *users("a", *[moment] * 30, seen={"type": "string", "format": "date-time"}),
        *users("b", *[moment] * 30, seen={"type": "string"}),
    ]
    for _ in range(2):
        done = project.load(rows, **two_streams())
        assert (done["b"]["written"], done["b"]["rejected"], done["b"]["requests"]) == (30, 0, 1)
    assert project.holds.user(email="b1@example.com")["seen"] == project.holds.user(email="a1@example.com")["seen"]


def test_texts_and_dates_in_one_batch_are_what_they_would_be_in_the_next_run(project: Project) -> None:
    rows = [{"seen": "2026-01-25"}, {"seen": "2026-01-25T13:37:19Z"}, {"seen": "soon"}]
    for _ in range(2):
        done = project.load(users("a", *rows), **two_streams(), max_rejects="100%")["a"]
        assert (done["written"], done["reasons"]) == (2, {CLASH: 1})


def test_texts_become_numbers_in_the_first_run_too_if_that_is_wanted(project: Project) -> None:
    for _ in range(2):
        done = project.load(users("a", {"age": 5}, {"age": "7"}), **two_streams(), coerce_types=True)["a"]
        assert (done["written"], done["rejected"]) == (2, 0)
    assert project.holds.user(email="a2@example.com")["age"] == 7


def test_what_the_project_drops_gets_no_type(new_project: NewProject) -> None:
    project = new_project(unknown_fields="drop")
    done = project.load([*users("a", {"x": 1}), *users("b", {"x": "text"})], **two_streams())
    assert (done["a"]["written"], done["b"]["written"], done["b"]["rejected"]) == (1, 1, 0)


def test_a_field_that_two_requests_have_made_at_once_has_a_type_that_only_iterable_knows() -> None:
    types, endpoint = FieldTypes(), Endpoint("/", "users", all_written)
    rows = [Operation(endpoint, b"", (), type_scope=USERS, fields={"x": value}) for value in ("text", 5)]
    for row in rows:
        learn_from(types, [row], {"x"}, {})
    assert types.types_of(USERS) == {}
    assert [types.has_clash(row) for row in rows] == [None, None]


def kept_as_number(rows: list[Any]) -> Answer | None:
    """The project keeps numbers in `x`."""
    if any(isinstance(row["dataFields"].get("x"), str) for row in rows):
        clash = {"expectedType": "long", "incomingTypes": ["string", "keyword"], "category": "user"}
        params = {"validationErrors": {"x": clash}}
        return answer_json(400, {"msg": "", "code": CLASH, "params": params})
    return None


@pytest.mark.parametrize(("told", "requests"), [({"x": "long"}, 1), (None, 2)])
def test_a_type_that_others_have_made_is_asked_for_or_proved_by_one_record(
    told: dict[str, str] | None, requests: int
) -> None:
    asked: list[str] = []

    def ask(scope: str) -> dict[str, str] | None:
        asked.append(scope)
        return told

    with bulk() as server:
        server.isolator.types = FieldTypes(ask)
        result = server.deliver([{"x": "text"}] * 1000, kept_as_number)
        assert set(rejected(result)) == set(range(1000))
        assert len(server.sent) == requests
        assert len(asked) == requests
        assert written(server.deliver([{"x": 1}, {"x": "text"}], kept_as_number)) == {0}
        assert len(server.sent) == 1


def test_a_type_of_a_refused_request_does_not_replace_the_one_that_another_request_made_meanwhile() -> None:
    day = "2026-01-25"

    def kept_as_date(_: list[Any]) -> Answer | None:
        """Refuse the first request for its own values, while another one makes `x` a date."""
        if len(server.sent) > 1:
            return None
        server.isolator.types.set_types(USERS, {"x": "date"})
        clash = {"expectedType": "boolean", "incomingTypes": ["object"], "category": "user"}
        return answer_json(400, {"msg": "", "code": CLASH, "params": {"validationErrors": {"x": clash}}})

    with bulk() as server:
        result = server.deliver([{"x": True}, {"x": {"k": 1}}, {"x": day}], kept_as_date)
        assert (written(result), set(rejected(result))) == ({2}, {0, 1})
        assert server.isolator.types.types_of(USERS) == {"x": "date"}


def test_records_that_clash_in_a_chain_cost_two_requests_each_at_most_and_no_end_of_the_run(project: Project) -> None:
    rows = [{f"f{n}": 1, f"f{n + 1}": "text"} for n in range(400)]
    done = project.load(users("a", *rows), **two_streams(), max_rejects="100%")["a"]
    assert (done["written"], done["rejected"]) == (200, 200)
    assert done["requests"] <= 400


def rejected_records(project: Project) -> list[dict[str, Any]]:
    """All records in files of rejects."""
    folder = project.load.rejects_directory
    files = sorted(folder.glob("*.singer"), key=lambda file: file.stat().st_mtime_ns)
    return [message["record"] for file in files for message in messages(file) if message["type"] == "RECORD"]


def stored_ids(project: Project, object_: str, made: list[dict[str, Any]]) -> set[Any]:
    """The `id` of all records of this run that the project holds."""
    if object_ == "events":
        return {event["id"] for event in project.holds.events()}
    return {project.holds.user(email=record["email"])["id"] for record in made if project.holds.exists(record["email"])}


def as_request(record: dict[str, Any], object_: str) -> dict[str, Any]:
    """The body by which one record is sent alone."""
    top = {"email", "eventName"} if object_ == "events" else {"email"}
    body = {name: value for name, value in record.items() if name in top}
    return body | {"dataFields": {name: value for name, value in record.items() if name not in top and name != "id"}}


PLAIN: Final[list[Any]] = ["text", "2026-01-25", "2026-01-25T13:37:19Z", 5, 1.5, True, {"k": 1}, {"k": "x"}, {}, None]
ARRAYS: Final[list[Any]] = [[], ["a", "b"], [5, 7], [1, "a"], [True, {}], [{"k": 1}, {"k": "x"}]]
VALUES: Final = st.sampled_from([*PLAIN, *ARRAYS])
RECORDS: Final = st.lists(st.dictionaries(st.sampled_from("pqrs"), VALUES, max_size=3), min_size=1, max_size=14)
RUNS: Final = count()


@pytest.mark.parametrize("object_", ["users", "events"])
@pytest.mark.parametrize("decimals", ["refuse", "accept"])
def test_whatever_clashes_only_what_iterable_would_refuse_is_rejected(
    new_project: NewProject, object_: str, decimals: str
) -> None:
    project = new_project(decimals_into_long=decimals)
    alone = {"users": "/api/users/update", "events": "/api/events/track"}[object_]

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(records=RECORDS, rows=st.integers(1, 8), width=st.integers(1, 3), parts=st.integers(1, 2))
    def check(records: list[dict[str, Any]], rows: int, width: int, parts: int) -> None:
        run = next(RUNS)
        made = [
            {
                "email": f"u{n}@example.com",
                "id": f"{run}-{n}",
                **({"eventName": f"seen{run}"} if object_ == "events" else {}),
                **{f"{name}{run}": value for name, value in fields.items()},
            }
            for n, fields in enumerate(records)
        ]
        middle = len(made) // 2 if parts == 2 else 0
        lines = [
            line for name, part in (("a", made[:middle]), ("b", made[middle:])) if part for line in stream(name, part)
        ]
        routes = {name: {"object": object_, "nulls": "keep"} for name in "ab"}
        seen = len(rejected_records(project))
        done = project.load(lines, streams=routes, max_batch_rows=rows, max_in_flight=width, max_rejects="100%")
        assert all(stream_["read"] == stream_["written"] + stream_["rejected"] for stream_ in done.values())
        refused = rejected_records(project)[seen:]
        assert len(refused) == sum(stream_["rejected"] for stream_ in done.values())
        for record in refused:
            with pytest.raises(FieldTypeError):
                project.holds.client.post_json(alone, as_request(record, object_))
        stored = stored_ids(project, object_, made)
        for record in made:
            assert (record["id"] in stored) is (record not in refused)

    check()
