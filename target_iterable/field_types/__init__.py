"""Types of project fields: known, checked, coerced, trimmed, learnt from errors."""
