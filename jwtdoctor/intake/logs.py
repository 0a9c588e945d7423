"""Log excerpts, exception texts and client output: which error the endpoint gave, or that none came.

Words that a client adds are not the endpoint's. The Salesforce CLI prints "Invalid client credentials. Verify the
OAuth client secret and ID." before every failed code exchange, network failures included, and adds
`[audience=… login=…]`: both are taken off, and the pair is kept as the facts that it tells.

The CLI tries up to five (login, audience) pairs and lists what each gave. The first pair is the host that the user
named, so its answer is the one that is diagnosed; the later ones are answers of hosts that nobody asked for. Only
where the first brought no answer at all (`fetch failed`) or only the complaint about an audience that the CLI chose
itself is another one taken, the last. Where the first host gave an error without a description, the CLI prints an
empty line, and nothing of what it said is left. In every other log the last token error counts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jwtdoctor.intake.bounds import shortened
from jwtdoctor.intake.buried import Buried, as_body, buried_in, last_error
from jwtdoctor.intake.forms import safe_split
from jwtdoctor.intake.redact import clean, printable, without_key_blocks
from jwtdoctor.intake.reply_facts import printed_id
from jwtdoctor.intake.sighting import MAX_TEXT, Sighting, earlier, fact
from jwtdoctor.intake.urls import look_at_url
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Reply

_WRAPPER = re.compile(r"Invalid client credentials\.?\s{1,5}Verify the OAuth client secret and ID\.?", re.IGNORECASE)
_PAIR = re.compile(r"\[\s{0,3}audience=([^\s\]]{0,300})\s{1,5}login=([^\s\]]{0,300})\s{0,3}\]")
_MOST_PHRASES = 400

_CODES = (
    "invalid_grant|invalid_client_credentials|invalid_client_id|invalid_client"
    "|invalid_request|invalid_scope|invalid_token"
    "|invalid_app_access|invalid_assertion_type|invalid_assertion|invalid_session_level|invalid_basic_auth_header"
    "|invalid_dpop_proof|invalid_distribution_state|invalid_expid|invalid_otp|invalid_code|invalid_credentials"
    "|unauthorized_client|unsupported_grant_type|unsupported_response_type|unsupported_token_type|unsupported_expid"
    "|access_denied|app_blocked|app_not_found|app_attest_failed_retry|app_attest_failed"
    "|authorization_pending|bad_jti_claim"
    "|ecapp_policy_not_found|exceeded_registration_limit|fail_close_app_blocked"
    "|failed_registration|immediate_unsuccessful"
    "|installation_error|login_error|login_required|oauth_flow_disabled|"
    "oauth_policy_not_found|otp_error|redirect_uri_missing"
    "|redirect_uri_mismatch|registration_error|server_error|service_unavailable|"
    "temporarily_unavailable|slow_down|expired_token"
    "|system_down|unknown_error|use_dpop_nonce|inactive_user|inactive_org|rate_limit_exceeded|consent_required"
    "|interaction_required|issuer_not_found|no_valid_keys_or_signatures|org_locked"
    "|OAUTH_[A-Z]{2,30}(?:_[A-Z]{1,30}){1,6}"
)
_PHRASE = re.compile(
    rf"(?<![A-Za-z0-9_])({_CODES})(?![A-Za-z0-9_])[\"'\])]{{0,3}}(\s{{0,3}}(?:=>|"
    rf"->|:|-|–|—|,|\|)\s{{0,3}}|\s{{1,3}}(?=[\"(]))"
)
_BARE = re.compile(rf"(?<![A-Za-z0-9_])({_CODES})(?![A-Za-z0-9_])")
_SPOKEN_CODE = re.compile(r"\binvalid grant\b(?! type)", re.IGNORECASE)
"""A client that spells its codes out: "OAuth refresh failed due to invalid grant"."""
_BRACKETED = re.compile(rf"\[({_CODES})\]\s{{1,3}}(?=\S)")
_SIMPLE_SALESFORCE = re.compile(r"Authentication failed \(code: ([^)\n]{1,100})\): {0,3}")
_AADSTS = re.compile(r"AADSTS\d{5,8}:\s{0,3}[^\n]{0,1500}")
_TIMESTAMP = re.compile(r"Timestamp:\s{0,3}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")
_DESCRIPTION_END = re.compile(
    r"[\"'][\s]{0,3}[,})\]]|\\n|\n|\s{1,4}at (?:async |Object\.|[\w$.<>]{1,80} ?\()|"
    r"\s{1,3}\[audience=|\s{0,3}\(truncated|\",|\"\s{0,2}\{|[\"']?\s{0,2}$"
)

_STATUS = re.compile(
    r"(?:HTTP/\d(?:\.\d)?[\"' ]{1,3}|\bHTTP[ _:]{1,2}|ERROR_HTTP_|[Ss]tatus(?:[ "
    r"_]?[Cc]ode)?[\"']?\s{0,2}[:=]?\s{0,2}[\"'\[]?"
    r"|cannot fetch token: |\(code: |[Rr]esponse code[:=]? ?|returned (?:an? )?(?:error: )?\(?|resulted in a `|token )"
    r"([1-5]\d{2})(?![\d.]\d|\d)"
)
_REASON = re.compile(
    r"(?<![\d.])([45]\d{2})[ :]{1,2}\(?(?:Bad Request|Unauthorized|Forbidden|"
    r"Not Found|Method Not Allowed|Too Many Requests"
    r"|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out|Unsupported Media Type|Client Error)"
)
_UNAUTHENTICATED = re.compile(r"(?<![\w-])(?:Unauthenticated|UNAUTHENTICATED|Unauthorized)(?![\w-])")
"""What 401 is called (RFC 9110 section 15.5.2), where the number itself was not printed."""
_UNREAD_KEY = re.compile(
    r"\b(?:[Cc]ould not|[Uu]nable to|[Ff]ailed to|[Cc]annot|[Cc]an't) (?:read|load|parse|decode|deserialize|find) "
    r"(?:the |any |provided |rsa |RSA |EC |PEM )*[Pp]rivate [Kk]ey\b"
    r"|\bCould not deserialize key data\b|\bsecretOrPrivateKey (?:must|is not)\b|\bPEM routines\b|\bno start line\b"
    r"|\bDECODER routines:[\w:]{0,60}:?unsupported\b|\bSTORE routines:[\w:]{0,60}:unsupported\b"
)
"""OpenSSL, Node's jsonwebtoken, Python's cryptography, of a key that they were to sign with."""
_BESIDE = 1500
"""Characters before an answer that are of the same attempt."""
_ASKED = re.compile(
    r"(?:request to|requests? to|POST(?:ing)?(?: to)?|GET|[Tt]oken ?[Uu][Rr][LI]"
    r"|token_ur[li]|tokenEndpoint|token endpoint"
    r"|[Rr]equesting|Client error: `POST|Post|for url|URL|\"?url\"?)[\s:=\"'`]{1,4}(https?://[^\s\"'`<>,)]{3,500})"
)

_HISTORY = re.compile(
    (
        r"\blogin (?:history|access log)\b(?:\s(?:status|shows|says|entry|row|"
        r"log))?\s{0,3}[:=]?\s{0,3}(?:status\s{0,2}[:=]\s{0,3})?[\"“']?([A-Za-z][^\n\"”]{1,300})"
    ),
    re.IGNORECASE,
)
_HISTORY_PREFIX = re.compile(r"\blogin (?:history|access log)[a-z ]{0,20}:", re.IGNORECASE)
_FAILED_LINE = re.compile(
    r"\A\s{0,20}[\"']?((?:Failed|Fallido|Échec|Fehlgeschlagen)\s?: [^\n\"]{2,300})[\"']?\s{0,20}\Z"
)
_LOGIN_STATUS = re.compile(
    r"\bLOGIN_(?:ERROR|OAUTH|CHALLENGE|SAML|OVER|ORG|DOM|ACCESS|TWOFACTOR|LIGHTNING"
    r"|END|LIMIT|RATE|CERT|PASSWORD)[A-Z0-9_]{1,60}\b"
)

_FLOW_HINTS: tuple[tuple[str, str], ...] = (
    ("JwtGrantError", "jwt-bearer"),
    ("JwtAuthError", "jwt-bearer"),
    ("Error authenticating with JWT", "jwt-bearer"),
    ("auth:jwt:grant", "jwt-bearer"),
    ("org login jwt", "jwt-bearer"),
    ("grant-type:jwt-bearer", "jwt-bearer"),
    ("grant-type%3Ajwt-bearer", "jwt-bearer"),
    ("AuthCodeExchangeError", "authorization-code"),
    ("AuthCodeUsernameRetrievalError", "authorization-code"),
    ("auth:web:login", "authorization-code"),
    ("org login web", "authorization-code"),
    ("RefreshTokenAuthError", "refresh-token"),
    ("in jwt_session", "jwt-bearer"),  # CumulusCI
    ("Error retrieving access token: ", "jwt-bearer"),  # CumulusCI
    ("salesforce-jwt-bearer-token-flow", "jwt-bearer"),
    ("salesforce-jwt-promise", "jwt-bearer"),
    ("node-salesforce-jwt", "jwt-bearer"),
    ("sf-jwt-token", "jwt-bearer"),
    ("Unable to refresh session due to", "refresh-token"),  # jsforce
    ("SessionRefreshDelegate.refresh", "refresh-token"),  # jsforce
    ("OAuth2.refreshToken", "refresh-token"),  # jsforce
    ("OAuth2.authenticate", "password"),  # jsforce
    ("in refresh_token\n", "refresh-token"),  # CumulusCI, requests-oauthlib
    ("grant_type=refresh_token", "refresh-token"),
    ("grant_type=client_credentials", "client-credentials"),
    ("grant_type=authorization_code", "authorization-code"),
    ("grant_type=password", "password"),
)
_ASSERTION_WORDS = re.compile(
    r"\(code: invalid_\w{1,30}\): (?:expired authorization code|invalid assertion|audience is invalid"
    r"|user hasn't approved this consumer)"
)
"""simple-salesforce knows neither codes nor SAML: in its mouth these are about the JWT that it signed."""
_TELLING = re.compile(
    r"error|fail|refus|denied|invalid|expired|unable|cannot|could ?n.t|timeout|"
    r"timed out|certificate|proxy|ENOTFOUND|ECONN"
    r"|EPROTO|ETIMEDOUT|exception|curl:|reject|reset|handshake|unauthorized|forbidden|bad request|limit",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"fetch failed|Value is not a JsonMap|secretOrPrivateKey|socket|ENOTFOUND|ECONN"
    r"|ETIMEDOUT|EPROTO|certificate|ENOENT|getaddrinfo"
    r"|network|timed? ?out|JWT error|Unexpected (?:token|end)|is not a string",
    re.IGNORECASE,
)


def look_at_log(text: str) -> Sighting:
    """What a log tells. Where no error of an endpoint is in it, its text stands as a client's or Login History's."""
    history = login_history_in(text)
    seen = _of_refusal(text)
    if history is None:
        return seen
    row = fact("login_history.status", history, "login-history")
    kept = tuple(one for one in seen.facts if one.fact != "reply.client_text")
    return replace(seen, facts=(*kept, row))


def _of_refusal(text: str) -> Sighting:
    """The endpoint's error in a text, or the client's own words."""
    text, wrapped = _unwrapped(text)
    if _is_cli_list(text):
        return _of_cli_list(text)
    redirect = _redirect_in(text)
    found = buried_in(text)
    chosen = last_error(found)
    if chosen is None or not (chosen.is_oauth or chosen.granted):
        phrases = _phrases(text)
        if phrases:
            return _of_phrases(text, phrases)
        if redirect is not None:
            return redirect
    if chosen is not None:
        if redirect is not None and fact("reply.error", chosen.error or "") in redirect.facts:
            return redirect
        return _of_body(text, found, chosen)
    if wrapped and not _NO_ANSWER.search(wrapped):
        return _of_description(text, wrapped)
    return _of_client(text)


def body_in(text: str) -> str | None:
    """The body that is buried in a text: the error that counts, or a token that was issued; else None."""
    chosen = last_error(buried_in(text))
    return None if chosen is None else chosen.body


def client_text(text: str) -> str:
    """What of a client's text is worth keeping: all of a short one, the lines that speak of errors of a long one."""
    text = without_key_blocks(printable(text))
    if len(text) > MAX_TEXT:
        lines = [line.strip()[:2000] for line in text.split("\n") if _TELLING.search(line[:2000])]
        text = "\n".join(lines[-40:]) or _end_of(text)
    return _WRAPPER.sub(" ", clean(text)).strip()[-MAX_TEXT:]


