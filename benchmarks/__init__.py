"""Measurements beside named peers; each prints its method and ratios as Markdown."""
