"""All the arithmetic: comparable facts from observed ones.

Each derived fact is one small rule: it names the facts that it reads, and returns a value, or None where these do
not tell. The table of rules is in order of dependence. What a rule reads is written down so that a question about
an observed fact can be traced to the clues that its answer would touch (`questions.py`).

Late assertions: an assertion whose `exp` has passed by less than the provider's late tolerance is probably still
taken, but the tolerance is seldom documented. So there are two grades: *beyond the lifetime*, and *beyond lifetime
and tolerance*. Clues weigh the first less than the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import ASSERTION_FLOWS, GRANT_TYPES
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning import salesforce_hosts as hosts

QUARTER_HOUR_S = 900.0
ZONE_SLACK_S = 150.0
"""How far from a whole quarter-hour an offset may lie and still look like a time zone: drift plus a little wait."""
USUAL_TTL_S = 60.0
"""Taken for the lifetime of an assertion that nobody measured: short enough to accuse no clock too easily."""
RIGHT_CLOCK_S = 30.0
"""A clock within this of true time is called right; every provider with a known tolerance allows at least it."""
REPLICATION_MIN = 10.0
"""Salesforce help: changes to an app can take up to ten minutes to take effect."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule may look at."""

    chart: Chart
    provider: Provider
    flow: str | None

    def ahead_s(self) -> float | None:
        """The local clock against true time; where no time server answered, against the judging server's `Date`."""
        measured = self.chart.number("clock.ahead_s")
        return self.chart.number("reply.date_ahead_s") if measured is None else measured

    def clock_slack_s(self) -> float:
        return self.chart.uncertainty("clock.ahead_s" if "clock.ahead_s" in self.chart else "reply.date_ahead_s")


