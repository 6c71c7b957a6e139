"""Requests to addresses that operators chose, and the guard on where they lead."""
