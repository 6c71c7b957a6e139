"""The reference gateway: serves the specification it ships, with scripted providers, runs and resumable streams."""

__version__ = "0.1.0"
