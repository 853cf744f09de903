#!/usr/bin/env bash
# singer-sdk 0.54.9: in a tap with `batch_config`, stream maps and selection hold for the SCHEMA message, and not for the files.
#
# Valid input: a tap with one stream of columns id, name and note; the catalog deselects `note`; `stream_maps` removes `name`
# and adds `next`; `batch_config` asks for JSON lines and names no compression.
# Seen: SCHEMA has id and next. The rows of the file have id, name and note, and no `next`. The file is compressed by
# gzip, while its message says that it is not. As RECORD messages, the same rows have id and next. A loader gets columns
# that it was not told of, and lacks those that it was.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'singer-sdk==0.54.9'
mkdir files
cat > tap.py <<'PY'
from singer_sdk import Stream, Tap

TEXT = {"type": ["string", "null"]}


class Words(Stream):
    name = "words"
    schema = {"type": "object", "properties": {"id": {"type": "integer"}, "name": TEXT, "note": TEXT}}

    def get_records(self, context):
        yield {"id": 1, "name": "sea", "note": "wet"}


class WordTap(Tap):
    name = "tap-words"
    config_jsonschema = {"properties": {}}

    def discover_streams(self):
        return [Words(self)]


WordTap.cli()
PY
cat > catalog.json <<'JSON'
{"streams": [{"tap_stream_id": "words", "stream": "words",
  "schema": {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}, "note": {"type": ["string", "null"]}}},
  "metadata": [{"breadcrumb": [], "metadata": {"selected": true}},
               {"breadcrumb": ["properties", "note"], "metadata": {"selected": false}}]}]}
JSON
maps='"stream_maps": {"words": {"name": null, "next": "id + 1"}}'
echo "{$maps}" > messages.json
echo "{$maps, \"batch_config\": {\"encoding\": {\"format\": \"jsonl\"}, \"storage\": {\"root\": \"file://$folder/files\"}}}" > files.json
venv/bin/python tap.py --config messages.json --catalog catalog.json > messages.out 2> messages.log
venv/bin/python tap.py --config files.json --catalog catalog.json > files.out 2> files.log
venv/bin/python - <<'PY'
import gzip
import json
import pathlib
import sys


def messages(path, kind):
    found = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    return [message for message in found if message["type"] == kind]


(file,) = pathlib.Path("files").iterdir()
seen = {
    "schema": sorted(messages("files.out", "SCHEMA")[0]["schema"]["properties"]),
    "record": sorted(messages("messages.out", "RECORD")[0]["record"]),
    "row of the file": sorted(json.loads(gzip.decompress(file.read_bytes()))),
    "compression, as the message says": messages("files.out", "BATCH")[0]["encoding"].get("compression"),
}
print(json.dumps(seen))
expected = {
    "schema": ["id", "next"],
    "record": ["id", "next"],
    "row of the file": ["id", "name", "note"],
    "compression, as the message says": None,
}
sys.exit(0 if seen == expected else "the SDK has changed")
PY
echo "as described"
