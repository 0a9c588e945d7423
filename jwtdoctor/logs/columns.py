"""The columns of the logs, by whatever names their sources give them, and the one shape that all rows get.

A source's row becomes a **raw** row: texts under the names of `RAW`. A header is read by its names, folded (case,
blanks and underscores dropped), so that an export of the user interface, a SOQL result and an event log file need no
mapping of their own, and a release that moves or adds columns changes nothing.

One SQL expression a column makes an **event** of a raw row (`EVENT`). What cannot be said of a row is NULL.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jwtdoctor.logs.engine import literal, name

RAW: dict[str, tuple[str, ...]] = {
    "event_type": ("eventtype",),
    "time": ("timestampderived", "logintime", "eventdate", "createddate"),
    "stamp": ("timestamp",),
    "status": ("loginstatus", "status"),
    "code": ("statuscode",),
    "worked": ("requeststatus",),
    "user_name": ("username", "user"),
    "user_id": ("userid", "useridentifier", "useridderived"),
    "app": ("connectedappname", "application"),
    "app_id": ("connectedappid",),
    "address": ("sourceip",),
    "client_ip": ("clientip",),
    "login_type": ("logintype",),
    "sub_type": ("loginsubtype",),
    "agent": ("clientname", "clientversion", "useragent"),
    "host": ("loginurl",),
    "tls": ("tlsprotocol", "transportlayersecurityprotocol"),
    "country": ("countryiso", "countrycode", "country"),
    "row_id": ("requestid", "requestidentifier", "id"),
    "login_key": ("loginkey",),
    "detail": ("description", "operation", "exceptionmessage", "redirectreason", "message"),
    "update": ("updatetype",),
}
"""Name of a raw column -> the folded names that a source may give it, the best first."""
IDENTITY = ("row_id", "time", "stamp", "status", "code", "user_name", "user_id", "app", "app_id", "address", "host",
            "detail")  # fmt: skip
"""Columns in which a row that was delivered twice is equal. Fewer than all: hashing costs as much as reading."""
LOGIN_MARKS = (frozenset({"logintime", "status"}), frozenset({"loginstatus", "timestamp"}),
               frozenset({"logintime", "sourceip"}))  # fmt: skip
"""A header that has all names of one of these is a list of logins."""

API_TYPES = ("ApiTotalUsage", "RestApi", "API", "BulkApi", "BulkApi2", "BulkApiRequest", "CompositeApi",
             "CompositeApiSubrequest", "ApexRestApi", "ApexSoap")  # fmt: skip
CHANGE_TYPES = ("PermissionUpdate", "MetadataApiOperation", "ChangeSetOperation", "PackageInstall", "Sandbox")
"""Types that tell of somebody changing the org."""
NO_TYPES = ("ConnectedApp", "ConnectedAppOAuth", "OAuthToken", "TokenExchange")
"""Event types that guides name and that do not exist."""
LOGIN_KINDS = ("iat", "login-history", "login-event", "text")
"""Kinds of rows that are requests for a login or a token."""
KIND_WORDS = {
    "iat": "iat log",
    "login-history": "Login History",
    "login-event": "Login event files",
    "api": "API event files",
    "event": "other event files",
    "text": "application log",
}

COLUMNS = """ts TIMESTAMP, kind VARCHAR, file INTEGER, ok BOOLEAN, said VARCHAR, detail VARCHAR, flow VARCHAR,
app VARCHAR, app_id VARCHAR, who VARCHAR, who_id VARCHAR, address VARCHAR, "key" VARCHAR, agent VARCHAR, host VARCHAR,
audience VARCHAR, tls VARCHAR, country VARCHAR, ahead_s DOUBLE, ttl_s DOUBLE, login_key VARCHAR,
event_type VARCHAR, id UBIGINT, is_keyed BOOLEAN"""
"""The table of events."""
LONGEST_APP = 64
"""Login History cuts an app's name there; the others are cut too, so that it is one name."""
LONGEST = 300
"""Characters of a value that are kept: what names something is shorter."""


def folded(header: str) -> str:
    """A column's name as it is compared."""
    return re.sub(r"[^a-z0-9]", "", header.lower())


def raw_index(header: Sequence[str]) -> dict[str, int]:
    """Raw column -> its place in a row of this header; without those that it lacks."""
    places = {folded(one): place for place, one in reversed(list(enumerate(header)))}
    # A raw column's own name comes last: so a copy of raw rows (wash.py) is read like any other source.
    found = {raw: next((places[one] for one in (*names, folded(raw)) if one in places), None)
             for raw, names in RAW.items()}  # fmt: skip
    return {raw: place for raw, place in found.items() if place is not None}


