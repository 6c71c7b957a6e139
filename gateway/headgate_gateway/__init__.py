"""The reference gateway: serves its specification, with runs and resumable streams."""

__version__ = "0.1.0"