def _end_of(text: str) -> str:
    """The end of a long text, without the line or the words in which it is cut: half a secret is not known for one."""
    cut, _, whole_lines = text[-2 * MAX_TEXT :].partition("\n")
    return whole_lines or "".join(cut.split(maxsplit=3)[3:])


def login_history_in(text: str) -> str | None:
    """The Status of a row of Login History: a CSV export, a line that names it, or a LOGIN_STATUS code."""
    if len(text) <= 200_000:
        status = _history_of_csv(text)
        if status is not None:
            return status
    if _HISTORY_PREFIX.search(text[:20_000]) and (found := _HISTORY.search(text[:20_000])):
        status = re.sub(r"\A(?:status|log)\s{0,2}[:=]\s{0,2}", "", found[1].strip(), flags=re.IGNORECASE)
        return shortened(status.strip(" .\"'"), 300) or None
    if found := _FAILED_LINE.match(text[:1000]):
        return found[1].strip()
    codes = _LOGIN_STATUS.findall(text[-200_000:])
    return str(codes[-1]) if codes else None


def _history_of_csv(text: str) -> str | None:
    """The last row that failed, else the last row. A header with a Status column says that it is an export."""
    head, _, _ = text.lstrip().partition("\n")
    if "," not in head or len(head) > 5_000:
        return None
    try:
        rows = list(csv.reader(text.strip().splitlines()[:5_000]))
    except csv.Error:
        return None
    names = [name.strip().lower().replace(" ", "").replace("_", "") for name in rows[0]]
    column = next((names.index(n) for n in ("status", "loginstatus") if n in names), None)
    if column is None or not {
        "username",
        "logintime",
        "sourceip",
        "logintype",
        "userid",
        "application",
        "loginurl",
    } & set(names):
        return None
    found = [row[column].strip() for row in rows[1:] if len(row) > column and row[column].strip()]
    failed = [status for status in found if status.lower() not in ("success", "login_no_error")]
    return (failed or found)[-1] if found else None


