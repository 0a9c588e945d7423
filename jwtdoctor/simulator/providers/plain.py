"""Any provider, played from its data alone: the rules are those of its TOML file, and so are the words, as far as any
of its responses is said to mean what is wrong.

Which of several wordings is uttered is a GUESS: the one whose reading of the cause is the most usual. A pattern is
uttered where it is plain text; where nothing fits, RFC 6749 §5.2 and RFC 7521 §4.2.1 give the code alone.
"""

from __future__ import annotations

import re
from functools import partial

from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Provider, Response
from jwtdoctor.simulator.providers import checks
from jwtdoctor.simulator.providers.checks import KINDS, Asked, Trouble
from jwtdoctor.simulator.providers.dialect import Dialect, access_token, oauth_body
from jwtdoctor.simulator.refusals import Refusal

_USUAL = ("sole", "usual", "often", "sometimes", "rarely")
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")


def dialect(provider: Provider) -> Dialect:
    """The dialect that a provider's data make."""
    return Dialect(
        checks=(
            checks.is_up,
            checks.has_assertion,
            checks.is_readable,
            checks.claims_there,
            checks.nothing_forbidden,
            checks.client_known,
            checks.client_there,
            checks.secret_right,
            checks.algorithm_allowed,
            checks.key_there,
            checks.key_named,
            checks.certificate_lives,
            checks.signature_right,
            checks.audience_right,
            checks.not_expired,
            checks.not_early,
            checks.not_long,
            checks.not_far,
            checks.not_old,
            checks.not_used,
            checks.subject_known,
            checks.consented,
            checks.scope_granted,
        ),
        words=partial(_words, provider),
        body=oauth_body,
        granted=lambda asked: {} if asked.service.flow == "api-jwt" else access_token(asked),
        # GUESS: where a tolerance is not known a minute is taken, so that whole seconds and the way never decide.
        guesses={"late_tolerance_s": 60.0, "early_tolerance_s": 60.0},
    )


def _words(provider: Provider, trouble: Trouble, asked: Asked) -> Refusal:
    flow = asked.service.flow
    for cause in KINDS[trouble.kind]:
        found = [(rank, one) for one in provider.responses if (rank := _rank(one, cause, flow)) is not None]
        if found:
            return _uttered(min(found, key=lambda pair: pair[0])[1], flow)
    return _standard(flow)


def _rank(response: Response, cause: str, flow: str) -> int | None:
    """How usual it is that this wording means that cause, 0 the most; None where it does not."""
    if response.where not in ("token", "api") or response.evidence == "enum-only":
        return None
    if response.flows and flow not in response.flows:
        return None
    readings = [r for r in response.readings if r.cause == cause and r.usual in _USUAL]
    ranks = [_USUAL.index(r.usual) for r in readings if not r.flows or flow in r.flows]
    return min(ranks) * 2 + response.transparent if ranks else None


def _uttered(response: Response, flow: str) -> Refusal:
    usual = _standard(flow)
    status = response.statuses[0] if response.statuses else usual.status
    text = response.description or _plain_text(response.pattern)
    return Refusal(response.error or usual.error, text, Sureness.INFERRED, status=status)


def _plain_text(pattern: str | None) -> str | None:
    """A pattern that is plain text, once its escapes are undone."""
    if pattern is None:
        return None
    bare = re.sub(r"\\b|^\^|\$$", "", pattern)
    text = re.sub(r"\\([.()\[\]{}'\"/-])", r"\1", bare)
    return text if not _SPECIAL.search(re.sub(r"\\[.()\[\]{}'\"/-]", "", bare)) else None


def _standard(flow: str) -> Refusal:
    if flow == "jwt-bearer":
        return Refusal("invalid_grant", None, Sureness.DOCUMENTED)
    return Refusal("invalid_client", None, Sureness.DOCUMENTED, status=401)
