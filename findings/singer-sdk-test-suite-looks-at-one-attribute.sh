#!/usr/bin/env bash
# singer-sdk 0.54.9: of all attribute tests of a kind in its suite for taps, only the first one looks at its own values.
#
# Valid input: a tap whose schema calls the columns `at` and `born` date-times. `at` holds times, `born` the text "long ago".
# Seen: get_tap_test_class makes a test for each column, "attribute_is_datetime[s.at]" and "[s.born]", and both pass. Run
# alone, the second one fails, as it should. One object serves all tests of a kind, and keeps the values of the first
# column that it was asked about (`non_null_attribute_values` is a cached property). So wrong values pass in every column
# but the first; and with pytest-xdist, which column is the first differs from worker to worker and from run to run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'singer-sdk==0.54.9' 'pytest==9.1.1'
cat > test_tap.py <<'PY'
from singer_sdk import Stream, Tap
from singer_sdk.testing import get_tap_test_class
from singer_sdk.typing import DateTimeType, PropertiesList, Property


class Births(Stream):
    name = "s"
    schema = PropertiesList(Property("at", DateTimeType), Property("born", DateTimeType)).to_dict()

    def get_records(self, context):
        yield {"at": "2026-01-01T00:00:00Z", "born": "long ago"}


class BirthsTap(Tap):
    name = "tap-births"
    config_jsonschema = {"properties": {}}

    def discover_streams(self):
        return [Births(self)]


TestTap = get_tap_test_class(BirthsTap, config={})
PY
together=$(venv/bin/python -m pytest -q -k attribute_is_datetime test_tap.py 2>&1 || true)
alone=$(venv/bin/python -m pytest -q -k 'attribute_is_datetime and born' test_tap.py 2>&1 || true)
printf 'together: %s\nalone: %s\n' "$(tail -n 1 <<< "$together")" "$(tail -n 1 <<< "$alone")"
grep -q '^2 passed' <<< "$together" && grep -q '^1 failed' <<< "$alone" || { echo "singer-sdk has changed"; exit 1; }
echo "as described"
