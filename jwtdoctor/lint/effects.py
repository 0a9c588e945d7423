"""Which addresses may call, by flow: what IP relaxation, the profile's ranges and the app's own come to.

Only login IP ranges of the user's profile refuse anybody, and where a profile has none there is no limit. The app's
relaxation decides whether they count, except for JWT bearer and SAML bearer, which always enforce them
(Salesforce help, "Continuous IP enforcement for connected apps"). Trusted ranges of the org refuse nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from jwtdoctor.lint.apps import App
from jwtdoctor.model.names import Sureness

ALWAYS = ("jwt-bearer", "saml-bearer")
OTHERS = ("authorization-code", "refresh-token", "client-credentials", "device", "user-agent", "password",
          "token-exchange")  # fmt: skip
"""Flows that heed the app's relaxation."""


@dataclass(frozen=True, slots=True)
class IpRule:
    """What holds for one flow. `enforced` None where the repository cannot show it."""

    flow: str
    enforced: bool | None
    words: str
    sureness: Sureness = Sureness.DOCUMENTED


def ip_rules(app: App) -> tuple[IpRule, ...]:
    """The rule of every flow, those that always enforce first."""
    always = tuple(IpRule(flow, True, "the profile's ranges, whatever the app says") for flow in ALWAYS)
    offered = OTHERS if app.kind == "connected-app" else tuple(flow for flow in OTHERS if flow != "password")
    return (*always, *(_rule(app, flow) for flow in offered))


def _rule(app: App, flow: str) -> IpRule:
    relaxation = app.ip_relaxation
    if not relaxation and app.kind == "connected-app" and not app.text("ip-relaxation"):
        relaxation = "enforce"
    match relaxation:
        case "enforce":
            return IpRule(flow, True, "the profile's ranges")
        case "relax":
            return IpRule(flow, False, "no limit: the app relaxes it")
        case "enforce_relax_refresh" if flow == "refresh-token":
            return IpRule(flow, False, "no limit: the app relaxes it for refresh tokens")
        case "enforce_relax_refresh":
            return IpRule(flow, True, "the profile's ranges")
        case "relax_with_second_factor" if flow == "authorization-code":
            return IpRule(flow, False, "the app's own ranges pass, else a user who verifies a new device does")
        case "relax_with_second_factor":
            return IpRule(flow, True, "the profile's ranges: the relaxation speaks of the web server flow only")
    return IpRule(flow, None, "cannot tell: the app's policy is not in the repository")
