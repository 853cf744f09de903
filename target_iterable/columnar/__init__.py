"""From records to operations, column by column, for a block of records at a time."""