def _unwrapped(text: str) -> tuple[str, str]:
    """The text without the CLI's own sentence, and what the CLI printed after it."""
    ends = [found.end() for found in _WRAPPER.finditer(text)]
    if not ends:
        return text, ""
    after = text[ends[-1] : ends[-1] + 500].lstrip(" :\n").split("\n")[0].strip()
    return _WRAPPER.sub(" ", text), after


# --- the Salesforce CLI's list of attempts -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Try:
    """One (login, audience) pair of the CLI, and what it gave."""

    said: str
    audience: str = ""
    login: str = ""

    @property
    def is_answer(self) -> bool:
        return bool(self.said) and not _NO_ANSWER.search(self.said)


_LIST_START = re.compile(r"Errors encountered:\s{0,5}")
_LIST_END = re.compile(
    r"\n\s*\n(?!\s{0,8}\S[^\n]{0,300}\[audience)|Try this:|\bat \w+[. (]|\"stack\"|\\n\s{0,4}at ", re.IGNORECASE
)


def _is_cli_list(text: str) -> bool:
    return _LIST_START.search(text) is not None


def _of_cli_list(text: str) -> Sighting:
    tries = _tries(text)
    answers = [one for one in tries if one.is_answer]
    words = list(dict.fromkeys(one.said for one in tries if one.said))
    if answers and _first_has_no_words(text):
        return replace(_of_client(_WORDLESS, "jwt-bearer"), warnings=earlier(words))
    if not answers:
        return _of_client("\n".join(words) or text, "jwt-bearer")
    chosen = _telling_try(tries, answers)
    facts = [*_of_login(chosen), *_context_facts(text)]
    buried = last_error(buried_in(chosen.said))
    body = buried.body if buried is not None else _body_of_words(chosen.said)
    others = earlier(one.said for one in answers if one.said != chosen.said)
    return Sighting(reply=Reply(body=body), facts=tuple(facts), flow="jwt-bearer", warnings=others)


