"""Where model answers come from, behind one interface."""
