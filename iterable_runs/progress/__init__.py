"""How a run gets on, while it goes on: a live display on a terminal, lines of the log elsewhere."""
