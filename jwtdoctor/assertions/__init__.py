"""Assertions: built, signed, taken apart; and the keys that they are signed with.

The home of `jwt` and `cryptography`, which are imported inside functions only: others ask this package
about keys and certificates. `decode`, `find`, `build`, `inspect`, `times`, `material` and `pkce` are
standard library alone, since `explain` must take an assertion apart without loading either.
"""
