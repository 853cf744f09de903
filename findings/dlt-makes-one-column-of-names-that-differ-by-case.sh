#!/usr/bin/env bash
# dlt 1.31.0 into DuckDB: of three members of a row whose names differ by case, one value is kept.
#
# Valid input: one row, {"id": 1, "plan": "a", "Plan": "b", "PLAN": "c"}. JSON holds three different members.
# Seen: the names are all normalised to `plan`; the table has that one column, with the value of the last one. The load ends well,
# the schema has no variant column, and no line of the log tells that two values are gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'dlt==1.31.0' 'duckdb==1.4.4'
cat > load.py <<'PY'
import dlt, duckdb

row = {"id": 1, "plan": "a", "Plan": "b", "PLAN": "c"}
pipeline = dlt.pipeline("names", destination=dlt.destinations.duckdb("names.duckdb"), dataset_name="d", pipelines_dir="work")
info = pipeline.run([row], table_name="people")
info.raise_on_failed_jobs()
with duckdb.connect("names.duckdb") as database:
    found = database.execute("select * exclude (_dlt_load_id, _dlt_id) from d.people")
    print([column[0] for column in found.description], found.fetchall())
PY
export RUNTIME__DLTHUB_TELEMETRY=false
found=$(venv/bin/python load.py 2>log)
printf '%s\n' "$found"
[ "$found" = "['id', 'plan'] [(1, 'c')]" ]
! grep -qi 'plan' log
