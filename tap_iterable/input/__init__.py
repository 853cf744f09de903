"""Input of a run: state, catalog, and dates that people write."""