_WORDLESS = "Error authenticating with JWT: the first host gave an error without a description"
_FIVE_LINES = re.compile(r"Errors encountered:[ \t]{0,5}(?:\r?\n|\\n)((?:[^\n\\]{0,500}(?:\r?\n|\\n|\Z)){1,5})")
_OF_OTHER_HOSTS = re.compile(r"client identifier invalid|External client app is not installed|audience is invalid")


def _first_has_no_words(text: str) -> bool:
    """Whether the first host's error came without a description, which the CLI prints as an empty line.

    What the next hosts say then (that they do not know the client) is all that is left, and says nothing of the first.
    An empty line that a paste brought along stands alone, before three answers at least.
    """
    found = _FIVE_LINES.search(text[:MAX_TEXT])
    if found is None:
        return False
    lines = [line.strip() for line in re.split(r"\r?\n|\\n", found[1])[:5]]
    first = next((line for line in lines if line), "")
    has_gaps = lines.count("") >= 2 or len(lines) - lines.count("") <= 2
    return not lines[0] and has_gaps and _OF_OTHER_HOSTS.match(first) is not None


def _tries(text: str) -> list[_Try]:
    start = _LIST_START.search(text)
    rest = text[start.end() : start.end() + 20_000] if start else text
    end = _LIST_END.search(rest)
    found: list[_Try] = []
    for line in re.split(r"\n|\\n", rest[: end.start()] if end else rest)[:40]:
        pair = _PAIR.search(line)
        said = _PAIR.sub("", line).strip(" \t\"'-•·›»│")
        if said or pair:
            found.append(_Try(said, pair[1] if pair else "", pair[2] if pair else ""))
    return found