def is_event_header(header: Sequence[str]) -> bool:
    return "EVENT_TYPE" in header


def is_login_header(header: Sequence[str]) -> bool:
    names = {folded(one) for one in header}
    return any(marks <= names for marks in LOGIN_MARKS)


def raw_select(header: Sequence[str]) -> str:
    """The raw columns out of a relation with this header. Empty texts are NULL."""
    places = raw_index(header)
    parts = [f"nullif(c{places[raw]}, '') AS {name(raw)}" if raw in places
             else f"NULL::VARCHAR AS {name(raw)}" for raw in RAW]  # fmt: skip
    return ", ".join(parts)


def event_select(*, day_first: bool = False) -> str:
    """The columns of an event out of a relation of raw rows (and their `file`)."""
    login = "(event_type IS NULL OR event_type = 'Login')"
    address = "coalesce(address, CASE WHEN client_ip ~ '^[0-9a-fA-F.:]{3,45}$' THEN client_ip END)"
    parts = {
        "ts": _time(day_first),
        "kind": f"""CASE WHEN event_type IS NULL AND (status IS NOT NULL OR "time" IS NOT NULL) THEN 'login-history'
            WHEN event_type = 'EVENT_TYPE' THEN 'header'
            WHEN event_type IS NULL OR (status IS NULL AND "time" IS NULL AND stamp IS NULL) THEN 'unread'
            WHEN event_type = 'Login' THEN 'login-event' WHEN event_type IN ({_list(API_TYPES)}) THEN 'api'
            ELSE 'event' END""",
        "file": "file",
        "ok": f"""CASE WHEN {login} THEN CASE WHEN status IS NULL THEN worked IN ('S') ELSE
            lower(status) IN ('success', 'login_no_error') END
            WHEN TRY_CAST(code AS INTEGER) IS NOT NULL THEN TRY_CAST(code AS INTEGER) < 400
            WHEN worked IN ('S') THEN true WHEN worked IS NOT NULL THEN false END""",
        "said": f"left(CASE WHEN {login} THEN status WHEN event_type IN ({_list(CHANGE_TYPES)}) "
        "THEN concat_ws(' ', event_type, \"update\", detail) ELSE coalesce('HTTP ' || code, worked) END, 300)",
        "detail": "NULL",
        "flow": _flow(),
        "app": f"left(app, {LONGEST_APP})",
        "app_id": "left(app_id, 15)",
        "who": f"left(user_name, {LONGEST})",
        "who_id": "left(user_id, 15)",
        "address": f"left({address}, 60)",
        '"key"': "NULL",
        "agent": f"CASE WHEN agent NOT IN ('N/A', 'Unknown') THEN left(agent, {LONGEST}) END",
        "host": f"left(host, {LONGEST})",
        "audience": "NULL",
        "tls": "left(tls, 20)",
        "country": "left(country, 60)",
        "ahead_s": "NULL",
        "ttl_s": "NULL",
        "login_key": "left(login_key, 100)",
        "event_type": "left(event_type, 60)",
        "id": f"hash({', '.join(name(raw) for raw in IDENTITY)})",
        "is_keyed": "row_id IS NOT NULL",
    }
    return ", ".join(f"{how} AS {what}" for what, how in parts.items())


def iat_select() -> str:
    """The columns of an event out of lines of an iat log (`line`, `file`)."""
    keys = (*("at", "endpoint", "client", "flow", "kid", "alg", "ttl_s", "aud"),
            *("status", "error", "description", "ahead_s"))  # fmt: skip
    paths = "[" + ", ".join(literal(f"$.{key}") for key in keys) + "]"
    v = {key: f"v[{place}]" for place, key in enumerate(keys, 1)}
    parts = {
        "ts": f"make_timestamp(CAST(CASE WHEN abs(TRY_CAST({v['at']} AS DOUBLE)) < 1e11 "
        f"THEN TRY_CAST({v['at']} AS DOUBLE) END * 1000000 AS BIGINT))",
        "kind": f"CASE WHEN v IS NULL OR ({v['at']} IS NULL AND {v['endpoint']} IS NULL) THEN 'unread' ELSE 'iat' END",
        "file": "file",
        "ok": f"CASE WHEN {v['error']} IS NOT NULL THEN false ELSE TRY_CAST({v['status']} AS INTEGER) < 400 END",
        "said": f"left(coalesce({v['error']}, CASE WHEN TRY_CAST({v['status']} AS INTEGER) >= 400 "
        f"THEN 'HTTP ' || {v['status']} END), {LONGEST})",
        "detail": f"left({v['description']}, {LONGEST})",
        "flow": f"left({v['flow']}, 60)",
        "app": f"'client ' || left({v['client']}, 40)",
        "app_id": "NULL",
        "who": "NULL",
        "who_id": "NULL",
        "address": "NULL",
        '"key"': f"nullif(left(concat_ws(' ', {v['kid']}, {v['alg']}), {LONGEST}), '')",
        "agent": "NULL",
        "host": f"nullif(left(regexp_extract({v['endpoint']}, '^[a-z]+://([^/]+)', 1), {LONGEST}), '')",
        "audience": f"left({v['aud']}, {LONGEST})",
        "tls": "NULL",
        "country": "NULL",
        "ahead_s": f"TRY_CAST({v['ahead_s']} AS DOUBLE)",
        "ttl_s": f"TRY_CAST({v['ttl_s']} AS DOUBLE)",
        "login_key": "NULL",
        "event_type": "NULL",
        "id": "hash(line)",
        "is_keyed": "false",
    }
    inner = f"SELECT file, line, CASE WHEN json_valid(line) THEN json_extract_string(line, {paths}) END AS v"
    return f"SELECT {', '.join(f'{how} AS {what}' for what, how in parts.items())} FROM ({inner} FROM lines)"


