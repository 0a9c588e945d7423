"""Two of a kind, side by side: assertions claim by claim, requests, cases and reports fact by fact. Pure.

What differs is one question, what of it *matters here* another, and the second is answered by the provider's rules:
for a fact by the clues that one side meets and the other does not, for a claim by a small table of what is known of
that claim. Times of two assertions that were signed at different moments are compared by their rule (form and life),
since as numbers they always differ.

What is compared was cleaned by whoever read it; a signature is never among it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from jwtdoctor.assertions.decode import is_milliseconds, seconds
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning import salesforce_hosts as hosts
from jwtdoctor.reasoning.derive import derive, reads_of
from jwtdoctor.reasoning.operators import meets
from jwtdoctor.reasoning.weigh import SCALE, clues_of

Part = Literal["header", "claim", "fact", "verdict"]
Matters = Literal["yes", "no", "unknown"]
_RANK: dict[Matters, int] = {"yes": 0, "unknown": 1, "no": 2}
_TIMES = ("exp", "iat", "nbf")
_SLACK_S = 1
"""Whole seconds round: two lives within this are one."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two. `header` and `claims` are empty where it is no assertion; `chart` holds observed facts."""

    name: str
    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    chart: Chart = field(default_factory=Chart)
    verdicts: Mapping[str, int] = field(default_factory=dict)
    """Cause to score, the first few."""
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same on both sides; None: it is not there. `causes`: what it can lead to."""

    part: Part
    name: str
    a: Any
    b: Any
    matters: Matters
    because: str
    causes: tuple[str, ...] = ()


def compare(a: Side, b: Side, provider: Provider, knowledge: Knowledge) -> tuple[Difference, ...]:
    """Every difference, those that matter at this provider first."""
    found = [
        *_members(a.header, b.header, "header", provider),
        *_claims(a.claims, b.claims, provider),
        *_facts(a, b, provider, knowledge),
        *_verdicts(a, b),
    ]
    return tuple(sorted(found, key=lambda d: _RANK[d.matters]))


# --- assertions ------------------------------------------------------------------------------------------------------

Judged = tuple[Matters, str, tuple[str, ...]]


def _members(a: Mapping[str, Any], b: Mapping[str, Any], part: Part, provider: Provider) -> list[Difference]:
    if not a or not b:
        return []
    found = []
    for name in dict.fromkeys((*a, *b)):
        if a.get(name) == b.get(name) and (name in a) == (name in b):
            continue
        judge = _KNOWN.get((part, name), _unheard)
        values = a.get(name), b.get(name)
        found.append(_difference(name, values, judge(*values, provider), part))
    return found


def _claims(a: Mapping[str, Any], b: Mapping[str, Any], provider: Provider) -> list[Difference]:
    """Subjects are one claim by either name; times go by their rule."""
    if not a or not b:
        return []
    skipped = {*_TIMES, "jti"} | ({"sub", "prn"} if _subject(a) == _subject(b) else set())
    of_client = _proves_client(a) or _proves_client(b)
    skipped |= {"iss", "sub"} if of_client else set()
    rest = [_without(one, skipped) for one in (a, b)]
    found = _members(rest[0], rest[1], "claim", provider)
    found += _of_client(a, b) if of_client else []
    return [*found, *_subject_form(a, b, provider), *_times(a, b, provider), *_jti(a, b, provider)]


def _without(claims: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in names}


def _proves_client(claims: Mapping[str, Any]) -> bool:
    """RFC 7523 §3, points 1 and 2B: where a client proves itself, iss and sub are both its id."""
    return claims.get("iss") is not None and claims.get("iss") == claims.get("sub")


def _of_client(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    found = []
    for name in ("iss", "sub"):
        if a.get(name) != b.get(name):
            because = "it names the client, as iss does (RFC 7523 §3)"
            causes: tuple[str, ...] = ("client-id-mismatch",)
            if name == "iss":
                because, causes = "it names the client", ("client-id-unknown", "client-id-mismatch")
            found.append(_difference(name, (a.get(name), b.get(name)), ("yes", because, causes)))
    return found


def _subject(claims: Mapping[str, Any]) -> Any:
    return claims.get("sub", claims.get("prn"))


def _subject_name(claims: Mapping[str, Any]) -> str | None:
    return next((name for name in ("sub", "prn") if name in claims), None)


def _subject_form(a: Mapping[str, Any], b: Mapping[str, Any], provider: Provider) -> list[Difference]:
    names = _subject_name(a), _subject_name(b)
    if names[0] == names[1] or _subject(a) != _subject(b):
        return []
    if provider.slug == "salesforce":
        judged: Judged = ("no", "Salesforce reads prn as sub; two npm clients sign it", ())
    else:
        judged = ("yes", "prn is of an early draft; the standard names sub (RFC 7523 §3)", ("missing-claim",))
    return [_difference("sub", names, judged)]


def _jti(a: Mapping[str, Any], b: Mapping[str, Any], provider: Provider) -> list[Difference]:
    """Present or not; two values ought to differ, and the same one twice is the finding."""
    has = [one.get("jti") is not None for one in (a, b)]
    if all(has) and a["jti"] == b["jti"]:
        because = "both carry one jti: the second of them is a replay"
        return [Difference("claim", "jti", "the same", "the same", "yes", because, ("jti-replayed",))]
    if has[0] == has[1]:
        return []
    return [_difference("jti", _presence("jti", a, b), _required("jti", provider))]


def _presence(name: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return ("present" if a.get(name) is not None else None, "present" if b.get(name) is not None else None)


def _difference(name: str, values: tuple[Any, Any], judged: Judged, part: Part = "claim") -> Difference:
    return Difference(part, name, values[0], values[1], *judged)


def _times(a: Mapping[str, Any], b: Mapping[str, Any], provider: Provider) -> list[Difference]:
    found = []
    for name in ("iat", "nbf"):
        if (a.get(name) is None) != (b.get(name) is None):
            found.append(_difference(name, _presence(name, a, b), _required(name, provider)))
    forms = _form(a.get("exp")), _form(b.get("exp"))
    if forms[0] != forms[1]:
        found.append(_difference("exp (form)", forms, _form_matters(forms, provider)))
    lives = _life(a), _life(b)
    if lives[0] is None or lives[1] is None:
        return [*found, *_apart(a, b)]
    if abs(lives[0] - lives[1]) > _SLACK_S:
        found.append(_of_lives(lives[0], lives[1], provider))
    return found


def _form(value: Any) -> str | None:
    if value is None:
        return None
    unit = "milliseconds" if is_milliseconds(value) else "seconds"
    return f"{unit} as text" if isinstance(value, str) else unit


def _form_matters(forms: tuple[str | None, str | None], provider: Provider) -> Judged:
    if None in forms:
        return _required("exp", provider)
    if provider.slug == "salesforce":
        return ("no", "clients in daily use sign exp as text and in milliseconds; Salesforce takes both (inferred)", ())
    because = "exp is a number of seconds (RFC 7519 §2); strict servers refuse others"
    return ("yes", because, ("assertion-time-miscalculated",))


def _life(claims: Mapping[str, Any]) -> float | None:
    """exp - iat in seconds; None where one of them is missing or no time. Milliseconds are read as such."""
    ends, begins = seconds(claims.get("exp")), seconds(claims.get("iat"))
    return None if ends is None or begins is None else ends - begins


def _of_lives(a: float, b: float, provider: Provider) -> Difference:
    late, longest, back = provider.limit("late_tolerance_s") or 0.0, provider.limit("max_ttl_s"), 0.0
    if longest is None:  # where exp alone is judged, iat may be dated back as far as is advised
        longest, back = provider.limit("max_exp_ahead_s"), provider.limit("iat_back_s") or 0.0
    slow = _spoken(max(a, 0) + late), _spoken(max(b, 0) + late)
    because = f"a clock may be slow by {slow[0]} with the one and by {slow[1]} with the other"
    causes: tuple[str, ...] = ("clock-drift", "assertion-expired")
    if longest is not None and (a > longest + back) != (b > longest + back):
        because, causes = f"{longest:.0f} s are the most that is taken here", ("assertion-ttl-too-long",)
    return Difference("claim", "exp - iat", _spoken(a), _spoken(b), "yes", because, causes)


def _spoken(life_s: float) -> str:
    """Seconds; what milliseconds read as seconds come to is no length of time any more."""
    return f"{life_s:.0f} s" if life_s < 10 * 365 * 86_400 else "any time at all"


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Difference]:
    ends = seconds(a.get("exp")), seconds(b.get("exp"))
    if ends[0] is None or ends[1] is None or abs(ends[0] - ends[1]) <= _SLACK_S:
        return []
    because = "without iat in both, their lives cannot be told from the moments at which they were signed"
    return [Difference("claim", "exp", a["exp"], b["exp"], "unknown", because, ("clock-drift", "assertion-expired"))]


def _required(name: str, provider: Provider) -> Judged:
    if name in provider.required_claims:
        return ("yes", f"{provider.title} demands it", ("missing-claim",))
    if name in provider.forbidden_claims:
        return ("yes", f"{provider.title} refuses it", ("forbidden-claim",))
    return ("no", f"{provider.title} does not demand it", ())


def _unheard(a: Any, b: Any, provider: Provider) -> Judged:  # noqa: ARG001
    return ("unknown", "nothing is known of what it does here", ())


def _audience(a: Any, b: Any, provider: Provider) -> Judged:
    if isinstance(a, str) and isinstance(b, str) and a.rstrip("/") == b.rstrip("/") and provider.slug == "salesforce":
        return ("no", "a slash at the end is taken: the Salesforce CLI sends it", ())
    if provider.slug == "salesforce" and _same_pool(a, b):
        because = "the login host and the org's own domain are taken alike, but an external client app wants the latter"
        return ("unknown", because, ("wrong-audience", "wrong-login-host"))
    if isinstance(a, list) != isinstance(b, list) and provider.aud_as_array:
        return ("unknown", "a list and a text are taken alike where they name the same", ("wrong-audience",))
    cause = "audience-must-be-string" if isinstance(a, list) != isinstance(b, list) else "wrong-audience"
    return ("yes", "aud must name this server in the form that it knows itself by", (cause,))


def _same_pool(a: Any, b: Any) -> bool:
    """Two hosts of Salesforce, whole and without a path, on one side of the line between sandboxes and the rest."""
    if not (isinstance(a, str) and isinstance(b, str)):
        return False
    parts = [urlsplit(one.rstrip("/")) for one in (a, b)]
    if any(one.scheme != "https" or one.path or one.query for one in parts):
        return False
    kinds = [hosts.host_kind(one.hostname or "") for one in parts]
    return hosts.same_world(kinds[0], kinds[1]) is True


def _algorithm(a: Any, b: Any, provider: Provider) -> Judged:
    if a in provider.algorithms and b in provider.algorithms:
        return ("no", f"{provider.title} takes both", ())
    return ("yes", f"{provider.title} takes {', '.join(provider.algorithms)}", ("unsupported-algorithm",))


def _key_id(a: Any, b: Any, provider: Provider) -> Judged:  # noqa: ARG001
    if not provider.needs_kid:
        return ("no", f"{provider.title} needs no kid", ())
    return ("yes", "the key is looked up by its kid", ("key-id-unknown",))


def _harmless(a: Any, b: Any, provider: Provider) -> Judged:  # noqa: ARG001
    return ("no", "no server is known to look at it", ())


def _names_app(a: Any, b: Any, provider: Provider) -> Judged:  # noqa: ARG001
    return ("yes", "iss names the app", ("client-id-unknown", "wrong-issuer"))


def _names_user(a: Any, b: Any, provider: Provider) -> Judged:  # noqa: ARG001
    return ("yes", "it names the user who logs in", ("wrong-subject", "user-not-assigned-to-app"))


def _asks_scope(a: Any, b: Any, provider: Provider) -> Judged:  # noqa: ARG001
    if provider.slug == "salesforce":
        return ("no", "the scopes come from the app", ())
    return ("yes", "the scopes that are asked for", ("scope-not-allowed",))


_KNOWN: dict[tuple[str, str], Callable[[Any, Any, Provider], Judged]] = {
    ("header", "alg"): _algorithm,
    ("header", "kid"): _key_id,
    ("header", "typ"): _harmless,
    ("claim", "alg"): _harmless,
    ("claim", "aud"): _audience,
    ("claim", "iss"): _names_app,
    ("claim", "sub"): _names_user,
    ("claim", "prn"): _names_user,
    ("claim", "scope"): _asks_scope,
}


# --- requests, cases, reports ----------------------------------------------------------------------------------------

_MEASURED = frozenset({"clock.ahead_s", "clock.uncertainty_s", "reply.date_ahead_s", "host.ahead_s"})
_TEXTS = frozenset({"reply.error", "reply.description", "login_history.status", "reply.client_text"})
_ACCIDENTAL = frozenset(
    {"reply.correlation_id", "reply.trace_id", "token.issued_ahead_s", "clock.uncertainty_s", "path.addresses"}
)
"""Facts that differ from one attempt to the next whatever is wrong."""


def _facts(a: Side, b: Side, provider: Provider, knowledge: Knowledge) -> list[Difference]:
    charts = [derive(side.chart, provider, side.flow) for side in (a, b)]
    if not len(a.chart) or not len(b.chart):
        return []
    is_told = {"assertion"} if a.claims and b.claims else set()
    found = []
    for name in sorted(_names(a, b) - _ACCIDENTAL):
        values = a.chart.value(name), b.chart.value(name)
        if name.partition(".")[0] in is_told or _same(name, *values):
            continue
        judged = _of_fact(name, values, charts, provider, knowledge)
        found.append(_difference(name, (_rounded(values[0]), _rounded(values[1])), judged, "fact"))
    return found


def _names(a: Side, b: Side) -> set[str]:
    """All facts of either; of an assertion against something else only those that both have."""
    names = {*a.chart.observations}, {*b.chart.observations}
    return names[0] | names[1] if bool(a.claims) == bool(b.claims) else names[0] & names[1]


def _of_fact(
    name: str, values: tuple[Any, Any], charts: list[Chart], provider: Provider, knowledge: Knowledge
) -> Judged:
    group, _, claim = name.partition(".")
    if name in _TEXTS:
        return ("yes", "each text has its own readings", ())
    if name == "reply.granted":
        return ("yes", "one of the two got a token", ())
    if group == "assertion" and ("claim", claim) in _KNOWN and None not in values:
        return _KNOWN["claim", claim](*values, provider)
    causes = _moved(name, charts[0], charts[1], provider, knowledge)
    because = "one side meets clues of these causes and the other does not" if causes else "no cause looks at it"
    return ("yes" if causes else "no", because, causes)


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _same(name: str, a: Any, b: Any) -> bool:
    if name in _MEASURED and isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 2 * _SLACK_S
    return bool(a == b)


def _moved(name: str, a: Chart, b: Chart, provider: Provider, knowledge: Knowledge) -> tuple[str, ...]:
    """The causes for which this fact speaks on one side only."""
    found = []
    for slug, cause in knowledge.causes.items():
        clues = [c for c in clues_of(cause, provider) if c.speaks == "for" and name in reads_of(c.fact)]
        if any(_met(c, a) != _met(c, b) for c in clues):
            found.append(slug)
    return tuple(sorted(found)[:6])


def _met(clue: Any, chart: Chart) -> bool:
    value = chart.value(clue.fact)
    return value is not None and meets(value, clue.operator, clue.operand)


def _verdicts(a: Side, b: Side) -> list[Difference]:
    if not a.verdicts or not b.verdicts:
        return []
    found = []
    for cause in dict.fromkeys((*a.verdicts, *b.verdicts)):
        scores = a.verdicts.get(cause), b.verdicts.get(cause)
        highest = max(score for score in scores if score is not None)
        if scores[0] != scores[1] and highest >= SCALE.possible:
            found.append(_difference(cause, scores, ("unknown", "its score", (cause,)), "verdict"))
    return found


def shown(value: Any) -> str:
    """A value on one line; a dash where it is not there."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