def _telling_try(tries: list[_Try], answers: list[_Try]) -> _Try:
    """The first pair is what the user asked for; the complaint about a pair of the CLI's own choice says little."""
    if tries[0].is_answer:
        return tries[0]
    plain = [one for one in answers if not one.audience]
    return (plain or answers)[-1]


def _of_login(chosen: _Try) -> list[Observation]:
    found: list[Observation] = []
    if chosen.audience:
        found.append(fact("assertion.aud", chosen.audience[:300], "client"))
    host = safe_split(chosen.login).host
    if host:
        found.append(fact("request.token_host", host, "client"))
        found.append(fact("request.scheme", safe_split(chosen.login).scheme, "client"))
    return found


def _body_of_words(said: str) -> str:
    """A body for the words alone: the CLI prints the description without its code, or both."""
    found = _PHRASE.match(said)
    if found is not None:
        return as_body(found[1], said[found.end() :].strip() or None)
    bare = _BARE.fullmatch(said)
    return as_body(bare[1], None) if bare else as_body(None, said)


# --- phrases -------------------------------------------------------------------------------------------------------


def _phrases(text: str) -> list[Buried]:
    """`invalid_grant: …` in any wording, in order of place. A code without anything after it counts last of all."""
    found = [*_of_simple_salesforce(text), *_of_codes(text), *_of_aadsts(text)]
    if found:
        return sorted(found, key=lambda one: one.at)
    bare = list(_BARE.finditer(text[-200_000:]))
    if not bare and _SPOKEN_CODE.search(text[-200_000:]):
        return [Buried(0, "invalid_grant", None, as_body("invalid_grant", None), True)]
    if not bare:
        return []
    return [Buried(bare[-1].start(), bare[-1][1], None, as_body(bare[-1][1], None), True)]


