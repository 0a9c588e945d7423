"""Algorithm, claims and audience of an assertion, against the provider's rules."""

from __future__ import annotations

from jwtdoctor.reasoning import salesforce_hosts as hosts
from jwtdoctor.reasoning.rules.table import Given, derived, is_placeholder


@derived("assertion.alg_supported", "assertion.alg")
def _alg_supported(given: Given) -> bool | None:
    alg = given.chart.text("assertion.alg")
    return None if alg is None or not given.provider.algorithms else alg.upper() in given.provider.algorithms


@derived("assertion.has_required_claims", "assertion.claims_missing")
def _has_required_claims(given: Given) -> bool | None:
    missing = given.chart.value("assertion.claims_missing")
    return None if not isinstance(missing, tuple) else not missing


@derived("assertion.kid_needed_and_missing", "assertion.kid_present")
def _kid_needed_and_missing(given: Given) -> bool | None:
    present = given.chart.flag("assertion.kid_present")
    return None if present is None or not given.provider.needs_kid else not present


@derived("assertion.iss_looks_like_consumer_key", "assertion.iss")
def _iss_looks_like_consumer_key(given: Given) -> bool | None:
    """Consumer keys of Salesforce begin with 3MVG9 and are some 85 characters long; PlatformCLI is an exception."""
    issuer = given.chart.text("assertion.iss")
    if not issuer or is_placeholder(issuer) or given.provider.slug != "salesforce":
        return None
    return (issuer.startswith("3MVG") and " " not in issuer) or issuer == "PlatformCLI"


@derived("assertion.sub_looks_like_username", "assertion.sub")
def _sub_looks_like_username(given: Given) -> bool | None:
    subject = given.chart.text("assertion.sub")
    if subject is None or is_placeholder(subject) or given.provider.slug != "salesforce":
        return None
    return subject.count("@") == 1 and not any(c.isspace() or c == "%" for c in subject)


@derived("assertion.aud_form", "assertion.aud", "assertion.aud_type")
def _aud_form(given: Given) -> str | None:
    aud = given.chart.value("assertion.aud")
    if isinstance(aud, tuple) or given.chart.text("assertion.aud_type") == "array":
        return "array"
    if not isinstance(aud, str):
        return None
    url = aud.strip()
    if url.startswith("http://"):
        return "http"
    if not url.startswith("https://"):
        return "bare-host" if "." in url and "/" not in url.rstrip("/") else "not-a-url"
    return "token-url" if "/oauth2/token" in url else "ok"


@derived("assertion.aud_is_known_form", "assertion.aud", "assertion.aud_type")
def _aud_is_known_form(given: Given) -> bool | None:
    form = given.chart.text("assertion.aud_form")
    if form is None or given.provider.slug != "salesforce":
        return None
    return form == "ok" and _aud_kind(given) not in (None, "lightning", "other")


def _aud_kind(given: Given) -> str | None:
    """The kind of host that aud names, at Salesforce."""
    aud = given.chart.value("assertion.aud")
    if given.provider.slug != "salesforce" or aud is None or isinstance(aud, (bool, int, float)):
        return None
    first = aud if isinstance(aud, str) else (aud[0] if len(aud) == 1 else "")
    host = hosts.host_of_url(first) or (first.strip("/ ") if "." in first else None)
    return None if host is None else hosts.host_kind(host)


@derived("assertion.aud_fits_org", "assertion.aud", "org.kind")
def _aud_fits_org(given: Given) -> bool | None:
    kind, org = _aud_kind(given), given.chart.text("org.kind")
    if kind is None or org is None:
        return None
    if org.strip().lower() in hosts.MY_DOMAIN_ONLY_KINDS:
        return None  # their audience stays login or test; only the token host differs
    return hosts.fits_org(kind, org)


@derived("assertion.aud_fits_host", "assertion.aud", "request.token_host")
def _aud_fits_host(given: Given) -> bool | None:
    kind, host = _aud_kind(given), given.chart.text("request.token_host")
    return None if kind is None or host is None else hosts.same_world(kind, hosts.host_kind(host))


@derived("assertion.aud_fits_app", "assertion.aud", "app.kind")
def _aud_fits_app(given: Given) -> bool | None:
    kind, app = _aud_kind(given), given.chart.text("app.kind")
    if kind is None or app is None:
        return None
    return app != "external-client-app" or kind not in ("login", "test")


@derived("assertion.aud_is_right", "assertion.aud", "org.kind", "request.token_host", "app.kind")
def _aud_is_right(given: Given) -> bool | None:
    signs = [
        given.chart.flag(f"assertion.aud_{name}") for name in ("is_known_form", "fits_org", "fits_host", "fits_app")
    ]
    known = [sign for sign in signs if sign is not None]
    if False in known:
        return False
    return True if len(known) >= 3 else None


@derived("assertion.aud_array_is_refused", "assertion.aud", "assertion.aud_type")
def _aud_array_is_refused(given: Given) -> bool | None:
    form = given.chart.text("assertion.aud_form")
    return None if form is None else form == "array" and not given.provider.aud_as_array


@derived("assertion.carries_forbidden_claim", "assertion.claim_names")
def _carries_forbidden_claim(given: Given) -> bool | None:
    claims = given.chart.value("assertion.claim_names")
    if not isinstance(claims, tuple) or not given.provider.forbidden_claims:
        return None
    return bool(set(claims) & set(given.provider.forbidden_claims))