Rule = Callable[[Given], Value | None]


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived fact: what it reads, and the rule."""

    fact: str
    reads: tuple[str, ...]
    rule: Rule


RULES: list[Derivation] = []


def derive(chart: Chart, provider: Provider, flow: str | None) -> Chart:
    """The chart with every derived fact that follows from it. Observed facts are never overwritten."""
    for derivation in RULES:
        if derivation.fact in chart:
            continue
        value = derivation.rule(Given(chart, provider, flow))
        if value is not None:
            chart = chart.plus([Observation(derivation.fact, value, "derived")])
    return chart


def reads_of(fact: str) -> frozenset[str]:
    """The observed facts that a fact rests on, itself included where it is observed."""
    direct = {d.fact: d.reads for d in RULES}.get(fact)
    if direct is None:
        return frozenset({fact})
    return frozenset().union(*(reads_of(name) for name in direct), {fact})


def derived(fact: str, *reads: str) -> Callable[[Rule], Rule]:
    """Enters a rule into the table."""

    def enter(rule: Rule) -> Rule:
        RULES.append(Derivation(fact, reads, rule))
        return rule

    return enter


# --- flow ----------------------------------------------------------------------------------------------------------


@derived("flow.kind")
def _flow_kind(given: Given) -> str | None:
    return given.flow


@derived("flow.uses_assertion")
def _flow_uses_assertion(given: Given) -> bool | None:
    return None if given.flow is None else given.flow in ASSERTION_FLOWS


@derived("flow.has_consent_step")
def _flow_has_consent_step(given: Given) -> bool | None:
    return None if given.flow is None else given.flow in ("authorization-code", "user-agent", "device")


@derived("flow.uses_secret")
def _flow_uses_secret(given: Given) -> bool | None:
    with_secret = ("authorization-code", "refresh-token", "client-credentials", "password", "token-exchange")
    return None if given.flow is None else given.flow in with_secret


@derived("request.grant_fits_flow", "request.grant_type")
def _grant_fits_flow(given: Given) -> bool | None:
    grant = given.chart.text("request.grant_type")
    if grant is None or given.flow is None:
        return None
    sent = GRANT_TYPES.get(grant.strip(), grant.strip())
    return sent == given.flow or (given.flow == "private-key-jwt" and sent == "client-credentials")


# --- clock ---------------------------------------------------------------------------------------------------------


@derived("clock.is_slow_beyond_ttl", "clock.ahead_s", "reply.date_ahead_s", "assertion.ttl_s")
def _clock_slow_beyond_ttl(given: Given) -> bool | None:
    return _slow_beyond(given, tolerance_s=0.0)


@derived("clock.is_slow_beyond_margin", "clock.ahead_s", "reply.date_ahead_s", "assertion.ttl_s")
def _clock_slow_beyond_margin(given: Given) -> bool | None:
    return _slow_beyond(given, tolerance_s=given.provider.limit("late_tolerance_s") or 0.0)


def _slow_beyond(given: Given, tolerance_s: float) -> bool | None:
    """Whether `exp`, set by the local clock, had passed on the judging clock when the assertion was fresh."""
    ahead_s = given.ahead_s()
    if ahead_s is None:
        return None
    ttl_s = given.chart.number("assertion.ttl_s")
    margin_s = (USUAL_TTL_S if ttl_s is None else max(ttl_s, 0.0)) + tolerance_s
    return -ahead_s - given.clock_slack_s() > margin_s


@derived("clock.is_fast_beyond_margin", "clock.ahead_s", "reply.date_ahead_s", "assertion.iat_in_s",
         "assertion.nbf_present", "assertion.ttl_s")  # fmt: skip
def _clock_fast_beyond_margin(given: Given) -> bool | None:
    """A fast clock hurts where the provider is known to refuse an `iat` or `nbf` of the future, or an `exp` too far ahead."""
    ahead_s = given.ahead_s()
    if ahead_s is None:
        return None
    early_s = given.provider.limit("early_tolerance_s")
    room_s = given.provider.limit("max_exp_ahead_s")
    ttl_s = given.chart.number("assertion.ttl_s")
    fast_s = ahead_s - given.clock_slack_s()
    too_early = early_s is not None and fast_s > early_s
    too_far = room_s is not None and ttl_s is not None and ttl_s <= room_s < ttl_s + fast_s
    return too_early or too_far


@derived("clock.is_harmless", "clock.ahead_s", "reply.date_ahead_s", "assertion.ttl_s", "clock.sources_agree")
def _clock_is_harmless(given: Given) -> bool | None:
    if given.chart.flag("clock.sources_agree") is False:
        return None
    slow = given.chart.flag("clock.is_slow_beyond_ttl")
    fast = given.chart.flag("clock.is_fast_beyond_margin")
    return None if slow is None else not slow and not fast


@derived("clock.offset_is_time_zone", "clock.ahead_s", "reply.date_ahead_s")
def _offset_is_time_zone(given: Given) -> bool | None:
    ahead_s = given.ahead_s()
    return None if ahead_s is None else is_whole_quarter_hours(ahead_s)


@derived("host.is_off_beyond_margin", "host.ahead_s", "clock.ahead_s", "assertion.ttl_s")
def _host_is_off(given: Given) -> bool | None:
    host_s = given.chart.number("host.ahead_s")
    if host_s is None:
        return None
    local_s = given.chart.number("clock.ahead_s") or 0.0
    margin_s = max(USUAL_TTL_S, given.chart.number("assertion.ttl_s") or 0.0) if host_s > 0 else RIGHT_CLOCK_S
    return abs(host_s) - given.chart.uncertainty("host.ahead_s") > margin_s and abs(local_s) < abs(host_s)


def is_whole_quarter_hours(seconds: float) -> bool:
    """Near a whole number of quarter-hours, half an hour at least: what a time-zone slip looks like."""
    nearest = round(seconds / QUARTER_HOUR_S) * QUARTER_HOUR_S
    return abs(nearest) >= 2 * QUARTER_HOUR_S and abs(nearest) <= 26 * 3600 and abs(seconds - nearest) <= ZONE_SLACK_S


# --- assertion times -----------------------------------------------------------------------------------------------


def _exp_on_judging_clock_s(given: Given) -> float | None:
    """exp minus now on the server's clock: negative when the assertion came too late."""
    exp_in_s = given.chart.number("assertion.exp_in_s")
    return None if exp_in_s is None else exp_in_s - (given.chart.number("host.ahead_s") or 0.0)


@derived("assertion.exp_had_passed", "assertion.exp_in_s", "host.ahead_s")
def _exp_had_passed(given: Given) -> bool | None:
    left_s = _exp_on_judging_clock_s(given)
    return None if left_s is None else left_s < 0


@derived("assertion.is_expired", "assertion.exp_in_s", "host.ahead_s")
def _assertion_is_expired(given: Given) -> bool | None:
    left_s = _exp_on_judging_clock_s(given)
    return None if left_s is None else left_s < -(given.provider.limit("late_tolerance_s") or 0.0)


