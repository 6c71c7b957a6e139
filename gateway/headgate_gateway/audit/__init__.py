"""The audit log: what was asked, by whom, and what came of it."""
