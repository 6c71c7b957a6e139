"""CrewAI brings a gigabyte and pins what the rest needs newer: `make test-agents`."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("crewai") else ["test_crewai.py"]
