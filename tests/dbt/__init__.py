"""Tests of the dbt package: a seeded project by tap and loader in PostgreSQL, and by Parquet files in DuckDB."""
