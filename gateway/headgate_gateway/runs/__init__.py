"""The run engine: the tool loop, its event log and those who follow it."""
