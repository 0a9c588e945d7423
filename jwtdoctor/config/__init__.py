"""Profiles, references to secrets, and the folders that are ours."""
