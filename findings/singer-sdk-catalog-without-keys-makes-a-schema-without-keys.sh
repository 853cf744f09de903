#!/usr/bin/env bash
# singer-sdk 0.54.9: a catalog that does not say `key_properties` takes the key of a stream away.
#
# Valid input: a tap whose stream has the primary key id, and a catalog that selects it, once with `key_properties` and
# once without, as older taps and people write them.
# Seen: without, the SCHEMA message has no key, although the class of the stream has one, and nothing is logged. A loader
# that upserts by the key appends instead: after a second run each row is there twice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'singer-sdk==0.54.9'
cat > tap.py <<'PY'
from singer_sdk import Stream, Tap


class Words(Stream):
    name = "words"
    primary_keys = ("id",)
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}

    def get_records(self, context):
        yield {"id": 1}


class WordTap(Tap):
    name = "tap-words"
    config_jsonschema = {"properties": {}}

    def discover_streams(self):
        return [Words(self)]


WordTap.cli()
PY
echo '{}' > config.json
entry='"tap_stream_id": "words", "stream": "words", "schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
  "metadata": [{"breadcrumb": [], "metadata": {"selected": true}}]'
echo "{\"streams\": [{$entry, \"key_properties\": [\"id\"]}]}" > with.json
echo "{\"streams\": [{$entry}]}" > without.json
for catalog in with without; do
  venv/bin/python tap.py --config config.json --catalog "$catalog.json" > "$catalog.out" 2> "$catalog.log"
done
venv/bin/python - <<'PY'
import json
import pathlib
import sys

seen = {}
for catalog in ("with", "without"):
    lines = map(json.loads, pathlib.Path(f"{catalog}.out").read_text().splitlines())
    (schema,) = (message for message in lines if message["type"] == "SCHEMA")
    seen[catalog] = schema.get("key_properties")
print(json.dumps(seen))
told = "key" in pathlib.Path("without.log").read_text()
sys.exit(0 if seen == {"with": ["id"], "without": None} and not told else f"the SDK has changed: {seen}, {told}")
PY
echo "as described"
