"""Approvals: requests that wait for a person and are then performed once."""
