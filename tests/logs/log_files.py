"""Logs as their sources write them, for the tests of `jwtdoctor logs`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

T0 = 1_795_000_000
"""2026-11-18 11:06:40 UTC."""
EVENT_COLUMNS = ("EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "USER_ID", "USER_NAME", "SOURCE_IP", "CLIENT_IP",
                 "LOGIN_TYPE", "LOGIN_SUB_TYPE", "LOGIN_STATUS", "LOGIN_KEY", "TIMESTAMP_DERIVED")  # fmt: skip
HISTORY_COLUMNS = ("Id", "UserId", "LoginTime", "LoginType", "LoginSubType", "Status", "SourceIp", "Application",
                   "LoginUrl", "TlsProtocol", "ClientVersion", "CountryIso")  # fmt: skip
USAGE_COLUMNS = ("EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "USER_ID", "USER_NAME", "CONNECTED_APP_ID",
                 "CONNECTED_APP_NAME", "STATUS_CODE", "CLIENT_IP", "LOGIN_KEY", "TIMESTAMP_DERIVED")  # fmt: skip


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d%H%M%S.000")


def iat(at: float, **changes: Any) -> str:
    """A line of an iat log: a grant, unless `error` is given."""
    record: dict[str, Any] = {
        "at": at, "endpoint": "https://login.salesforce.com/services/oauth2/token", "client": "1a2b3c4d5e6f",
        "flow": "jwt-bearer", "kid": "k1", "alg": "RS256", "iat": int(at), "exp": int(at) + 180, "ttl_s": 180,
        "aud": "https://login.salesforce.com", "status": 200, "error": None, "description": None, "server_date": at,
        "ahead_s": 0.1, "round_trip_s": 0.2, "request_id": None,
    }  # fmt: skip
    if changes.get("error"):
        record["status"] = 400
    return json.dumps(record | changes) + "\n"


def event(at: float, **changes: str) -> dict[str, str]:
    """A row of a Login event file: a grant, unless `LOGIN_STATUS` is given."""
    row = {"EVENT_TYPE": "Login", "TIMESTAMP": stamp(at), "REQUEST_ID": f"R{at}", "USER_ID": "005000000000001",
           "USER_NAME": "ci@acme.com", "SOURCE_IP": "198.51.100.4", "CLIENT_IP": "Salesforce.com IP", "LOGIN_TYPE": "i",
           "LOGIN_STATUS": "LOGIN_NO_ERROR", "TIMESTAMP_DERIVED": iso(at)}  # fmt: skip
    return row | changes


def history(at: float, **changes: str) -> dict[str, str]:
    """A row of Login History as SOQL gives it."""
    row = {"Id": f"0Ya{int(at)}", "UserId": "005000000000001AAA", "LoginTime": iso(at),
           "LoginType": "Remote Access 2.0", "Status": "Success", "SourceIp": "198.51.100.4", "Application": "Loader",
           "LoginUrl": "login.salesforce.com", "TlsProtocol": "TLS 1.3", "ClientVersion": "N/A"}  # fmt: skip
    return row | changes


def usage(at: float, **changes: str) -> dict[str, str]:
    """A row of an ApiTotalUsage event file."""
    row = {"EVENT_TYPE": "ApiTotalUsage", "TIMESTAMP": stamp(at), "REQUEST_ID": f"Q{at}", "USER_ID": "005000000000001",
           "USER_NAME": "ci@acme.com", "CONNECTED_APP_ID": "0H4000000000001", "CONNECTED_APP_NAME": "Loader",
           "STATUS_CODE": "200", "CLIENT_IP": "198.51.100.4", "TIMESTAMP_DERIVED": iso(at)}  # fmt: skip
    return row | changes


def table(columns: Iterable[str], rows: Iterable[dict[str, str]]) -> str:
    """A CSV with every value quoted, as event log files have them."""
    names = list(columns)
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "".join(",".join('"' + value.replace('"', '""') + '"' for value in line) + "\n" for line in lines)


def events(*rows: dict[str, str]) -> str:
    return table(EVENT_COLUMNS, rows)


def histories(*rows: dict[str, str]) -> str:
    return table(HISTORY_COLUMNS, rows)


def write(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)
