"""Secrets out of text, before it is shown or saved.

A secret is known by its form (a PEM block, a JWT, an access token of a known vendor) or by the name that stands
before it (`client_secret=`, `"password": "…"`, `Authorization: Basic …`). `[redacted]` stands in its place, so
that a reader still sees that there was one; what was empty stays empty, since that is a finding.

Every expression runs in linear time on hostile text: a match never depends on a closing quote far away, because
an opened value without an end is taken to the end of the text and not tried again from its middle.
`clean(clean(text)) == clean(text)`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from jwtdoctor.intake.bounds import MAX_NESTING, json_of
from jwtdoctor.model.secret import REDACTED

_STRONG = (
    "client_?secret|consumer_?secret|app_?secret|shared_?secret|secret_?key|secret|pass_?word|passwd|pass_?phrase|pwd"
    "|private_?key|api_?key|access_?token|refresh_?token|id_?token|oauth_?token|auth_?token|bearer_?token"
    "|security_?token|subject_?token|actor_?token|session_?token|code_?verifier|device_?code|authorization_?code"
    "|auth_?code|sfdx_?auth_?url"
)
_PROSE = "client_?assertion|assertion|jwt_?token|jwt|session_?id|sid|signature|saml_?response|credentials?|auth_?url"
"""Names that stand in ordinary sentences too (`Invalid JWT: Token must be …`)."""
_WEAK = "code|token"
"""Names that as often hold something harmless (`"code": "390144"`): their value decides."""
_NAME = re.compile(f"{_STRONG}|{_PROSE}|{_WEAK}")
_IS_STRONG = re.compile(f"(?:{_STRONG})\\Z")
_IS_WEAK = re.compile(f"(?:{_WEAK})\\Z")
_WORD_ALONE = frozenset(
    {"jwt", "sid", "pwd", "code", "token", "signature", "assertion", "secret", "credential", "credentials"}
)
"""Names that count only where no letter stands before them (`inside:` is no session id)."""
_SECRET_KEY = re.compile(f"(?:{_STRONG}|(?<![a-z])(?:{_PROSE}))\\Z", re.IGNORECASE)
_WEAK_KEYS = frozenset({"code", "token", "authorization", "cookie", "set-cookie", "proxy-authorization", "key"})
_WORDS = frozenset(
    re.split(
        r"\s+",
        """invalid missing required is was are must wrong expired incorrect not the a an no null none nil true false
        empty string undefined does has failed failure rotated and or for in of to on may can should with please
        check contact this that you your it if when try see use set get error unknown bad could cannot unable both
        authentication authorization login user client grant type token present sent given yes [redacted]""",
    )
)

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]?|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_JWT = re.compile(r"(?<![A-Za-z0-9_-])(?:eyJ|eyA|ewo|ewk|ewA|e30|ewog)[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_=-]*+){1,4}")
_LONG_PARTS = re.compile(r"(?<![\w.-])[A-Za-z0-9_-]{20,}+\.[A-Za-z0-9_-]{20,}+\.[A-Za-z0-9_-]{20,}+")
_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"00D[A-Za-z0-9]{12,15}+(?:!|%21|\\u0021)[A-Za-z0-9._%/+=-]+"  # Salesforce access token, session id
    r"|5Aep861[A-Za-z0-9._%/+=-]{10,}+"  # Salesforce refresh token
    r"|aPrx[A-Za-z0-9._%=+/-]{10,}+"  # Salesforce authorization code
    r"|ya29\.[A-Za-z0-9._-]++|1//0[A-Za-z0-9_-]{10,}+|4/0A[A-Za-z0-9_-]{10,}+|GOCSPX-[A-Za-z0-9_-]++"
    r"|gh[oprsu]_[A-Za-z0-9]{16,}+|github_pat_[A-Za-z0-9_]{16,}+|v1\.[0-9a-f]{40}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}+"
    r"|force://[^\s\"'<>]++"
    r")"
)
_TOKEN_BEGINNINGS = (
    *("00D", "5Aep861", "aPrx", "ya29.", "1//0", "4/0A", "GOCSPX-", "gho_", "ghp_", "ghr_", "ghs_", "ghu_"),
    *("github_pat_", "v1.", "xox", "force://"),
)
_KEY_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])MI[GI][A-Za-z0-9+/]{2}(?:[A-Za-z0-9+/=]|\\n|\\r|[\r\n]){160,}+")
_USERINFO = re.compile(r"(?<=://)[^\s/@:\"'<>?#]{0,200}+:[^\s/@\"'<>?#]{0,400}+@")
_SCHEME = re.compile(r"(?i)\b(Bearer|DPoP|OAuth|token|Basic)(\s+)([A-Za-z0-9._~+/!%=-]{8,}+)")
_AUTH_HEADER = re.compile(
    r"(?im)^([<>* ]{0,4}(?:proxy-)?authorization\s*:\s*)(?:(Basic|Bearer|DPoP|OAuth|token)\s+)?(\S[^\r\n]*)$"
)
_COOKIE = re.compile(r"(?im)^([<>* ]{0,4}(?:set-)?cookie\s*:\s*)(\S[^\r\n]*)$")
_CURL_USER = re.compile(r"(\s(?:-u|--user|--proxy-user|-U)[\s=]*)(\"[^\"]*+\"?|'[^']*+'?|[^\s\"'-][^\s\"']*+)")
_SEPARATOR = re.compile(
    r"\\*[\"']?\]?[ \t\n]{0,20}(=>|[:=]|(?:\s[^<>]{0,200})?>|,\s{0,20}[\"']value[\"']\s{0,20}:)[ \t]{0,20}(\\*)([\"']?)"
)
_QUOTED_KEY = re.compile(r"\\*[\"']")
_DOUBLE = re.compile(r"(?:\\.|[^\"\\])*+", re.DOTALL)
_SINGLE = re.compile(r"(?:\\.|[^'\\])*+", re.DOTALL)
_UNQUOTED = re.compile(r"[^\s&\"'<>\\]*+")
_COLON_VALUE = re.compile(r"[^\s&\"'<>\\,;{}\[\]()]*+")
_AFTER_COLON = re.compile(r"[^\s&\"'\\]*+")
_ELEMENT_TEXT = re.compile(r"[^<]*+")
_HARMLESS_CODE = re.compile(
    r"\[redacted\]|\d{1,7}|\d{3}-\d{4}|[a-z]+(?:[_.-][a-z]+)*|[A-Z]+|[A-Z]+(?:_[A-Z0-9]+)+|E\d{4,10}|AADSTS\d{4,10}"
)
"""An error code in place of an authorization code: a number, a name in one case, a vendor's own."""


