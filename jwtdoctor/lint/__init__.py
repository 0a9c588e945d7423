"""Reads app metadata in a repository and says what is wrong with it. `check.py` is the way in."""
