"""What a run is given: state, catalog, and dates that people write."""
