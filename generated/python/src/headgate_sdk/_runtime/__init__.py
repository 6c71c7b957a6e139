# Fixed runtime of a generated SDK: the same source in every package.
"""What the specification cannot change: transport, retries, streams, errors, pages."""