def _of_codes(text: str) -> Iterable[Buried]:
    places = [(m.start(), m.end(), m[1]) for m in (*_PHRASE.finditer(text), *_BRACKETED.finditer(text))]
    for start, end, code in sorted(places)[-_MOST_PHRASES:]:
        description = _description_at(text, end)
        inner = _PHRASE.match(description) or _BARE.search(description)
        if inner is not None:
            continue  # `invalid_credentials: OAuth2::Error, invalid_grant: …` (OmniAuth): the inner one counts
        yield Buried(start, code, description or None, as_body(code, description or None), True)


def _of_simple_salesforce(text: str) -> Iterable[Buried]:
    for found in list(_SIMPLE_SALESFORCE.finditer(text))[-_MOST_PHRASES:]:
        code, said = found[1].strip(), _description_at(text, found.end())
        if code.isdigit():
            continue  # the HTTP status in place of a code: the body was no JSON
        yield Buried(found.start(), code, said or None, as_body(code, said or None), True)


def _of_aadsts(text: str) -> Iterable[Buried]:
    for found in list(_AADSTS.finditer(text))[-_MOST_PHRASES:]:
        said = _entras_words(text[found.start() : found.start() + 2_000], found[0])
        before = _BARE.findall(text[max(0, found.start() - 200) : found.start()])
        code = before[-1] if before else None
        yield Buried(found.start(), code, said, as_body(code, said), True)


def _entras_words(window: str, line: str) -> str:
    """The whole of it up to its time stamp, over line breaks; without one, the line up to a quote that ends it."""
    stamp = _TIMESTAMP.search(window)
    if stamp is not None and window.count("AADSTS", 0, stamp.start()) == 1:
        return re.sub(r"(?:\\r|\\n|\s)+", " ", window[: stamp.end()])
    reason = re.match(r"[^\[]{0,200}\[Reason -[^\]\n]{0,800}\]", line)
    kept = reason.end() if reason is not None else 0
    return line[:kept] + re.split(r"\\r|\\n|[\"']\s{0,2}[,})]", line[kept:], maxsplit=1)[0].rstrip()


def _description_at(text: str, start: int) -> str:
    window = text[start : start + 500].lstrip(" \t\"'([")
    end = _DESCRIPTION_END.search(window)
    said = window[: end.start()] if end else window
    return said.strip(" \t\"'`,;")


# --- to a sighting -------------------------------------------------------------------------------------------------


def _of_body(text: str, found: tuple[Buried, ...], chosen: Buried) -> Sighting:
    others = earlier(
        one.line for one in found if one is not chosen and one.line and one.line != chosen.line and not one.granted
    )
    status = None if chosen.granted else _status_near(text, chosen.at)
    told = () if chosen.granted else _unread_key(text, chosen.at)
    sighting = Sighting(Reply(status, body=chosen.body), text=_around(text), facts=told, warnings=others)
    return _with_context(sighting, text)


def _of_phrases(text: str, phrases: list[Buried]) -> Sighting:
    chosen = phrases[-1]
    others = earlier(one.line for one in phrases[:-1] if one.line != chosen.line)
    status = _status_near(text, chosen.at)
    if chosen.description is None:
        return _with_context(_of_bare_code(text, chosen.error or "", status, others), text)
    told = _unread_key(text, chosen.at)
    sighting = Sighting(Reply(status, body=chosen.body), text=_around(text), facts=told, warnings=others)
    return _with_context(sighting, text)


def _unread_key(text: str, at: int) -> tuple[Observation, ...]:
    """That the client could not read its private key, said just before the server refused what it sent for all that.

    A shell script goes on where openssl failed, and sends a JWT without a signature.
    """
    found = list(_UNREAD_KEY.finditer(text, max(0, at - _BESIDE), at))
    return (fact("key.loads", False, "client"),) if found else ()


def _of_bare_code(text: str, code: str, status: int | None, warnings: tuple[str, ...]) -> Sighting:
    """A code alone: the client may have dropped the description, so nothing is said about whether one came."""
    facts = [fact("reply.error", code, "client"), fact("reply.granted", False, "client")]
    if status is not None:
        facts.append(fact("reply.status", status, "client"))
    return Sighting(text=_kept(text), facts=tuple(facts), warnings=warnings)


