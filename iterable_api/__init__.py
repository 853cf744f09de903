"""What both plugins know about Iterable's HTTP API. Nothing here knows about Singer."""
