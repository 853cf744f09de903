"""The plugins under orchestrators: many projects, days and workers.

`running` runs an extractor and a loader together, and knows no orchestrator. `dagster` makes Dagster's definitions.
"""
