"""The receiver of Iterable's system webhooks: HTTP in, a durable store, nothing else."""
