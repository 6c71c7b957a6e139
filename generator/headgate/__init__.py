"""Headgate: SDKs with typed event streams from one API document, and proof of them."""

__version__ = "0.1.0"
