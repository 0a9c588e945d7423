"""Algorithm, claims and audience of an assertion, against the provider's rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jwtdoctor.model.facts import Value
from jwtdoctor.reasoning import salesforce_hosts as hosts
from jwtdoctor.reasoning.rules.table import Given, derived, is_loopback, is_placeholder


@derived("assertion.alg_supported", "assertion.alg")
def _alg_supported(given: Given) -> bool | None:
    """Of a server that nobody named it is not known what it takes; only that some take nothing else."""
    alg = given.chart.text("assertion.alg")
    if alg is None or not given.provider.algorithms:
        return None
    is_taken = alg.upper() in {one.upper() for one in given.provider.algorithms}
    return None if is_taken and given.provider.slug == "generic" else is_taken


@derived(
    "assertion.has_required_claims",
    "assertion.claims_missing",
    "assertion.claim_names",
    "assertion.jti_present",
    "assertion.sub",
)
def _has_required_claims(given: Given) -> bool | None:
    """By the provider's own list; where it has none, by that of RFC 7523."""
    missing, names = given.chart.value("assertion.claims_missing"), given.chart.value("assertion.claim_names")
    if not isinstance(missing, tuple):
        return None
    claims = {"sub": given.chart.text("assertion.sub")}
    wanted = {name for name in given.provider.required_claims if not given.provider.has_instead(name, claims)}
    if set(missing) & (wanted or set(missing)):
        return False
    no_id = "jti" in wanted and given.chart.flag("assertion.jti_present") is False
    absent = wanted - set(names) if isinstance(names, tuple) and names else set()
    return not (no_id or absent)


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
    if form is None:
        return None
    if given.provider.slug != "salesforce":
        return _is_an_audience_of(given)
    return form == "ok" and _aud_kind(given) not in (None, "lightning", "other")


def _is_an_audience_of(given: Given) -> bool | None:
    """Whether aud, or one of a list, is written as this provider's data says; None where that cannot be told.

    `{host}` stands for the token host where it is known, `{path}` for any path, another name for one path segment.
    A word that is neither a URL nor a host (a client id, or somebody's description of an aud) is not judged.
    """
    aud = given.chart.value("assertion.aud")
    if not given.provider.audiences or aud is None or isinstance(aud, (bool, int, float)):
        return None
    sent = [one.strip() for one in ((aud,) if isinstance(aud, str) else aud)]
    if given.provider.slug == "generic":
        return True if _names_the_host(sent, given.chart.text("request.token_host")) else None
    if any(re.fullmatch(_form_of(known, given), one) for known in given.provider.audiences for one in sent):
        return True
    return False if any("://" in one or "." in one for one in sent) else None


def _form_of(audience: str, given: Given) -> str:
    host = given.chart.text("request.token_host")
    names = {"host": rf"{re.escape(host)}(:\d+)?" if host and "." in host else r"[^/\s]+", "path": r"\S+"}
    parts = re.split(r"\{(\w+)\}", audience)
    form = "".join(names.get(part, r"[^/\s]+") if n % 2 else re.escape(part) for n, part in enumerate(parts))
    return form.replace("https:", "https?:", 1) if host and is_loopback(host) else form


def _names_the_host(sent: Iterable[str], host: str | None) -> bool:
    """Whether an audience is the host that was asked, or something on it. Nothing more is known of a generic server."""
    return host is not None and any((hosts.host_of_url(one) or one) == host for one in sent)


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
    if given.provider.slug == "generic":
        return _same_host(given.chart.value("assertion.aud"), host)
    if given.provider.slug != "salesforce":
        return _same_environment(given.chart.value("assertion.aud"), host)
    return None if kind is None or host is None else hosts.same_world(kind, hosts.host_kind(host))


def _same_host(aud: Value | None, host: str | None) -> bool | None:
    """False where aud is the URL of another host: seldom right, but an issuer may have a host of its own."""
    named = None if host is None or not isinstance(aud, str) else hosts.host_of_url(aud)
    return None if named is None or named == host else False


def _same_environment(aud: Value | None, host: str | None) -> bool | None:
    """False where one of aud and host is of a test environment by its name, and the other is not."""
    if not isinstance(aud, str) or host is None:
        return None
    return None if _is_test(aud) == _is_test(host) else False


def _is_test(name: str) -> bool:
    return _TEST_WORDS.search(name) is not None


_TEST_WORDS = re.compile(
    r"(^|[^a-z])(test|uat|demo|sandbox|staging|stage|stg|preprod|preview|account-d)([^a-z]|$)", re.I
)


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


@derived("assertion.thumbprint_was_read_as_sent", "reply.thumbprint", "assertion.thumbprints")
def _thumbprint_was_read_as_sent(given: Given) -> bool | None:
    """Entra prints the thumbprint that it looked for: another than the header's means that it could not read that."""
    read, sent = given.chart.text("reply.thumbprint"), given.chart.value("assertion.thumbprints")
    return None if read is None or not isinstance(sent, tuple) else _bare(read) in {_bare(one) for one in sent}


@derived("certificate.is_named_by_the_reply", "reply.thumbprint", "certificate.thumbprint")
def _is_named_by_the_reply(given: Given) -> bool | None:
    """Of two digests of one length only: SHA-1 and SHA-256 of a certificate cannot be compared."""
    read, own = _bare(given.chart.text("reply.thumbprint")), _bare(given.chart.text("certificate.thumbprint"))
    return None if not read or len(read) != len(own) else read == own


def _bare(thumbprint: str | None) -> str:
    """Consoles show it with colons or blanks, and in capitals."""
    return re.sub(r"[^0-9a-f]", "", (thumbprint or "").lower())