def _exp_on_local_clock_s(given: Given) -> float | None:
    """exp minus now as the signing machine saw it."""
    exp_in_s, ahead_s = given.chart.number("assertion.exp_in_s"), given.ahead_s()
    return None if exp_in_s is None or ahead_s is None else exp_in_s - ahead_s


@derived(
    "assertion.expired_because_of_clock",
    "assertion.exp_in_s",
    "clock.ahead_s",
    "reply.date_ahead_s",
    "host.ahead_s",
)
def _expired_because_of_clock(given: Given) -> bool | None:
    if given.chart.flag("assertion.exp_had_passed") is not True:
        return False if "assertion.exp_had_passed" in given.chart else None
    local_s, ahead_s = _exp_on_local_clock_s(given), given.ahead_s()
    return None if local_s is None or ahead_s is None else local_s >= 0 and ahead_s < -RIGHT_CLOCK_S


@derived(
    "assertion.expired_despite_right_clock",
    "assertion.exp_in_s",
    "clock.ahead_s",
    "reply.date_ahead_s",
    "host.ahead_s",
)
def _expired_despite_right_clock(given: Given) -> bool | None:
    if given.chart.flag("assertion.exp_had_passed") is not True:
        return False if "assertion.exp_had_passed" in given.chart else None
    local_s = _exp_on_local_clock_s(given)
    return None if local_s is None else local_s < 0


@derived(
    "assertion.exp_is_off_by_zone",
    "assertion.exp_in_s",
    "assertion.iat_in_s",
    "assertion.ttl_s",
    "clock.ahead_s",
)
def _exp_is_off_by_zone(given: Given) -> bool | None:
    """Whether exp lies a time zone away from where a client with this clock would put it."""
    exp_in_s = given.chart.number("assertion.exp_in_s")
    if exp_in_s is None:
        return None
    ahead_s = given.ahead_s() or 0.0
    ttl_s = given.chart.number("assertion.ttl_s")
    if ttl_s is not None and 0 <= ttl_s <= 3600:
        return is_whole_quarter_hours(exp_in_s - ahead_s - ttl_s)
    return any(is_whole_quarter_hours(exp_in_s - ahead_s - usual_s) for usual_s in (0.0, 180.0, 300.0))


@derived("assertion.starts_in_future", "assertion.iat_in_s", "assertion.nbf_in_s", "host.ahead_s")
def _starts_in_future(given: Given) -> bool | None:
    starts = [
        s for s in (given.chart.number("assertion.iat_in_s"), given.chart.number("assertion.nbf_in_s")) if s is not None
    ]
    if not starts:
        return None
    allowed_s = given.provider.limit("early_tolerance_s") or 0.0
    return max(starts) - (given.chart.number("host.ahead_s") or 0.0) > allowed_s + 1.0


@derived(
    "assertion.starts_in_future_despite_right_clock",
    "assertion.iat_in_s",
    "assertion.nbf_in_s",
    "clock.ahead_s",
)
def _starts_in_future_despite_right_clock(given: Given) -> bool | None:
    starts = given.chart.flag("assertion.starts_in_future")
    ahead_s = given.ahead_s()
    if starts is None or ahead_s is None:
        return None
    latest = max(given.chart.number("assertion.iat_in_s") or 0.0, given.chart.number("assertion.nbf_in_s") or 0.0)
    return starts and latest - ahead_s > RIGHT_CLOCK_S


@derived("assertion.ttl_is_tiny", "assertion.ttl_s")
def _ttl_is_tiny(given: Given) -> bool | None:
    ttl_s = given.chart.number("assertion.ttl_s")
    return None if ttl_s is None else ttl_s < 30


@derived("assertion.ttl_over_limit", "assertion.ttl_s")
def _ttl_over_limit(given: Given) -> bool | None:
    ttl_s, most_s = given.chart.number("assertion.ttl_s"), given.provider.limit("max_ttl_s")
    return None if ttl_s is None or most_s is None else ttl_s > most_s


# --- assertion form ------------------------------------------------------------------------------------------------


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
    """Consumer keys of Salesforce begin with 3MVG9 and are some 85 characters long; PlatformCLI is the one exception."""
    issuer = given.chart.text("assertion.iss")
    if issuer is None or given.provider.slug != "salesforce":
        return None
    return (issuer.startswith("3MVG") and " " not in issuer) or issuer == "PlatformCLI"


