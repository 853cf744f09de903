#!/usr/bin/env bash
# pyarrow 26.0.1: `binary_slice(texts, 1)`, which cuts the first byte off each, works for an odd number of texts and fails for an even one.
#
# Valid input: binary texts and a start without a stop, as the documentation allows.
# Seen: for 2, 4 and 1,000 texts it raises ArrowInvalid, "Negative buffer resize", with minus two for each text; for 1, 3 and 999 it returns
# what it should. The space for the result is computed from a stop of 2^63 - 1 for each text, and the product overflows: to less than nothing
# where the number is even. Arrow's issue 51222 has the error, and takes the length of the texts for its cause. With a stop, all numbers
# work. `utf8_slice_codeunits`, its twin for characters, works without one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check 'pyarrow==26.0.1'
cat > slice.py <<'PY'
import pyarrow as pa
import pyarrow.compute as pc

for count in (1, 2, 3, 4, 999, 1000):
    texts = pa.array([b",x"] * count)
    assert pc.binary_slice(texts, 1, 2**31 - 1).to_pylist() == [b"x"] * count
    assert pc.utf8_slice_codeunits(texts.cast(pa.string()), 1).to_pylist() == ["x"] * count
    try:
        print(count, pc.binary_slice(texts, 1).to_pylist() == [b"x"] * count)
    except pa.ArrowInvalid as error:
        print(count, error)
PY
found=$(venv/bin/python slice.py)
printf '%s\n' "$found"
[ "$found" = "1 True
2 Negative buffer resize: -4
3 True
4 Negative buffer resize: -8
999 True
1000 Negative buffer resize: -2000" ]
