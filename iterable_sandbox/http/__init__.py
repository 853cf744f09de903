"""ASGI application and middleware."""
