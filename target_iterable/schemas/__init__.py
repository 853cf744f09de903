"""SCHEMA messages: what they may say, and whether records keep to them."""
