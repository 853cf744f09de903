"""HTTP: connections, the secret, bodies, and the answers."""
