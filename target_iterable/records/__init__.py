"""From a Singer record to a row: column mapping, ids, numbers, user identity."""
