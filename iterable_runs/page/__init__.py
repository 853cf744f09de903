"""The page: what the history of runs holds, in a browser, and as metrics for Prometheus. It only reads."""
