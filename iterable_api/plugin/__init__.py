"""Parts of the two Singer commands only: connection settings, environment variables, messages at exit."""
