#!/usr/bin/env bash
# Meltano 4.4.1: a select pattern with the exact name of a property that has a dot does not exclude it.
#
# Valid input: an extractor whose stream `users` has the properties `id` and `home.city`, and one of these patterns after `users.*`:
# `!users.home.city`, `!users.home\.city`, `!users.home*`.
# Seen: in the catalog that the tap gets, `home.city` has `selected: true` with the first two, so a column that was to be kept out, such as
# personal data, is read. Only the wildcard excludes it. A dot in the name of a stream can be escaped; in that of a property it cannot.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'meltano==4.4.1'
cat > tap.py <<'PY'
#!/usr/bin/env python3
import json

text = {"type": ["string", "null"]}
columns = ["id", "home.city"]
users = {
    "tap_stream_id": "users",
    "stream": "users",
    "schema": {"type": "object", "properties": dict.fromkeys(columns, text)},
    "metadata": [{"breadcrumb": [], "metadata": {}}]
    + [{"breadcrumb": ["properties", name], "metadata": {"inclusion": "available"}} for name in columns],
}
print(json.dumps({"streams": [users]}))
PY
chmod +x tap.py
selection_with() {
    rm -rf .meltano
    cat > meltano.yml <<YML
version: 1
send_anonymous_usage_stats: false
plugins:
  extractors:
    - name: tap-any
      namespace: tap_any
      executable: ./tap.py
      capabilities: [discover, catalog]
      select: ['users.*', '$1']
YML
    venv/bin/meltano --log-level=error invoke --dump=catalog tap-any > catalog.json 2>/dev/null
    venv/bin/python - "$1" "$2" <<'PY'
import json
import sys

pattern, expected = sys.argv[1:]
(stream,) = json.load(open("catalog.json"))["streams"]
selected = {entry["breadcrumb"][1]: entry["metadata"]["selected"] for entry in stream["metadata"] if entry["breadcrumb"]}
print(pattern, selected)
sys.exit(0 if selected == {"id": True, "home.city": expected == "selected"} else "Meltano has changed")
PY
}
selection_with '!users.home.city' selected
selection_with '!users.home\.city' selected
selection_with '!users.home*' excluded
echo "as described"
