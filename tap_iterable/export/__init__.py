"""How a time range becomes rows: windows, download, lines, checkpoints."""
