"""The authorize endpoint, answered without a browser: where the policy approves by itself, a redirect with a code.

The order: client, callback URL, then what is wrong with the app, scopes and the missing challenge (refused before
login: https://github.com/pgonzaleznetwork/HappySoup.io/issues/252), then the user. What cannot be told to the
callback URL goes to the error page, whose query string holds the real code and text.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator import checks as ask
from jwtdoctor.simulator import refusals as no
from jwtdoctor.simulator import sealed
from jwtdoctor.simulator.checks import Asked, Check, asked_of
from jwtdoctor.simulator.policy import Policy
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.ruling import Ruling, first_refusal, refusal_content
from jwtdoctor.simulator.wire import ERROR_PAGE, HttpRequest, redirect


def authorize(request: HttpRequest, policy: Policy, now: float) -> Ruling:
    """A redirect with `code` and `state`, or with `error` and `error_description`. Never raises."""
    asked = asked_of(request, "authorization-code", policy, now)
    refusal = first_refusal(asked, AUTHORIZE_CHECKS)
    if refusal is not None:
        return _refused(refusal, asked)
    given = {"code": _code(asked)}
    return Ruling(_to_callback(asked, given))


def _response_type(asked: Asked) -> Refusal | None:
    return None if asked.form.get("response_type") == "code" else no.RESPONSE_TYPE


def _callback_known(asked: Asked) -> Refusal | None:
    given = asked.form.get("redirect_uri")
    if not given:
        return no.REDIRECT_MISSING
    return None if given in asked.app.callback_urls else no.REDIRECT_MISMATCH


def _installed(asked: Asked) -> Refusal | None:
    """Uninstalled connected apps are refused since September 2025 (documented)."""
    return None if asked.app.installed or asked.app.is_external else no.MUST_BE_INSTALLED


def _not_blocked(asked: Asked) -> Refusal | None:
    return no.APP_BLOCKED_PAGE if asked.app.blocked else None


def _scopes_selected(asked: Asked) -> Refusal | None:
    wanted = set(asked.form.get("scope", "").split())
    return None if wanted <= set(asked.app.scopes) else no.SCOPE_NOT_ALLOWED


def _challenge_sent(asked: Asked) -> Refusal | None:
    """Required by the app or by the org; either covers every variant of the code flow (documented)."""
    is_required = asked.app.requires_pkce or asked.org.requires_pkce
    return no.CHALLENGE_MISSING if is_required and not asked.form.get("code_challenge") else None


def _logged_in(asked: Asked) -> Refusal | None:
    # GUESS: nobody at the browser, or a user who is off, has no text of its own here.
    user = asked.user
    return None if user is not None and user.is_active and not user.is_frozen else no.NEEDS_LOGIN


def _assigned(asked: Asked) -> Refusal | None:
    return no.NOT_ADMIN_APPROVED_PAGE if ask.assigned_if_preauthorised(asked) else None


def _approved(asked: Asked) -> Refusal | None:
    return no.DENIED if asked.user is not None and asked.user.denies_approval else None


AUTHORIZE_CHECKS: tuple[Check, ...] = (
    ask.host_serves_oauth,
    ask.client_known,
    _callback_known,
    ask.external_app_installed,
    _installed,
    ask.app_usable_but_for_block,
    _not_blocked,
    _response_type,
    _scopes_selected,
    _challenge_sent,
    ask.org_active,
    _logged_in,
    _assigned,
    _approved,
)


def _code(asked: Asked) -> str:
    """The code remembers what it was asked with: client, callback, challenge, scopes, user and time."""
    scopes = asked.form.get("scope", "").split() or list(asked.app.scopes)
    return issue_code(
        asked.policy,
        at=asked.now,
        redirect_uri=asked.form.get("redirect_uri", ""),
        challenge=asked.form.get("code_challenge", ""),
        scopes=scopes,
        name=sealed.name_of(f"{asked.request.target}|{asked.now!r}"),
    )


def issue_code(
    policy: Policy, *, at: float, redirect_uri: str, challenge: str = "", scopes: list[str] | None = None, name: str
) -> str:
    """An authorization code of this app for the user at the browser. `at` is the token host's clock."""
    content = {
        "client": policy.app.consumer_key,
        "user": policy.browser_user,
        "redirect": redirect_uri,
        "challenge": challenge,
        "scopes": scopes if scopes is not None else list(policy.app.scopes),
        "at": at,
        "id": name,
    }
    return sealed.seal("code", content, policy)


def _refused(refusal: Refusal, asked: Asked) -> Ruling:
    told = refusal_content(refusal, asked.policy, "")
    is_known_callback = asked.form.get("redirect_uri") in asked.app.callback_urls
    if not refusal.on_page and is_known_callback:
        return Ruling(_to_callback(asked, told), refusal)
    location = f"{ask.base_url(asked.request, asked.policy)}{ERROR_PAGE}?{urlencode(told)}"
    return Ruling(redirect(location, asked.now, asked.request.target), refusal)


def _to_callback(asked: Asked, told: dict[str, str]) -> Reply:
    uri = asked.form["redirect_uri"]
    state = asked.form.get("state")
    query = urlencode(told | ({"state": state} if state is not None else {}), quote_via=quote)
    mark = "&" if "?" in uri else "?"
    return redirect(f"{uri}{mark}{query}", asked.now, asked.request.target)
