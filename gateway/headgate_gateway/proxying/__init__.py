"""Calls of REST APIs behind the gateway."""