ZONES = {"GMT": 0, "UTC": 0, "Z": 0, "WET": 0, "BST": 60, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180,
         "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
         "AKST": -540, "AKDT": -480, "HST": -600, "JST": 540, "AEST": 600, "AEDT": 660, "NZST": 720,
         "NZDT": 780}  # fmt: skip
"""Minutes of the zones that exports print. `CST`, `BST` and `IST` stand for several: the first two are read as in the
United States and the United Kingdom, the last is not read."""
_CLOCKS = ("%I:%M:%S %p", "%I:%M %p", "%H:%M:%S", "%H:%M")
_MONTH_FIRST, _DAY_FIRST = ("%m/%d/%Y", "%m-%d-%Y"), ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")


def _time(day_first: bool) -> str:
    """ISO 8601, an event log's stamp, or a date of the user interface with its zone where it names one."""
    zone = """regexp_extract("time", '([A-Z]{1,5})$', 1)"""
    bare = """regexp_replace(regexp_replace("time", ' *[A-Z]{3,5}$', ''), '[,\\x{202f}\\x{a0}]+', ' ', 'g')"""
    bare = f"trim(regexp_replace({bare}, ' +', ' ', 'g'))"
    dates = _DAY_FIRST if day_first else (*_MONTH_FIRST, "%d.%m.%Y")
    formats = "[" + ", ".join(literal(f"{date} {clock}") for date in (*dates, "%Y-%m-%d") for clock in _CLOCKS) + "]"
    minutes = "CASE " + " ".join(f"WHEN {zone} = '{z}' THEN {m}" for z, m in ZONES.items()) + " ELSE 0 END"
    local = f"try_strptime({bare}, {formats}) - to_minutes({minutes})"
    iso = 'TRY_CAST("time" AS TIMESTAMP)'
    offset = """regexp_extract("time", '[+-][0-9]{2}:?[0-9]{2}$')"""
    ahead = f"CAST(left({offset}, 3) AS INTEGER) * 60 + CAST(left({offset}, 1) || right({offset}, 2) AS INTEGER)"
    return f"""coalesce(CASE WHEN "time" LIKE '%Z' OR "time" LIKE '%+0000' THEN {iso}
        WHEN "time" ~ 'T.*[+-][0-9]{{2}}:?[0-9]{{2}}$' THEN {iso} - to_minutes({ahead}) ELSE {iso} END,
        try_strptime(stamp, '%Y%m%d%H%M%S.%g'),
        CASE WHEN "time" IS NOT NULL THEN {local} END, TRY_CAST(stamp AS TIMESTAMP))"""


def _flow() -> str:
    return """CASE WHEN sub_type IS NULL THEN CASE WHEN login_type IN ('i', 'Remote Access 2.0')
            THEN 'bearer (no sub type)' END
        WHEN sub_type ILIKE '%refresh%' THEN 'refresh-token' WHEN sub_type ILIKE '%clientcredential%'
            THEN 'client-credentials'
        WHEN sub_type ILIKE '%tokenexchange%' THEN 'token-exchange'
        WHEN sub_type ILIKE 'oauth%password%' THEN 'password'
        WHEN sub_type ILIKE '%webserver%' OR sub_type ILIKE 'oauth%code' THEN 'authorization-code'
        ELSE left(sub_type, 60) END"""


def _list(names: Sequence[str]) -> str:
    return ", ".join(literal(one) for one in names)
