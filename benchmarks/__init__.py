"""How fast the plugins are, measured side by side with the usual way and with the floor: `make bench`."""
