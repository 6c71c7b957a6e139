"""The only layer that writes files."""

from headgate.output.folder import Changes, OutputError, compare, write

__all__ = ["Changes", "OutputError", "compare", "write"]
