#!/usr/bin/env bash
# singer-sdk 0.54.9: a target ends at valid RFC 3339 times: at a leap second, and at `t` and `z` in lower case.
#
# Valid input: a column of the format date-time, and 2016-12-31T23:59:60Z (RFC 3339, section 5.8, has a leap second as its
# example) or 2016-12-31t23:59:59z (section 5.6: "T" and "Z" may be lower case). JSON Schema's own tests of the format have
# both as valid.
# Seen: "Could not parse value ... for field 'at'", exit code 1, and no later record is written. The same record with
# 23:59:59Z is. A source that writes down the clock of a network or a market as it is stops every SDK target so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'singer-sdk==0.54.9'
cat > target.py <<'PY'
import sys

from singer_sdk import Target
from singer_sdk.sinks import RecordSink


class Printing(RecordSink):
    def process_record(self, record, context):
        print("written", record["at"], file=sys.stderr)


class Printer(Target):
    name = "target-printer"
    config_jsonschema = {"properties": {}}
    default_sink_class = Printing


Printer.cli()
PY
schema='{"type": "SCHEMA", "stream": "s", "key_properties": [], "schema": {"properties": {"at": {"type": "string", "format": "date-time"}}}}'
outcome() {
    printf '%s\n{"type": "RECORD", "stream": "s", "record": {"at": "%s"}}\n' "$schema" "$1" > input
    if venv/bin/python target.py < input > output 2>&1 && grep -q '^written' output; then
        echo written
    else
        grep -o "Could not parse value" output | head -n 1
    fi
}
for pair in '2016-12-31T23:59:59Z=written' '2016-12-31T23:59:60Z=Could not parse value' '2016-12-31t23:59:59z=Could not parse value'; do
    found=$(outcome "${pair%%=*}")
    printf '%s: %s\n' "${pair%%=*}" "$found"
    [ "$found" = "${pair#*=}" ] || { echo "singer-sdk has changed"; exit 1; }
done
echo "as described"
