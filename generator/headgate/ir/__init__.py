"""The intermediate representation: what the API is, before any language."""
