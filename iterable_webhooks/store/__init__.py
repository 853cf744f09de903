"""The durable store: tables, appending, reading in order, and the removal of old rows."""
