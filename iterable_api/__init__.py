"""Client of Iterable's HTTP API and facts about it, for both plugins and the sandbox. Nothing here knows of Singer."""
