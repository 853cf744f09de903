#!/usr/bin/env bash
# singer-sdk 0.54.9: a target refuses 1.0 and 1e3 in a column of integers, which JSON Schema calls valid.
#
# Valid input: {"type": "integer"} and the numbers 1.0 and 1e3. Since draft 6 an integer is any number without a fraction,
# however it is written, and the SDK's validator is one of draft 7; jsonschema alone accepts both when json.loads has read
# them as floats. The SDK's reader makes a Decimal of each number with a point or an exponent, and jsonschema's test for
# integers knows int and float only.
# Seen: "Decimal('1.0') is not of type 'integer'", and the run ends with exit code 1. Sources whose numbers are all floats
# (JavaScript, spreadsheets, pandas with missing values) write whole numbers in this way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'singer-sdk==0.54.9'
cat > check.py <<'PY'
import io
import json
import sys

from jsonschema import Draft7Validator
from singer_sdk import Target
from singer_sdk.exceptions import InvalidRecord
from singer_sdk.sinks import RecordSink

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


class Ignoring(RecordSink):
    def process_record(self, record, context):
        """Nothing is written anywhere."""


class Ignorer(Target):
    name = "target-ignorer"
    config_jsonschema = {"properties": {}}
    default_sink_class = Ignoring


def outcome(number):
    schema = {"type": "SCHEMA", "stream": "s", "key_properties": [], "schema": SCHEMA}
    line = '{"type": "RECORD", "stream": "s", "record": {"n": %s}}' % number
    try:
        Ignorer(config={}).listen(io.StringIO(f"{json.dumps(schema)}\n{line}\n"))
    except InvalidRecord as error:
        return str(error).rpartition("Error: ")[2]
    return "written"


found = {number: outcome(number) for number in ("1", "1.0", "1e3")}
alone = {number: Draft7Validator(SCHEMA).is_valid({"n": json.loads(number)}) for number in found}
print(found, alone, sep="\n")
expected = {
    "1": "written",
    "1.0": "Decimal('1.0') is not of type 'integer'",
    "1e3": "Decimal('1E+3') is not of type 'integer'",
}
sys.exit(0 if found == expected and all(alone.values()) else "singer-sdk has changed")
PY
venv/bin/python check.py 2> log || { tail -n 3 log; exit 1; }
echo "as described"