@derived("assertion.sub_looks_like_username", "assertion.sub")
def _sub_looks_like_username(given: Given) -> bool | None:
    subject = given.chart.text("assertion.sub")
    if subject is None or given.provider.slug != "salesforce":
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


# --- host ----------------------------------------------------------------------------------------------------------


@derived("request.host_kind", "request.token_host")
def _host_kind(given: Given) -> str | None:
    host = given.chart.text("request.token_host")
    if host is None or given.provider.slug != "salesforce":
        return None
    return hosts.host_kind(host)


@derived("request.host_is_generic", "request.token_host")
def _host_is_generic(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind is None else kind in ("login", "test")


@derived("request.host_is_my_domain", "request.token_host")
def _host_is_my_domain(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind is None else kind in hosts.MY_DOMAINS


@derived("request.host_serves_tokens", "request.token_host")
def _host_serves_tokens(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind in (None, "other") else kind in hosts.SERVES_TOKENS


@derived("request.host_fits_org", "request.token_host", "org.kind")
def _host_fits_org(given: Given) -> bool | None:
    kind, org = given.chart.text("request.host_kind"), given.chart.text("org.kind")
    return None if kind is None or org is None else hosts.fits_org(kind, org)


@derived("request.host_fits_username", "request.token_host", "user.username_is_sandbox_style")
def _host_fits_username(given: Given) -> bool | None:
    kind, sandbox_style = (
        given.chart.text("request.host_kind"),
        given.chart.flag("user.username_is_sandbox_style"),
    )
    if kind is None or sandbox_style is None:
        return None
    if kind in ("test", "my-domain-sandbox"):
        return sandbox_style
    return not sandbox_style if kind in ("login", "my-domain") else None


@derived("request.host_fits_app", "request.token_host", "app.kind")
def _host_fits_app(given: Given) -> bool | None:
    generic, app = given.chart.flag("request.host_is_generic"), given.chart.text("app.kind")
    if generic is None or app is None:
        return None
    return not generic if app == "external-client-app" else None


@derived("request.host_fits_flow", "request.token_host")
def _host_fits_flow(given: Given) -> bool | None:
    generic = given.chart.flag("request.host_is_generic")
    return None if generic is None or given.flow != "client-credentials" else not generic


@derived("request.host_is_my_domain_of_org", "request.token_host", "org.kind")
def _host_is_my_domain_of_org(given: Given) -> bool | None:
    mine, fits = given.chart.flag("request.host_is_my_domain"), given.chart.flag("request.host_fits_org")
    return None if mine is None else mine and fits is not False


@derived("request.host_is_retired_pod", "request.token_host")
def _host_is_retired_pod(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind is None else kind == "instance"


# --- PKCE and secret -----------------------------------------------------------------------------------------------


@derived("request.verifier_is_well_formed", "request.code_verifier_length", "request.code_verifier_has_tilde")
def _verifier_is_well_formed(given: Given) -> bool | None:
    """RFC 7636 §4.1: 43 to 128 characters. Salesforce refuses `~`, though the RFC allows it."""
    length, tilde = (
        given.chart.number("request.code_verifier_length"),
        given.chart.flag("request.code_verifier_has_tilde"),
    )
    if tilde is True and given.provider.slug == "salesforce":
        return False
    return None if length is None else 43 <= length <= 128


@derived("request.secret_is_missing", "request.sends_client_secret", "app.requires_secret")
def _secret_is_missing(given: Given) -> bool | None:
    sends, required = given.chart.flag("request.sends_client_secret"), given.chart.flag("app.requires_secret")
    if sends is None or (required is None and not sends):
        return None
    return bool(required) and not sends


@derived("request.secret_is_sent_where_required", "request.sends_client_secret", "app.requires_secret")
def _secret_is_sent_where_required(given: Given) -> bool | None:
    sends, required = given.chart.flag("request.sends_client_secret"), given.chart.flag("app.requires_secret")
    return None if sends is None or required is None else sends and required


def _pkce_required(given: Given) -> bool | None:
    app, org = given.chart.flag("app.requires_pkce"), given.chart.flag("org.requires_pkce")
    if app or org:
        return True
    return None if app is None and org is None else False


def _pkce_sent(given: Given) -> bool | None:
    verifier, challenge = (
        given.chart.flag("request.sends_code_verifier"),
        given.chart.flag("request.code_challenge_sent"),
    )
    if verifier is False or challenge is False:
        return False
    return True if verifier or challenge else None


_PKCE_FACTS = ("request.sends_code_verifier", "request.code_challenge_sent")


@derived("request.pkce_is_required_and_missing", *_PKCE_FACTS, "app.requires_pkce", "org.requires_pkce")
def _pkce_is_required_and_missing(given: Given) -> bool | None:
    required, sent = _pkce_required(given), _pkce_sent(given)
    if sent or required is False:
        return False
    return None if sent is None or required is None else True


@derived(
    "request.pkce_is_in_order",
    *_PKCE_FACTS,
    "request.code_verifier_length",
    "request.code_verifier_has_tilde",
)
def _pkce_is_in_order(given: Given) -> bool | None:
    sent, formed = _pkce_sent(given), given.chart.flag("request.verifier_is_well_formed")
    if sent is None or formed is None:
        return None
    return sent and formed


# --- app -----------------------------------------------------------------------------------------------------------


def _permitted(given: Given) -> str | None:
    """`admin-approved`, `self-authorize`, or None; Setup's own words are read too."""
    text = given.chart.text("app.permitted_users")
    if text is None:
        return None
    folded = text.lower().replace("_", "-")
    if "admin" in folded or "pre-auth" in folded:
        return "admin-approved"
    return "self-authorize" if "self" in folded or folded.startswith("all") else None


@derived("app.is_admin_approved", "app.permitted_users")
def _is_admin_approved(given: Given) -> bool | None:
    permitted = _permitted(given)
    return None if permitted is None else permitted == "admin-approved"


@derived("app.preauthorised_but_unassigned", "app.permitted_users", "user.assigned_to_app")
def _preauthorised_but_unassigned(given: Given) -> bool | None:
    permitted, assigned = _permitted(given), given.chart.flag("user.assigned_to_app")
    if permitted is None or (permitted == "admin-approved" and assigned is None):
        return None
    return permitted == "admin-approved" and assigned is False


@derived("app.preauthorised_and_assigned", "app.permitted_users", "user.assigned_to_app")
def _preauthorised_and_assigned(given: Given) -> bool | None:
    permitted, assigned = _permitted(given), given.chart.flag("user.assigned_to_app")
    if permitted is None or (permitted == "admin-approved" and assigned is None):
        return None
    return permitted == "admin-approved" and assigned is True


@derived(
    "app.self_authorised_without_approval",
    "app.permitted_users",
    "user.has_approved_app",
    "user.approval_has_refresh_token",
)
def _self_authorised_without_approval(given: Given) -> bool | None:
    permitted, approved = _permitted(given), given.chart.flag("user.has_approved_app")
    usable = given.chart.flag("user.approval_has_refresh_token")
    if permitted != "self-authorize":
        return None if permitted is None else False
    return None if approved is None and usable is None else approved is False or usable is False


@derived(
    "app.self_authorised_with_approval",
    "app.permitted_users",
    "user.has_approved_app",
    "user.approval_has_refresh_token",
)
def _self_authorised_with_approval(given: Given) -> bool | None:
    """Only an approval that held refresh_token counts for JWT bearer (help, xcloud.remoteaccess_oauth_jwt_flow)."""
    permitted, usable = _permitted(given), given.chart.flag("user.approval_has_refresh_token")
    if permitted != "self-authorize":
        return None if permitted is None else False
    approved = given.chart.flag("user.has_approved_app")
    return None if usable is None else usable and approved is not False


@derived("app.supports_flow", "app.kind", "app.flow_enabled")
def _supports_flow(given: Given) -> bool | None:
    """External client apps offer no user name and password flow."""
    app = given.chart.text("app.kind")
    if given.chart.flag("app.flow_enabled") is False:
        return False
    return (
        None if app is None or given.flow is None else not (app == "external-client-app" and given.flow == "password")
    )


@derived("app.is_younger_than_replication", "app.is_new", "app.age_min")
def _is_younger_than_replication(given: Given) -> bool | None:
    age_min, is_new = given.chart.number("app.age_min"), given.chart.flag("app.is_new")
    return is_new if age_min is None else age_min < REPLICATION_MIN


def _scopes(given: Given) -> frozenset[str] | None:
    scopes = given.chart.value("app.scopes")
    return frozenset(s.strip().lower() for s in scopes) if isinstance(scopes, tuple) else None


@derived("app.scopes_suffice_for_api", "app.scopes", "app.has_api_scope")
def _scopes_suffice_for_api(given: Given) -> bool | None:
    scopes, told = _scopes(given), given.chart.flag("app.has_api_scope")
    if scopes is None:
        return told
    wanted = {"api"} if given.flow == "client-credentials" else {"api", "full", "web"}
    return bool(scopes & wanted)


@derived("app.lacks_refresh_scope", "app.scopes", "app.has_refresh_token_scope")
def _lacks_refresh_scope(given: Given) -> bool | None:
    scopes, told = _scopes(given), given.chart.flag("app.has_refresh_token_scope")
    if scopes is None:
        return None if told is None else not told
    return not scopes & {"refresh_token", "offline_access", "refreshtoken", "offlineaccess"}


@derived("app.token_dies_at_once", "app.refresh_token_policy")
def _token_dies_at_once(given: Given) -> bool | None:
    policy = given.chart.text("app.refresh_token_policy")
    return (
        None
        if policy is None
        else policy.lower().replace("-", "_") not in ("infinite", "until_revoked", "valid_until_revoked")
    )


# --- user and history ----------------------------------------------------------------------------------------------


@derived("user.ip_is_outside", "user.caller_ip_in_ranges", "user.has_ip_ranges", "app.ip_relaxation")
def _ip_is_outside(given: Given) -> bool | None:
    """JWT and SAML bearer enforce the profile's ranges whatever the app relaxes (xcloud.connected_app_continuous_ip)."""
    inside = given.chart.flag("user.caller_ip_in_ranges")
    if inside is None:
        return False if given.chart.flag("user.has_ip_ranges") is False else None
    relaxed = (given.chart.text("app.ip_relaxation") or "").lower().replace("-", "_") in (
        "relax",
        "bypass",
        "relax_ip_restrictions",
    )
    if relaxed and given.flow not in ("jwt-bearer", "saml-bearer"):
        return False
    return not inside


@derived("user.ip_is_inside", "user.caller_ip_in_ranges", "user.has_ip_ranges", "app.ip_relaxation")
def _ip_is_inside(given: Given) -> bool | None:
    outside = given.chart.flag("user.ip_is_outside")
    return None if outside is None else not outside


@derived("user.session_level_is_high", "user.required_session_level")
def _session_level_is_high(given: Given) -> bool | None:
    level = given.chart.text("user.required_session_level")
    return None if level is None else "high" in level.lower()


@derived("user.approvals_at_limit", "user.approvals_for_app")
def _approvals_at_limit(given: Given) -> bool | None:
    approvals, most = given.chart.number("user.approvals_for_app"), given.provider.limit("approvals_per_app")
    return None if approvals is None or most is None else approvals >= most


@derived("history.login_rate_is_over_limit", "history.logins_last_hour")
def _login_rate_is_over_limit(given: Given) -> bool | None:
    logins, most = given.chart.number("history.logins_last_hour"), given.provider.limit("logins_per_hour")
    return None if logins is None or most is None else logins >= most


@derived("history.rotated_recently", "history.secret_rotated_min_ago")
def _rotated_recently(given: Given) -> bool | None:
    ago_min = given.chart.number("history.secret_rotated_min_ago")
    return None if ago_min is None else ago_min < 60 * 24 * 45


@derived("history.was_always_broken", "history.worked_before")
def _was_always_broken(given: Given) -> bool | None:
    worked = given.chart.flag("history.worked_before")
    return None if worked is None else not worked


# --- reply ---------------------------------------------------------------------------------------------------------


@derived(
    "reply.reached_endpoint",
    "reply.error",
    "reply.body_is_json",
    "path.failure",
    "path.intercepted",
    "reply.granted",
)
def _reached_endpoint(given: Given) -> bool | None:
    if "path.failure" in given.chart or given.chart.flag("path.intercepted"):
        return False
    if "reply.error" in given.chart or given.chart.flag("reply.body_is_json") or given.chart.flag("reply.granted"):
        return True
    return None
