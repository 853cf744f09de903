"""Files and databases that settings name."""
