"""The page: the project in a browser, with forms for clock and faults."""
