"""Which provider a case is about, where nobody named it: from a host, from an issuer or audience, from its words.

A host is believed first, since it says who was asked; a path that only one provider has does so behind a customer's own
host. Then comes what an assertion is made for (`aud`, and an `iss` that only one provider has so). Words come after
these: those that nobody else prints (`words` in a provider's file: AADSTS and a number, Snowflake's names of failures),
then whole wordings, Salesforce's own before those of all others, and a provider is only taken for one that is its own.

What nothing recognises counts as Salesforce, for which this tool was made first, unless it was seen to be asked at a
path that is not Salesforce's: then it is any server (`generic`). `--provider` says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning.responses import Texts, closest, own_or_common

DEFAULT = "salesforce"
PLAIN_ENOUGH = 60
"""Salesforce's fit from which on nobody else is tried: a whole description, or a pattern with its code."""
OWN_WORDS = 80
"""Another's fit that is believed: a whole description, or a pattern with its code."""


def recognise(chart: Chart, texts: Texts, flow: str | None, knowledge: Knowledge) -> str:
    """The slug of the provider that a chart and its texts point to, else of the one that is assumed."""
    return recognised(chart, texts, flow, knowledge) or assumed(chart)


def assumed(chart: Chart) -> str:
    """The slug of the provider that is taken where nothing tells: any server's where another's path was asked."""
    return DEFAULT if chart.text("request.token_path") is None else "generic"


def recognised(chart: Chart, texts: Texts, flow: str | None, knowledge: Knowledge) -> str | None:
    """The slug of the provider that a chart and its texts point to; None where they point to none."""
    return next(_by_name(chart, knowledge), None) or _by_words(texts, flow, knowledge)


def provider_of_claims(issuer: str, audiences: Iterable[str], knowledge: Knowledge) -> str | None:
    """The provider that an assertion is made for: one of its own audiences, its host as one, or its form of iss."""
    known = knowledge.signs
    for audience in audiences:
        owners = [slug for slug, signs in known.items() if audience.strip().lower() in map(str.lower, signs.audiences)]
        if len(owners) == 1:
            return owners[0]
        url = audience if "://" in audience else f"https://{audience}"
        if "." in audience and (found := provider_of_url(url, knowledge)) is not None:
            return found
    named = [slug for slug, signs in known.items() if any(re.search(form, issuer) for form in signs.issuers)]
    return named[0] if len(named) == 1 else provider_of_url(issuer, knowledge) if "." in issuer else None


def provider_of_assertion(claims: Mapping[str, object], knowledge: Knowledge) -> str | None:
    """The provider that an assertion is made for, by all of its claims; None where Salesforce may be meant as well.

    What only one provider asks for gives it away. An audience that is a URL of nobody known is any server's, and so is
    an assertion that is for nobody and about nobody.
    """
    issuer, audience = claims.get("iss"), claims.get("aud")
    issuer = str(issuer) if isinstance(issuer, (str, int)) else ""
    named = [one for one in (audience if isinstance(audience, list) else [audience])[:100] if isinstance(one, str)]
    found = provider_of_claims(issuer, named, knowledge)
    if found is not None:
        return found
    default = knowledge.providers[DEFAULT].client_id
    if default is not None and re.fullmatch(default.form, issuer):
        return DEFAULT
    own = [slug for slug, provider in knowledge.providers.items() if _is_written_for(claims, issuer, provider)]
    if len(own) == 1:
        return own[0]
    is_for_another = any("://" in one for one in named) or not {"aud", "sub", "prn"} & claims.keys()
    return "generic" if is_for_another else None


def _is_written_for(claims: Mapping[str, object], issuer: str, provider: Provider) -> bool:
    required = set(provider.required_claims)
    peculiar = required - _USUAL_CLAIMS
    if peculiar:
        return peculiar <= claims.keys()
    if "{client_id}" in provider.audiences:
        return bool(issuer) and claims.get("aud") == issuer
    form = provider.client_id
    if form is None or "aud" in required or required != claims.keys():
        return False
    return re.fullmatch(form.form, issuer) is not None


_USUAL_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "scope"})


def provider_at(url: str, knowledge: Knowledge) -> str:
    """The provider of a token URL, and where nothing tells: Salesforce for a host alone or no URL, else `generic`."""
    found = provider_of_url(url, knowledge)
    if found is not None:
        return found
    try:
        return DEFAULT if urlsplit(url).path in ("", "/") else "generic"
    except ValueError:
        return DEFAULT


def provider_of_url(url: str, knowledge: Knowledge) -> str | None:
    """The provider whose host patterns fit a URL, else the one that alone has such a path; None where none does."""
    try:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path[:2000]
    except ValueError:
        return None
    return _of_host(host, knowledge) or (_of_path(path, knowledge) if host else None)


def _by_name(chart: Chart, knowledge: Knowledge) -> Iterator[str]:
    host, audience = chart.text("request.token_host"), chart.value("assertion.aud")
    if host is not None and "." in host and (found := _of_host(host, knowledge)) is not None:
        yield found
    path = chart.text("request.token_path")
    if path is not None and (found := _of_path(path, knowledge)) is not None:
        yield found
    named = audience if isinstance(audience, tuple) else (audience,) if isinstance(audience, str) else ()
    made_for = provider_of_claims(chart.text("assertion.iss") or "", named, knowledge)
    if made_for is not None:
        yield made_for


def _of_host(host: str, knowledge: Knowledge) -> str | None:
    host = host.strip().lower().partition(":")[0]
    known = knowledge.signs
    for slug in sorted(known, key=lambda slug: slug != DEFAULT):
        if any(re.search(pattern, host) for pattern in known[slug].hosts):
            return slug
    return None


def _of_path(path: str, knowledge: Knowledge) -> str | None:
    """Behind a customer's own host the path still tells."""
    found = [slug for slug, signs in knowledge.signs.items() if any(re.search(one, path) for one in signs.paths)]
    return found[0] if len(found) == 1 else None


def _by_own_words(texts: Texts, knowledge: Knowledge) -> str | None:
    """The one provider that alone prints something that stands there."""
    said = "\n".join(part for part in (texts.error, texts.description, texts.free) if part)
    found = [
        slug
        for slug, signs in knowledge.signs.items()
        if any(re.search(pattern, said, re.IGNORECASE) for pattern in signs.words)
    ]
    return found[0] if len(found) == 1 else None


def _by_words(texts: Texts, flow: str | None, knowledge: Knowledge) -> str | None:
    if not (texts.error or texts.description or texts.free):
        return None
    told = _by_own_words(texts, knowledge)
    if told is not None:
        return told
    common = closest(knowledge.providers["generic"], texts, flow)

    def fit(slug: str) -> int:
        """How closely the provider's own wordings fit; a generic wording counts for nobody but itself."""
        own = closest(knowledge.providers[slug], texts, flow)
        return own.closeness if own is not None and own_or_common(own, common) is own else 0

    if fit(DEFAULT) >= PLAIN_ENOUGH:
        return DEFAULT
    if common is not None and common.closeness >= OWN_WORDS:
        return None
    fits = {slug: fit(slug) for slug in knowledge.providers if slug != "generic"}
    best = max(fits.values(), default=0)
    own = [slug for slug, found in fits.items() if found == best]
    return own[0] if best >= OWN_WORDS and len(own) == 1 else None
