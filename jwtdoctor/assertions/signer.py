"""The library's signer: parses the key once, then signs as often as asked, from any thread.

signer = jwtdoctor.Signer(key="app.key", issuer="3MVG9…", subject="user@example.com",
audience="https://login.salesforce.com", skew=skew)
assertion = signer.sign()          # assertion.token is a Secret; reveal() it into the request body
assertion = signer.current()       # the same one again, as long as it is good

Nothing in it changes after it was made but the one reference of the assertion that `current` keeps, so that
no lock is needed. With a `skew` the time comes from what that has learnt of the token host's clock. Two things
keep a signed time from hurting: whole seconds, rounded down, and a fresh `jti` where one is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from jwtdoctor.errors import BadInput, BadKey
from jwtdoctor.model.assertion import Assertion, AssertionSpec
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey


MARGIN_S = 30.0
"""Seconds of life that a kept assertion must have left: longer than a request takes, shorter than any lifetime."""
STEADY_S = 2.0
"""A correction learnt from `Date` wavers by a second or two; more than that is another clock."""


class Corrects(Protocol):
    """What a signer asks of a `Skew`."""

    def correct(self, now: float) -> float:
        """True time (epoch seconds) for a local time."""
        ...


class Signer:
    """Signs assertions for one app and one user.

    `key`: a path, PEM or JWK as str or bytes, a Secret that holds one, or a loaded PrivateKey. A str that
    holds a line break or begins as PEM or JSON is the key itself, any other is a path. `audience` one text
    or several; it and `subject` are not written where they are None, for a server that wants none. `alg` None:
    what suits the key, of `algs` where the server takes those alone. `iat_back_s`: by which iat is dated back, for a
    server that refuses the slightest future. `clock` gives local epoch seconds. Raises BadKey, and BadInput for an
    empty name.
    """

    __slots__ = ("_clock", "_kept", "_key", "_skew", "_spec")

    def __init__(
        self,
        *,
        key: str | PathLike[str] | bytes | Secret | PrivateKey,
        issuer: str,
        subject: str | None,
        audience: str | tuple[str, ...] | list[str] | None,
        lifetime_s: int = 180,
        skew: Corrects | None = None,
        alg: str | None = None,
        kid: str | None = None,
        algs: Sequence[str] = (),
        iat: bool = True,
        iat_back_s: int = 0,
        jti: bool = False,
        passphrase: Secret | None = None,
        extra_claims: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from jwtdoctor.assertions.sign import default_alg, refuse_unsuitable

        named = {"subject": subject, "audience": audience}
        _refuse_empty(issuer=issuer, **{name: value for name, value in named.items() if value is not None})
        if lifetime_s <= 0:
            raise BadInput("the lifetime is not positive", where="lifetime_s", expected="seconds, such as 180")
        self._key = loaded(key, passphrase)
        self._clock = clock
        self._skew = skew
        self._kept: tuple[Assertion, float] | None = None
        self._spec = AssertionSpec(
            issuer=issuer,
            subject=subject or "",
            audience=audience if isinstance(audience, str) else tuple(audience or ()),
            lifetime_s=lifetime_s,
            alg=alg or default_alg(self._key, algs),
            kid=kid,
            iat=iat,
            iat_back_s=iat_back_s,
            jti=jti,
            extra_claims=MappingProxyType(dict(extra_claims or {})),
        )
        refuse_unsuitable(self._key, self._spec.alg)

    def sign(self) -> Assertion:
        """A fresh assertion. `.token` is a Secret; `.header` and `.claims` are what was signed."""
        return self._signed(self._now()[0])

    def current(self, margin_s: float = MARGIN_S) -> Assertion:
        """An assertion with at least `margin_s` seconds of its life left: the last one, or a fresh one.

        The margin is at most half the lifetime, so that a short life cannot mean signing for every request. A fresh one
        is made as well where the correction of the clock has changed since, and always where it carries a `jti`,
        which is good for one use (RFC 7523 §3, item 7).
        """
        now, ahead_s = self._now()
        kept = self._kept
        if kept is not None and not self._spec.jti and abs(kept[1] - ahead_s) <= STEADY_S:
            age_s = now - kept[0].signed_at
            if -STEADY_S <= age_s <= self._spec.lifetime_s - min(margin_s, self._spec.lifetime_s / 2):
                return kept[0]
        made = self._signed(now)
        self._kept = (made, ahead_s)
        return made

    @property
    def spec(self) -> AssertionSpec:
        """What goes into each assertion."""
        return self._spec

    @property
    def skew(self) -> Corrects | None:
        """What corrects the time that it signs with."""
        return self._skew

    def _now(self) -> tuple[float, float]:
        """The time to sign with, and how far the local clock is ahead of it."""
        local = self._clock()
        now = local if self._skew is None else self._skew.correct(local)
        return now, local - now

    def _signed(self, now: float) -> Assertion:
        from jwtdoctor.assertions.sign import sign

        return sign(self._spec, self._key, now)

    def __repr__(self) -> str:
        return f"Signer(issuer={self._spec.issuer!r}, subject={self._spec.subject!r}, alg={self._spec.alg!r})"


def loaded(key: str | PathLike[str] | bytes | Secret | PrivateKey, passphrase: Secret | None) -> PrivateKey:
    """The key, parsed. Raises BadKey; a text that is neither key nor path is never quoted."""
    from jwtdoctor.assertions.keys import PrivateKey, load_private

    if isinstance(key, PrivateKey):
        return key
    if isinstance(key, Secret):
        return load_private(key.reveal().encode("utf-8"), where="the key given", passphrase=passphrase)
    if isinstance(key, bytes):
        return load_private(key, where="the key given", passphrase=passphrase)
    text = str(key)
    if isinstance(key, str) and _is_key_itself(text):
        return load_private(text.encode("utf-8"), where="the key given", passphrase=passphrase)
    return load_private(read_file(text), where=text, passphrase=passphrase)


def read_file(path: str) -> bytes:
    """The bytes of a key file, bounded. Raises BadKey with one line."""
    from jwtdoctor.assertions.material import MAX_BYTES

    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as problem:
        reason = (getattr(problem, "strerror", None) or "not a usable path").lower()
        where = path if len(path) <= 255 and path.isprintable() else "the key file"
        raise BadKey(f"cannot be read: {reason}", where=where, expected="a key or certificate file") from None


def _is_key_itself(text: str) -> bool:
    return "\n" in text or text.lstrip().startswith(("-----BEGIN", "{"))


def _refuse_empty(**names: object) -> None:
    for name, value in names.items():
        if not value or (isinstance(value, str) and not value.strip()):
            raise BadInput("is empty", where=name, expected="a text")
