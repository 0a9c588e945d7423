"""Whatever someone pastes, made into observations: bodies, dumps, HAR files, URLs, logs, case files."""
