"""Settings, routes, routing, their errors."""
