#!/usr/bin/env bash
# singer-sdk 0.54.9: a target ends with an error when a STATE message has a number with a point or an exponent.
#
# Valid input: {"type": "STATE", "value": {"cursor": 1.5}}, as a tap with a decimal cursor or a time in seconds writes it. The
# same message with 10 in place of 1.5 works.
# Seen: the reader makes `Decimal` of the number, and the writer of state cannot write that: "Object of type Decimal is not
# JSON serializable", exit code 1, and no state, although all records were taken. The next run begins where this one did.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'singer-sdk==0.54.9'
cat > target.py <<'PY'
from singer_sdk import RecordSink, Target


class Nowhere(RecordSink):
    def process_record(self, record, context):
        pass


class NowhereTarget(Target):
    name = "target-nowhere"
    config_jsonschema = {"properties": {}}
    default_sink_class = Nowhere


NowhereTarget.cli()
PY
for cursor in 10 1.5; do
  echo "{\"type\": \"STATE\", \"value\": {\"cursor\": $cursor}}" > message
  code=0
  venv/bin/python target.py < message > "state-$cursor" 2> "log-$cursor" || code=$?
  echo "$cursor: exit code $code, state '$(cat "state-$cursor")', $(tail -n 1 "log-$cursor" | grep -o 'TypeError.*' || echo 'no error')"
done | tee seen
diff seen - <<'TEXT'
10: exit code 0, state '{"cursor": 10}', no error
1.5: exit code 1, state '', TypeError: Object of type Decimal is not JSON serializable
TEXT
echo "as described"
