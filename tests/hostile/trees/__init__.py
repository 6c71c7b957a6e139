"""Reads generated source with its language's own parser."""
