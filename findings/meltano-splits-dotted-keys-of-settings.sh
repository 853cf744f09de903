#!/usr/bin/env bash
# Meltano 4.4.1: a key with a dot inside a setting of kind object reaches the plugin as nested objects.
#
# Valid input: a loader with a setting `fields` (kind: object) whose value in meltano.yml is {"home.city": town}.
# Seen: `meltano config print` gives {"fields": {"plain": "other", "home": {"city": "town"}}}. A plugin that maps columns by
# name never sees the column `home.city`: a map from names to values cannot be written in meltano.yml if names hold dots.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'meltano==4.4.1'
cat > meltano.yml <<'YML'
version: 1
send_anonymous_usage_stats: false
plugins:
  loaders:
    - name: target-any
      namespace: target_any
      executable: target-any
      settings:
        - name: fields
          kind: object
      config:
        fields:
          home.city: town
          plain: other
YML
found=$(venv/bin/meltano --log-level=error config print target-any 2>/dev/null)
printf '%s\n' "$found"
venv/bin/python - "$found" <<'PY'
import json
import sys

fields = json.loads(sys.argv[1])["fields"]
expected = {"home": {"city": "town"}, "plain": "other"}
sys.exit(0 if fields == expected else f"Meltano has changed: {fields}")
PY
echo "as described"
