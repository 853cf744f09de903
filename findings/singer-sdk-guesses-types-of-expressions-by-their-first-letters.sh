#!/usr/bin/env bash
# singer-sdk 0.54.9: the type of a column that a stream map computes follows from the first letters of its expression, and the SDK's own
# check then refuses the record.
#
# Valid input: a target of the SDK with `stream_maps`, and one record. Expressions: int(age), int(age) >= 18, str(age) == '21',
# float(age) > 3.5, int(age) / 2.
# Seen: the last four are announced as integer, string, number and integer, since they begin like a cast. Their values are true, true, true
# and 10.5, so the load ends with InvalidRecord at the first record.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'singer-sdk==0.54.9'
cat > load.py <<'PY'
import io, json, logging
from singer_sdk import Target
from singer_sdk.exceptions import InvalidRecord
from singer_sdk.sinks import RecordSink

logging.disable()


class Seen(RecordSink):
    def process_record(self, record, context):
        print(self.schema["properties"]["out"]["type"][0], record["out"])


class Loader(Target):
    name, default_sink_class = "loader", Seen
    config_jsonschema = {"type": "object", "properties": {}}


people = {"properties": {"id": {"type": "integer"}, "age": {"type": "integer"}}}
lines = [
    {"type": "SCHEMA", "stream": "people", "schema": people, "key_properties": ["id"]},
    {"type": "RECORD", "stream": "people", "record": {"id": 1, "age": 21}},
]
for expression in ("int(age)", "int(age) >= 18", "str(age) == '21'", "float(age) > 3.5", "int(age) / 2"):
    loader = Loader(config={"stream_maps": {"people": {"out": expression}}})
    try:
        loader.listen(io.StringIO("".join(json.dumps(line) + "\n" for line in lines)))
    except InvalidRecord as error:
        print(expression, "->", str(error).partition("Error: ")[2])
PY
found=$(venv/bin/python load.py 2>/dev/null)
printf '%s\n' "$found"
[ "$found" = "integer 21
int(age) >= 18 -> True is not of type 'integer', 'null'
str(age) == '21' -> True is not of type 'string', 'null'
float(age) > 3.5 -> True is not of type 'number', 'null'
int(age) / 2 -> 10.5 is not of type 'integer', 'null'" ]
