"""The only layer that writes files."""

from headgate.output.folder import Changes, compare, write

__all__ = ["Changes", "compare", "write"]
