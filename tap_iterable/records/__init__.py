"""From a JSON line to a Singer record (decode, fit to the schema, write)."""
