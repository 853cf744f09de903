"""What only the two Singer commands need: connection settings, messages at exit."""
