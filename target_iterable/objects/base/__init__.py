"""What object classes share."""
