"""Alerts: one message about a run that somebody should look at, to any service that Apprise knows."""
