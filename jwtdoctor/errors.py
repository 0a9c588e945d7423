"""What is wrong with us or with the caller. (What is wrong with the patient is a value, never an exception.)

JwtDoctorError
├── BadInput            the caller gave something unusable: one clear line, exit 2
│   ├── BadKey          a file is not the key or certificate that it should be
│   ├── NotAJwt         the text does not decode as a compact JWT
│   ├── BadCase         a case file that cannot be read
│   ├── BadProfile      a profile, a setting or a secret reference
│   └── UnknownName     a provider, flow, fault, format or cause that does not exist
└── BadKnowledge        a data file of this package is wrong: a bug in jwtdoctor
"""

from __future__ import annotations


class JwtDoctorError(Exception):
    """The root of everything that this package raises on purpose."""


class BadInput(JwtDoctorError):
    """Unusable input. `str()` is one line: what is wrong, where, what was expected, what to do.

    `what` and `where` never quote the content of a file, since that may be a secret.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", do: str = "") -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.do = do
        super().__init__(self._line())

    def _line(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected:
            line += f"; expected {self.expected}"
        if self.do:
            line += f". {self.do[:1].upper()}{self.do[1:]}"
        return " ".join(line.split())


class BadKey(BadInput):
    """A file that is not the key or certificate that was asked for."""


class NotAJwt(BadInput):
    """Text that does not decode as a compact JWT (RFC 7519 §7.2)."""


class BadCase(BadInput):
    """A case file that is no case file."""


class BadProfile(BadInput):
    """A profile, a setting or a secret reference that cannot be used."""


class UnknownName(BadInput):
    """A provider, flow, fault, format or cause that does not exist."""


class BadKnowledge(JwtDoctorError):
    """A knowledge file of this package contradicts itself: a bug in jwtdoctor."""
