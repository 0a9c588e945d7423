"""The version, in the one place that reports, packages and `--version` read it from."""

VERSION = "0.1.0"
TOOL = f"jwtdoctor {VERSION}"
