"""The administrator's session, shared by `audit` and `check --audit`: its options, and the door that they open.

Decisions where the contract is silent: `--sf` and `--access-token` exclude each other. Without `--instance-url` the
org is that of `url` where its host is a My Domain, since a generic login host serves no API.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from jwtdoctor.cli.common import REF
from jwtdoctor.config.attempts import is_loopback, secret_of, split_url
from jwtdoctor.errors import BadInput
from jwtdoctor.reasoning import salesforce_hosts as hosts

if TYPE_CHECKING:
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.instruments.org import OrgDoor
    from jwtdoctor.instruments.ports import OrgHints
    from jwtdoctor.simulator import SimulatedCheck

Handler = Callable[..., Any]


def org_options(handler: Handler) -> Handler:
    """`--access-token --instance-url --sf --app --caller-ip`: whose session, and what is meant in the org."""
    options = [
        click.option("--access-token", type=REF, metavar="REF", help="An administrator's session with the org."),
        click.option("--instance-url", metavar="URL", help="The org's own host.  [default: url, if a My Domain]"),
        click.option("--sf", metavar="ALIAS", help="Session of this alias of the Salesforce CLI."),
        click.option("--app", metavar="NAME", help="The app, by API name or label.  [default: by its consumer key]"),
        click.option("--caller-ip", metavar="IP", help="Public address of the caller.  [default: Login History's]"),
    ]
    for option in reversed(options):
        handler = option(handler)
    return handler


def door_of(found: Settings) -> OrgDoor:
    """The org's door, over a transport of its own. Raises BadInput where no session is named, or none can be had."""
    from jwtdoctor.instruments.http import HttpTransport
    from jwtdoctor.instruments.org import OrgDoor

    if "sf" in found and "access_token" in found:
        raise BadInput("cannot go with --access-token", where="--sf", do="leave one of them out")
    wire = HttpTransport(ca_file=found.text("ca_file"))
    alias = found.text("sf")
    if alias is not None:
        from jwtdoctor.config.sfsession import sf_session

        session = sf_session(alias)
        return OrgDoor(wire, found.text("instance_url") or session.instance_url, session.token)
    token = secret_of(found, "access_token")
    if token is None:
        raise BadInput(
            "an administrator's session is needed to read the org",
            expected="--sf ALIAS, or --access-token REF with --instance-url https://HOST",
        )
    return OrgDoor(wire, _instance_url(found), token)


def staged_door(staged: SimulatedCheck) -> OrgDoor:
    """The door of a simulated org, with its administrator's session. Raises BadInput where there is no org."""
    from jwtdoctor.instruments.http import HttpTransport
    from jwtdoctor.instruments.org import OrgDoor

    if staged.session is None:
        raise BadInput("only an org of Salesforce can be read", where="--audit", do="leave it out")
    return OrgDoor(HttpTransport(), staged.instance_url, staged.session)


def _instance_url(found: Settings) -> str:
    text = found.text("instance_url")
    if text is not None:
        parts = split_url(text, "--instance-url")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise BadInput("plain http is taken on loopback only", where="--instance-url", do="write https://")
        return f"{parts.scheme}://{parts.netloc}"
    parts = urlsplit(found.text("url") or "")
    host = parts.hostname or ""
    if hosts.host_kind(host) in hosts.MY_DOMAINS or is_loopback(host):
        return f"{parts.scheme}://{parts.netloc}"
    raise BadInput("the org's own host is not known", where="--instance-url", expected="https://NAME.my.salesforce.com")


def hints_of(found: Settings) -> OrgHints:
    """What the person knows of the app in its org. Raises BadInput."""
    from jwtdoctor.instruments.ports import OrgHints

    return OrgHints(found.text("app"), caller_of(found))


def caller_of(found: Settings) -> str | None:
    """The caller's public address, checked. Raises BadInput."""
    text = found.text("caller_ip")
    if text is None:
        return None
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        raise BadInput("is no address", where="--caller-ip", expected="an IPv4 or IPv6 address") from None
