"""Control API of the sandbox: what it holds, its faults, clock and settings."""
