"""Iterable's rules: identities, field types, profiles, API keys, limits, delays, results of bulk writes."""