def _of_description(text: str, said: str) -> Sighting:
    return _with_context(Sighting(reply=Reply(body=_body_of_words(_PAIR.sub("", said).strip()))), text)


def _of_client(text: str, flow: str | None = None) -> Sighting:
    said = client_text(_PAIR.sub("", text))
    status = _status_near(text, len(text)) if len(text) < 20_000 else None
    if status is None and _UNAUTHENTICATED.search(said):
        status = 401
    is_html = re.search(r"Authentication failed \(code: \d{3}\): {0,3}<", text) is not None
    facts = [fact("reply.client_text", said, "client")] if said else []
    if status == 407:  # never the token endpoint's own (RFC 9110 §15.5.8)
        facts.append(fact("path.proxy_status", status, "client"))
    elif status is not None:
        facts.append(fact("reply.status", status, "client"))
    if is_html:
        facts.append(fact("reply.is_html", True, "client"))
    return _with_context(Sighting(text=_kept(text), facts=tuple(facts), flow=flow), text)


def _with_context(seen: Sighting, text: str) -> Sighting:
    """The flow and the host that the surrounding lines tell."""
    flow = seen.flow or next((flow for mark, flow in _FLOW_HINTS if mark in text), None)
    if flow is None and "Authentication failed (code: " in text and _ASSERTION_WORDS.search(text[-MAX_TEXT:]):
        flow = "jwt-bearer"
    facts = (*_context_facts(text), *seen.facts)
    return Sighting(seen.reply, seen.request, seen.text, facts, flow, seen.provider, seen.warnings)


def _context_facts(text: str) -> list[Observation]:
    """The host of a token URL that a line plainly says was asked, the CLI's own pair, and the id of an answer."""
    found: list[Observation] = []
    if (by_id := printed_id(text[-20_000:])) is not None:
        found.append(fact("reply.correlation_id", by_id, "client"))
    urls = [url for url in _ASKED.findall(text[-400_000:]) if "/oauth" in url or "/token" in url or "/ims/" in url]
    if urls:
        parts = safe_split(urls[-1])
        if parts.host:
            found += [fact("request.token_host", parts.host, "client"), fact("request.scheme", parts.scheme, "client")]
            found += [fact("request.token_path", clean(parts.path)[:500], "client")] if parts.path.strip("/") else []
    elif pairs := _PAIR.findall(text[-400_000:]):
        audience, login = pairs[-1]
        found += _of_login(_Try("", audience, login))
    return found


def _status_near(text: str, at: int) -> int | None:
    """The HTTP status nearest before a place, else just after it."""
    before = text[max(0, at - 1500) : at]
    after = text[at : at + 400]
    found = [*_STATUS.finditer(before), *_REASON.finditer(before)]
    if found:
        return int(max(found, key=lambda m: m.start())[1])
    found = [*_STATUS.finditer(after), *_REASON.finditer(after)]
    return int(min(found, key=lambda m: m.start())[1]) if found else None


_ERROR_IN_QUERY = re.compile(r"[?&#](?:error|ErrorCode)=")
_URL_START = re.compile(r"https?://")
_URL_END = re.compile(r"[\s\"'<>]")
_LONGEST_URL = 4_000


def _redirect_in(text: str) -> Sighting | None:
    """The last URL with an error in its query. Looked for from the `error=` outwards, so that the work is bounded."""
    places = [found.start() for found in _ERROR_IN_QUERY.finditer(text)][-50:]
    for place in reversed(places):
        before = text[max(0, place - _LONGEST_URL) : place]
        starts = [found.start() for found in _URL_START.finditer(before)]
        if not starts or _URL_END.search(before, starts[-1]):
            continue
        after = text[place : place + _LONGEST_URL]
        end = _URL_END.search(after)
        return look_at_url(before[starts[-1] :] + (after[: end.start()] if end else after))
    return None


def _around(text: str) -> str | None:
    """The lines around an answer, where there are any: what the client or the server logged beside it may tell more."""
    return _kept(text) if "\n" in text.strip() else None


def _kept(text: str) -> str:
    return client_text(text)
