"""Call, Endpoint, paging."""
