"""Lists that several processes want at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from target_iterable.project.lists import Lists
from tests.target.conftest import Project

PROCESSES = 4


def test_processes_that_make_the_same_list_at_once_end_up_with_one(project: Project) -> None:
    project.holds.make_list("another")
    for name in ("VIP", "New", "Gone"):
        start = Barrier(PROCESSES)

        def of_a_process(wanted: str, start: Barrier = start) -> int:
            lists = Lists(project.holds.client)
            lists.id_of("another", create=True)  # reads the lists, in which the wanted one is missing
            start.wait(timeout=60)
            return lists.id_of(wanted, create=True)

        with ThreadPoolExecutor(PROCESSES) as pool:
            ids = set(pool.map(of_a_process, [name] * PROCESSES))
        assert ids == {project.holds.lists()[name]}
        assert sum(found.name == name for found in project.sandbox.store.lists.all()) == 1
