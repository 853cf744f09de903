"""Files that BATCH messages name: JSON lines, and Parquet with one type for each column, whatever its values are."""
