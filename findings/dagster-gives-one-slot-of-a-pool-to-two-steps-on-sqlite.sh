#!/usr/bin/env bash
# Dagster 1.13.28: with its default storage, SQLite, the only slot of a concurrency pool goes to two steps that ask for it at the same moment.
#
# Valid input: an instance on SQLite, a pool with a limit of 1, and two processes (as two workers of a backfill are) that claim the slot at once.
# Seen: for many pools, both are told that they hold it, and both run. Who relies on a pool to keep two runs of a project apart needs PostgreSQL
# as the storage of the instance, where the row of a slot is locked while it is claimed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'dagster==1.13.28'
cat > claims.py <<'PY'
import multiprocessing
import os
import sys
from pathlib import Path

POOLS = 60


def claim(name, turn, results):
    import dagster

    with dagster.DagsterInstance.get() as instance:
        storage = instance.event_log_storage
        claimed = []
        for number in range(POOLS):
            turn.wait()
            claimed.append(storage.claim_concurrency_slot(f"pool-{number}", name, "step").is_claimed)
        results.put(claimed)


if __name__ == "__main__":
    os.environ["DAGSTER_HOME"] = str(Path.cwd() / "home")
    Path("home").mkdir()
    Path("home/dagster.yaml").write_text("telemetry: {enabled: false}\n")
    import dagster

    with dagster.DagsterInstance.get() as instance:
        for number in range(POOLS):
            instance.event_log_storage.set_concurrency_slots(f"pool-{number}", 1)
    spawning = multiprocessing.get_context("spawn")
    turn, results = spawning.Barrier(2), spawning.Queue()
    workers = [spawning.Process(target=claim, args=(name, turn, results)) for name in ("run-a", "run-b")]
    for worker in workers:
        worker.start()
    first, second = results.get(timeout=300), results.get(timeout=300)
    for worker in workers:
        worker.join()
    twice = sum(a and b for a, b in zip(first, second))
    print(f"{twice} of {POOLS} slots were given twice")
    sys.exit(0 if twice else "Dagster has changed: no slot was given twice")
PY
venv/bin/python claims.py
echo "as described"
