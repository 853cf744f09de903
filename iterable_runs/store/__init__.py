"""The run history in a database: columns, tables, what runs hand over, and writing it."""
