"""Pictures of the page of runs, for docs/seeing.md, and of the page of the sandbox, for docs/sandbox.md."""
