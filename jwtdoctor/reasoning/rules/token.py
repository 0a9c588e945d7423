"""A token that was issued: whether it is one that the API can take."""

from __future__ import annotations

from urllib.parse import urlsplit

from jwtdoctor.reasoning.rules.table import Given, derived


@derived("token.aud_is_for_api", "token.aud", "token.api_host")
def _aud_is_for_api(given: Given) -> bool | None:
    """RFC 9068 §4: an API refuses a token whose aud does not name it. An aud that is no URL is a name that only the
    API knows, and tells nothing here."""
    audience, host = given.chart.value("token.aud"), given.chart.text("token.api_host")
    told = (audience,) if isinstance(audience, str) else audience
    if not isinstance(told, tuple) or not host:
        return None
    named = [(urlsplit(one).hostname or "").lower() for one in told if "://" in one]
    if not named or len(named) < len(told):
        return True if host in named else None
    return host in named


@derived("token.lacks_wanted_scopes", "token.scopes_missing", "token.scopes")
def _lacks_wanted_scopes(given: Given) -> bool | None:
    if "token.scopes" not in given.chart:
        return None
    return bool(given.chart.value("token.scopes_missing"))


@derived("token.is_bound", "token.type")
def _is_bound(given: Given) -> bool | None:
    """RFC 9449 §5: a token of the type DPoP is refused without a proof of its key."""
    kind = given.chart.text("token.type")
    return None if kind is None else kind.lower() == "dpop"


@derived("token.is_bound_and_unproven", "token.type", "token.sent_with_proof")
def _is_bound_and_unproven(given: Given) -> bool | None:
    is_bound = given.chart.flag("token.is_bound")
    return None if is_bound is None else is_bound and not given.chart.flag("token.sent_with_proof")
