"""SCHEMA messages: their check, and the validation of records against them."""
