"""What is known of causes and providers, as data: `causes/*.toml` and `providers/*`, and the loader that reads them.

Judgement lives in the TOML files; arithmetic lives in `reasoning/`. Adding a cause or a provider means adding a
file. A provider with much to say is a folder: all its TOML files are merged.
"""
