"""Questions to the history of runs, and to the files that runs leave: what the command and the page show."""
