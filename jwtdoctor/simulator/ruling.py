"""What comes of a request: the reply, the refusal behind it, and what it used up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator.checks import Asked, Check, base_url
from jwtdoctor.simulator.policy import LoginRow, Policy
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest, formatted_reply

MOST_ROWS = 1000
"""Rows of Login History that are kept."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What came of a request, and what it changed: names used up, times of use, and whose login it counts as."""

    reply: Reply
    refusal: Refusal | None = None
    spent: tuple[str, ...] = ()
    used_at: tuple[tuple[str, float], ...] = ()
    login_of: str | None = None
    row: LoginRow | None = None
    """What it leaves in Login History."""
    api_calls: int = 0

    def onto(self, policy: Policy) -> Policy:
        """The policy as it stands afterwards."""
        after = policy.after(self.spent, self.used_at)
        if self.row is not None:
            after = replace(after, logins=(*after.logins, self.row)[-MOST_ROWS:])
        if self.api_calls:
            after = after.with_org(api_used=after.org.api_used + self.api_calls)
        if self.login_of is None:
            return after
        wanted = self.login_of.casefold()
        users = tuple(
            replace(user, logins_last_hour=user.logins_last_hour + 1) if user.username.casefold() == wanted else user
            for user in after.users
        )
        return replace(after, users=users)


def first_refusal(asked: Asked, checks: tuple[Check, ...]) -> Refusal | None:
    for check in checks:
        refusal = check(asked)
        if refusal is not None:
            return refusal
    return None


def refused(refusal: Refusal, request: HttpRequest, policy: Policy, now: float) -> Ruling:
    content = refusal_content(refusal, policy, base_url(request, policy))
    form = request.parameters().get("format", "json")
    return Ruling(formatted_reply(refusal.status, content, form, now, seed_of(request)), refusal)


def refusal_content(refusal: Refusal, policy: Policy, base: str) -> dict[str, str]:
    """The body's members, as plain or as vague as the policy has it."""
    if policy.vague == "bare":
        return {"error": "invalid_grant"}
    content = {"error": refusal.error}
    if refusal.description is not None and policy.vague == "no":
        content["error_description"] = refusal.description
    if refusal.error_uri is not None and policy.vague == "no":
        content["error_uri"] = base + refusal.error_uri
    return content


def seed_of(request: HttpRequest) -> str:
    """What makes the request ids of the answer: nothing secret, and no clock."""
    return f"{request.method} {request.target} {len(request.body)}"
