"""Running an extractor and a loader as processes: settings, catalog, state, and what the run has come to."""