def clean(text: str) -> str:
    """The text without secrets, terminal escapes and control characters."""
    text = printable(text)
    text = without_key_blocks(text)
    if "[" in text or "=" in text or ":" in text or "." in text or len(text) > 15:
        text = _without_secrets(text)
    return text


def printable(text: str) -> str:
    """Without terminal escapes, control and direction characters; line breaks and tabs stay, CR LF becomes LF."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    text = text.replace("\r\n", "\n")
    return _CONTROLS.sub("", text)


def clean_body(body: str) -> str:
    """A response body without secrets. JSON stays JSON: there the names of the members decide, however deep."""
    stripped = body.strip()
    if stripped[:1] in ("{", "["):
        try:
            found = json_of(stripped)
        except ValueError:
            return clean(body)
        return json.dumps(clean_value(found), ensure_ascii=False)
    return clean(body)


def clean_value(value: Any, depth: int = 0) -> Any:
    """A JSON value without secrets. What is nested deeper than `MAX_NESTING` is dropped."""
    if depth > MAX_NESTING:
        return None
    if isinstance(value, dict):
        return {clean(str(k)): _member(str(k), v, depth) for k, v in value.items()}
    if isinstance(value, list):
        return [clean_value(item, depth + 1) for item in value]
    return clean(value) if isinstance(value, str) else _finite(value)


def is_secret_name(name: str) -> bool:
    """Whether a parameter of this name holds a credential."""
    return _SECRET_KEY.search(name) is not None


def _member(name: str, value: Any, depth: int) -> Any:
    if is_secret_name(name) and isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return REDACTED if value != "" else ""
    if _IS_STRONG.match(name.lower()) and isinstance(value, (dict, list)) and value:
        return REDACTED
    if name.lower() in _WEAK_KEYS and isinstance(value, str) and len(value) >= 8 and not _is_harmless(value):
        return REDACTED
    return clean_value(value, depth + 1)


def _finite(value: Any) -> Any:
    """NaN and infinity are no JSON, though Python reads and writes them."""
    return None if isinstance(value, float) and not abs(value) < 1e308 else value


def _is_harmless(value: str) -> bool:
    return _HARMLESS_CODE.fullmatch(value) is not None


def without_key_blocks(text: str) -> str:
    """A block without an end goes to the end of the text: half a key is a secret too."""
    kept: list[str] = []
    at = 0
    while begin := _PEM_BEGIN.search(text, at):
        end = _PEM_END.search(text, begin.end())
        kept += [text[at : begin.start()], REDACTED]
        if end is None:
            return "".join(kept)
        at = end.end()
    return "".join([*kept, text[at:]])


def _without_secrets(text: str) -> str:
    lowered = _ascii_lower(text)
    if "ey" in text or "ew" in text or "e30" in text:
        text = _JWT.sub(_unless_word, text)
    if text.count(".") >= 2:
        text = _LONG_PARTS.sub(REDACTED, text)
    if any(beginning in text for beginning in _TOKEN_BEGINNINGS):
        text = _TOKENS.sub(REDACTED, text)
    if "MII" in text or "MIG" in text:
        text = _KEY_BASE64.sub(REDACTED, text)
    if "://" in text and "@" in text:
        text = _USERINFO.sub(REDACTED + "@", text)
    if "authorization" in lowered:
        text = _AUTH_HEADER.sub(_header_value, text)
    if "cookie" in lowered:
        text = _COOKIE.sub(rf"\1{REDACTED}", text)
    if any(scheme in lowered for scheme in ("bearer", "basic", "dpop", "oauth", "token")):
        text = _SCHEME.sub(_scheme_value, text)
    if "curl" in text:
        text = _CURL_USER.sub(rf"\1{REDACTED}", text)
    return _without_named(text)


def _without_named(text: str) -> str:
    """Every value that stands behind the name of a secret, in whatever notation, in one pass from left to right."""
    lowered = _ascii_lower(text)
    kept: list[str] = []
    at = 0
    for found in _NAME.finditer(lowered):
        if found.start() < at:
            continue
        span = _value_of(text, lowered, found)
        if span is not None:
            start, end = span
            kept += [text[at:start], REDACTED]
            at = end
    return "".join([*kept, text[at:]]) if kept else text


def _value_of(text: str, lowered: str, found: re.Match[str]) -> tuple[int, int] | None:
    """Where the secret behind a name begins and ends; None where there is none."""
    name, start, end = found[0], found.start(), found.end()
    before = lowered[start - 1] if start else ""
    if (name in _WORD_ALONE and before.isalpha()) or (name in ("code", "token") and before in ("_", "-", ".")):
        return None
    separator = _SEPARATOR.match(text, end)
    if separator is None:
        return None
    sign, escapes, quote = separator.groups()
    at = separator.end()
    if sign.endswith(">") and sign != "=>":
        is_element = before in ("<", ":") and not _QUOTED_KEY.match(text, end)
        return _if_secret(text, separator.start(2), _ELEMENT_TEXT, name, "=") if is_element else None
    if quote:
        return _quoted(text, at, escapes, quote, name)
    if sign.startswith(",") or escapes:
        return None
    if sign == ":" and not _QUOTED_KEY.match(text, end):
        return _if_secret(text, at, _AFTER_COLON if _IS_STRONG.match(name) else _COLON_VALUE, name, ":")
    return _if_secret(text, at, _COLON_VALUE if sign == ":" else _UNQUOTED, name, "=")


def _quoted(text: str, at: int, escapes: str, quote: str, name: str) -> tuple[int, int] | None:
    """A quoted value up to its closing quote, which has as many backslashes as the opening one; else the rest."""
    if not escapes:
        found = (_DOUBLE if quote == '"' else _SINGLE).match(text, at)
        end = found.end() if found else at
    else:
        closing = re.compile(rf"(?<!\\)\\{{{len(escapes)}}}{quote}").search(text, at)
        end = closing.start() if closing else len(text)
    value = text[at:end]
    if not value.strip() or value in ("null", "None", "nil"):
        return None
    if _IS_WEAK.match(name) and (len(value) < 8 or any(c.isspace() for c in value) or _is_harmless(value)):
        return None
    return at, end


def _if_secret(text: str, at: int, form: re.Pattern[str], name: str, sign: str) -> tuple[int, int] | None:
    """An unquoted value. After a colon it may be prose: `password: is wrong`, `Invalid JWT: Token must be …`."""
    found = form.match(text, at)
    value = (found[0] if found else "").strip()
    bare = value.rstrip(",;)}].!?")
    if not bare or bare.lower() in ("null", "none", "nil", "undefined"):
        return None
    if _IS_WEAK.match(name):
        return None if sign == ":" or _is_harmless(bare) else (at, at + len(found[0]) if found else at)
    if sign == ":":
        looks_secret = len(bare) >= 20 or any(c.isdigit() for c in bare)
        if bare.lower() in _WORDS or (not _IS_STRONG.match(name) and not looks_secret):
            return None
    return at, at + len(found[0] if found else "")


def _ascii_lower(text: str) -> str:
    """Lower case of the same length: `İ` would become two characters."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def _unless_word(found: re.Match[str]) -> str:
    """`ewo.` in prose is no token: a JOSE header has at least `{"alg":…}` in it."""
    return REDACTED if len(found[0]) > 20 else found[0]


def _header_value(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]} {REDACTED}" if found[2] else found[1] + REDACTED


def _scheme_value(found: re.Match[str]) -> str:
    """`Bearer abc…`: words such as `bearer assertion` and `OAuth generic` stay."""
    scheme, value = found[1].lower(), found[3]
    if scheme == "basic":
        secret = _is_basic(value)
    elif scheme in ("token", "oauth"):
        secret = len(value) >= 20 and any(c.isdigit() for c in value)
    else:
        secret = len(value) >= 24 or any(c.isdigit() for c in value)
    return f"{found[1]}{found[2]}{REDACTED}" if secret else found[0]


def _is_basic(value: str) -> bool:
    """Whether this is base64 of `user:password` (RFC 7617 §2)."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
