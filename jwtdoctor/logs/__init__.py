"""Logs read back: what failed, since when, for whom and why. The engine is DuckDB, the extra `logs`."""
