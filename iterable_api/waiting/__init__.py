"""How long things are waited for, what is tried again, and what ends a wait."""
