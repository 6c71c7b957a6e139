"""A first `headgate.toml` for a document, with the reasons as comments."""

from headgate.init.proposal import propose

__all__ = ["propose"]
