"""Users, lists, privacy, subscriptions, devices."""
