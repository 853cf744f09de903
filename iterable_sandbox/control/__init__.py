"""Control API and the page."""
