"""Printing a planned package: Jinja2 behind a gate that passes only encoded text."""

from headgate.rendering.environment import render_package

__all__ = ["render_package"]
