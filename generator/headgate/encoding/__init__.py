"""Encoders: the only makers of text that may stand in generated files."""
