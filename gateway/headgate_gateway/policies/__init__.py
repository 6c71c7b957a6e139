"""Policies: rules over requests and answers, compiled once and asked each time."""
