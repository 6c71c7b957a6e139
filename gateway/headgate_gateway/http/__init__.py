"""The HTTP edge: request ids, limits, validation, authentication, answers."""
