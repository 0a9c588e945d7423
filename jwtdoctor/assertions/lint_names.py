"""Lint rules: who the assertion is from, whom it is about, and whom it is for (iss, sub, prn, aud)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from jwtdoctor.assertions.decode import missing_claims
from jwtdoctor.assertions.lint_common import Under, quoted
from jwtdoctor.model.assertion import Finding


def is_issued_here(under: Under) -> bool:
    """Whether the provider itself is the issuer: an access or ID token of its own, which nobody sends it to log in."""
    issuer = under.claims.get("iss")
    host = _url(issuer)[1] if isinstance(issuer, str) else ""
    return bool(host) and any(re.search(pattern, host) for pattern in under.provider.hosts)


def issued_here(under: Under) -> Iterator[Finding]:
    """That it is no assertion."""
    message = f"iss is {under.provider.title} itself: a token that it issued, and no assertion for it"
    yield Finding("issued-token", "note", "claims.iss", message, "inspect what your client signs")


def _required(under: Under) -> Iterator[Finding]:
    provider = under.provider
    claims = dict(under.claims)
    if not under.is_salesforce:
        claims.pop("prn", None)
    for name in missing_claims(claims, provider.required_claims):
        if provider.has_instead(name, claims):
            continue
        message = f"{name} is required by {provider.title} and not there"
        yield Finding("claim-missing", "error", f"claims.{name}", message, f"write {name}")
    for name in provider.forbidden_claims:
        if name in under.claims:
            message = f"{provider.title} refuses an assertion with {name}"
            yield Finding("claim-forbidden", "error", f"claims.{name}", message, f"leave {name} out")


def _names(under: Under) -> Iterator[Finding]:
    for name in ("iss", "sub", "prn"):
        value = under.claims.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            if not (name == "iss" and isinstance(value, int)):
                yield Finding("claim-not-text", "error", f"claims.{name}", f"{name} is not text", "write a string")
        elif not value.strip():
            yield Finding("claim-empty", "error", f"claims.{name}", f"{name} is empty", f"write {name}")
        elif value != value.strip():
            message = f"{name} has white space around it"
            yield Finding("claim-white-space", "error", f"claims.{name}", message, "strip it")


def _principal(under: Under) -> Iterator[Finding]:
    if "prn" not in under.claims:
        return
    if under.is_salesforce:
        message = "prn stands for sub, as in early drafts; Salesforce takes it, and prefers it where both are there"
        yield Finding("prn", "note", "claims.prn", message, "write sub (RFC 7523 §3)")
    else:
        yield Finding("prn", "warning", "claims.prn", "prn is a name of early drafts", "write sub (RFC 7523 §3)")


def _salesforce_names(under: Under) -> Iterator[Finding]:
    if not under.is_salesforce:
        return
    issuer = under.claims.get("iss")
    if isinstance(issuer, str) and issuer.strip() and not issuer.strip().startswith("3MVG"):
        message = "iss does not look like a consumer key, which begins with 3MVG"
        yield Finding("iss-no-consumer-key", "warning", "claims.iss", message, "write the app's consumer key")
    subject = under.claims.get("prn", under.claims.get("sub"))
    if isinstance(subject, str) and subject.strip():
        yield from _salesforce_subject(subject)


def _salesforce_subject(subject: str) -> Iterator[Finding]:
    remedy = "write the exact user name, as Setup > Users shows it"
    if re.search(r"%[0-9A-Fa-f]{2}", subject) or "&amp;" in subject:
        yield Finding("sub-escaped", "error", "claims.sub", "the user name is URL- or HTML-escaped", remedy)
    elif "@" not in subject:
        message = "sub does not have the form of a Salesforce user name (name@domain)"
        yield Finding("sub-no-username", "warning", "claims.sub", message, remedy)


def _form_of_issuer(under: Under) -> Iterator[Finding]:
    """An iss that is a URL is that of another issuer whom the server trusts, and has no form of its own."""
    known, issuer = under.provider.client_id, under.claims.get("iss")
    if known is None or under.is_salesforce or isinstance(issuer, bool) or not isinstance(issuer, (str, int)):
        return
    text = str(issuer).strip()
    if text and "://" not in text and re.fullmatch(known.form, text) is None:
        remedy = "copy it from where the key was registered"
        yield Finding("iss-form", "warning", "claims.iss", f"iss is not {known.says}", remedy, known.sources)


def _audience(under: Under) -> Iterator[Finding]:
    aud = under.claims.get("aud")
    if isinstance(aud, list):
        if under.provider.aud_as_array:
            for one in aud[:20]:
                yield from _one_audience(under, one)
            return
        message = f"aud is an array; {under.provider.title} takes one string"
        yield Finding("aud-array", "error", "claims.aud", message, "write aud as one string")
    elif aud is not None:
        yield from _one_audience(under, aud)


def _one_audience(under: Under, aud: object) -> Iterator[Finding]:
    provider = under.provider
    remedy = f"write {provider.audiences[0]}" if provider.audiences else "write the provider's audience"
    if not isinstance(aud, str) or not aud.strip():
        yield Finding("aud-not-text", "error", "claims.aud", "aud is not a text", remedy)
    elif aud != aud.strip():
        yield Finding("aud-white-space", "error", "claims.aud", "aud has white space around it", "strip it")
    elif under.is_salesforce:
        yield from _salesforce_audience(aud)
    elif any(_fits(aud, template) for template in provider.audiences):
        return
    elif any(_fits(aud.rstrip("/"), template.rstrip("/")) for template in provider.audiences):
        message = "aud differs from the documented audience by the slash at its end"
        yield Finding("aud-slash", "error", "claims.aud", message, remedy)
    elif provider.audiences and provider.slug != "generic":
        message = f"aud is none of the audiences that {provider.title} documents"
        yield Finding("aud-unknown", "warning", "claims.aud", message, remedy)


def _fits(aud: str, template: str) -> bool:
    """Whether an audience has the form of a template: `{host}`, `{tenant}` … stand for a part, `{path}` for several."""
    pattern = re.escape(template).replace(r"\{path\}", ".+")
    pattern = re.sub(r"\\\{[^{}]{0,60}\\\}", r"[^/]+", pattern)
    return re.fullmatch(pattern, aud) is not None


_SALESFORCE_AUDIENCE = "https://login.salesforce.com, https://test.salesforce.com (sandbox), or the org's My Domain URL"
_BARE_HOST_REFUSED = ("https://github.com/forcedotcom/datacloud-jdbc/pull/132",)


def _salesforce_audience(aud: str) -> Iterator[Finding]:
    """Salesforce takes the URL of a login host, My Domain or site: https, no path but a slash."""
    scheme, host, path = _url(aud)
    remedy = f"write {_SALESFORCE_AUDIENCE}"
    if not scheme:
        message = "aud is a bare host or no URL; Salesforce wants a full https URL"
        yield Finding("aud-bare-host", "error", "claims.aud", message, remedy, _BARE_HOST_REFUSED)
    elif scheme != "https":
        yield Finding("aud-http", "error", "claims.aud", f"aud begins with {quoted(scheme)}, not https", remedy)
    elif "/services/" in path:
        message = "aud is the token URL; Salesforce wants the login host alone"
        yield Finding("aud-token-url", "error", "claims.aud", message, remedy,
                      ("https://github.com/omniphx/forrest/issues/302",))  # fmt: skip
    elif path == "/":
        message = "aud ends in a slash; Salesforce takes it (its command line sends it), others compare to the letter"
        yield Finding("aud-slash", "note", "claims.aud", message, "leave the slash out")
    elif ".lightning." in host or host.endswith(("salesforce-setup.com", "visualforce.com", "visual.force.com")):
        message = "aud is a page host of the org (Lightning, Setup or Visualforce), not one that logs in"
        yield Finding("aud-page-host", "error", "claims.aud", message, remedy)


def _url(text: str) -> tuple[str, str, str]:
    try:
        split = urlsplit(text)
        return (split.scheme, split.hostname or "", split.path) if split.netloc else ("", "", "")
    except ValueError:
        return "", "", ""


RULES = (_required, _names, _principal, _salesforce_names, _form_of_issuer, _audience)
