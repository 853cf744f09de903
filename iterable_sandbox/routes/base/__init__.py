"""Base of the handlers: call, endpoint, paging."""
