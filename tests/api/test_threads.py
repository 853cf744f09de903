"""Threads may share one client."""

import json
from concurrent.futures import ThreadPoolExecutor

from iterable_api.http.client import IterableClient
from tests.api.conftest import KEY, Connect
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json


def echo(request: Request) -> Answer:
    return answer_json(200, json.loads(request.body))


def test_every_thread_gets_the_answer_to_its_own_request(client: IterableClient, server: ScriptedServer) -> None:
    server.after = echo
    bodies = [{"users": [{"userId": f"user-{number}"}]} for number in range(400)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda body: client.post_json("/api/users/bulkUpdate", body), bodies))
    assert answers == bodies
    assert all(request.headers.get_all("Api-Key") == [KEY] for request in server.requests)


def test_connections_are_kept_and_shared(client: IterableClient, server: ScriptedServer) -> None:
    server.after = echo
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: client.post_json("/api/events/trackBulk", {"n": number}), range(400)))
    assert len({request.connection for request in server.requests}) <= 16


def test_the_tries_of_one_thread_do_not_count_for_another(connect: Connect, server: ScriptedServer) -> None:
    """Each of 20 calls fails twice and works at its third and last try."""
    tries: dict[bytes, int] = {}

    def third_time_lucky(request: Request) -> Answer:
        tries[request.body] = tries.get(request.body, 0) + 1
        return echo(request) if tries[request.body] == 3 else Answer(503)

    server.after = third_time_lucky
    client = connect(max_tries=3)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda number: client.post_json("/api/events/trackBulk", {"n": number}), range(20)))
    assert answers == [{"n": number} for number in range(20)]
    assert set(tries.values()) == {3}
