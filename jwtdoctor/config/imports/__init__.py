"""Profiles made from what other programs keep: one module a kind of source, recognised by its content."""
