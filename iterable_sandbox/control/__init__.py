"""Control API and the web page of the sandbox."""
