"""Tools that the gateway itself runs inside a run."""
