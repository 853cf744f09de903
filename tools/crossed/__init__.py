"""Loaders behind tap-iterable and extractors before target-iterable, run for real: what becomes of the data.

`python -m tools.crossed loaders [NAME ...]` and `python -m tools.crossed extractors [NAME ...]` install each package
into an environment of its own, run it, and keep what was seen in `results`. The tables of `docs/loaders.md` and
`docs/extractors.md` are made from that.
"""
