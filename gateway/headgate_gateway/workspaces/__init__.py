"""Workspaces: conversations that people can watch, review and take over."""
