"""Tools for agents' libraries that need an environment of their own."""
