"""The main job on real parts: a local Iterable, PostgreSQL, SQL, and back. `python -m demo` runs it."""
