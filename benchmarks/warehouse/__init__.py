"""From the sandbox into PostgreSQL and DuckDB, side by side with what a user would pick in our place."""
