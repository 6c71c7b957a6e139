"""Webhooks: who is told what happens in a project."""
