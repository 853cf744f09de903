"""Pictures of the page of runs, for docs/seeing.md."""
