"""The engine under all sinks: operations become requests, and every record ends in a verdict."""
