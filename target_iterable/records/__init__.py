"""From a Singer record to a row: column mapping, validation, ids, user identity."""
