"""The user and the caller's address."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact(
        "user.assigned_to_app",
        "bool",
        "a profile or permission set of the user is assigned to the app",
        ask="Is the user's profile or one of its permission sets assigned to the app?",
        elsewhere="Is the user, or a group that holds the user, assigned to the app?",
    ),
    fact(
        "user.has_approved_app",
        "bool",
        "the user approved the app once",
        ask="Has this user approved the app before (OAuth Connected Apps on the user's page)?",
        elsewhere="Has this user, or an administrator for all, consented to the app before?",
    ),
    fact(
        "user.approval_has_refresh_token",
        "bool",
        "that approval held refresh_token",
        ask="Did that approval include refresh_token and one more scope?",
    ),
    fact(
        "user.approvals_for_app",
        "number",
        "approvals of this app by this user",
        ask="How many approvals of this app does the user have?",
    ),
    fact("user.is_active", "bool", "the user is active", ask="Is the user active?"),
    fact("user.is_frozen", "bool", "the user is frozen", ask="Is the user frozen?"),
    fact(
        "user.username_is_sandbox_style",
        "bool",
        "the user name ends like a sandbox's",
        witness="username-style",
        ask="Does the user name carry a sandbox suffix (name@company.com.SANDBOX)?",
    ),
    fact(
        "user.required_session_level",
        "text",
        "session level that the profile demands",
        answers=("Standard", "High Assurance"),
        ask="Which session security level does the user's profile require at login?",
        elsewhere=None,
    ),
    fact("user.ip_ranges", "list", "login IP ranges of the profile", witness="ip-ranges", personal=True),
    fact(
        "user.has_ip_ranges",
        "bool",
        "the profile has login IP ranges",
        witness="ip-ranges",
        ask="Does the user's profile have Login IP Ranges?",
    ),
    fact(
        "user.caller_ip_in_ranges",
        "bool",
        "the caller's address lies in the ranges that apply",
        witness="caller-ip",
        ask="Does the caller's public address lie inside the Login IP Ranges of the user's profile?",
    ),
    fact(
        "user.login_hours_set",
        "bool",
        "the profile has login hours",
        ask="Does the user's profile restrict Login Hours?",
    ),
    fact(
        "user.within_login_hours",
        "bool",
        "the attempt lay within the profile's login hours, in the time zone of the org",
        witness="user.login_hours_set",
    ),
    fact("user.caller_ip", "text", "the address that the service saw the caller at", personal=True),
    fact("user.profile", "text", "the user's profile", personal=True),
    fact("user.licence", "text", "the user's licence"),
    fact("user.assigned_by", "text", "what assigns the user to the app", personal=True),
    fact(
        "user.exists_in_org",
        "bool",
        "the user name exists in the target org",
        witness="subject",
        ask="Does exactly this user name exist in the org that the token host serves?",
        elsewhere="Does the server that is asked know exactly this user?",
    ),
    fact(
        "user.password_locked",
        "bool",
        "the user's password is locked after failed attempts",
        ask="Does the user's page show the Unlock button (password locked)?",
    ),
    fact(
        "user.password_expired",
        "bool",
        "the user's password has expired",
        ask="Does a browser login as this user ask for a new password first?",
    ),
    fact(
        "user.has_api_access",
        "bool",
        "the user has API access (API Enabled)",
        ask="Does the user's profile or a permission set grant API Enabled?",
    ),
    fact("user.is_api_only", "bool", "the user may log in by API only", ask="Is the user an API Only user?"),
    fact(
        "user.has_logged_in",
        "bool",
        "the user has completed a login at least once",
        ask="Has this user ever logged in (Last Login on the user's page)?",
    ),
    fact(
        "user.may_use_uninstalled_apps",
        "bool",
        "the user may approve apps that are not installed",
        ask="Does the user hold Approve Uninstalled Connected Apps?",
    ),
    fact(
        "user.is_site_member",
        "bool",
        "the user is a member of the Experience Cloud site",
        ask="Is the user a member of the Experience Cloud site, and is the site live?",
    ),
    fact(
        "user.requires_mutual_tls",
        "bool",
        "mutual TLS is enforced for this user or org",
        ask="Is mutual TLS enforced for this user or org?",
    ),
)

DERIVED = (
    fact(
        "user.ip_is_outside",
        "bool",
        "ranges apply to this flow and the caller is outside",
        witness="caller-ip",
    ),
    fact("user.ip_is_inside", "bool", "no ranges apply, or the caller is inside", witness="caller-ip"),
    fact(
        "user.approval_lacks_refresh",
        "bool",
        "the user approved the app, and that approval held no refresh_token",
        witness="approval.refresh",
    ),
    fact(
        "user.session_level_is_high",
        "bool",
        "the profile demands a high-assurance session",
        witness="user.required_session_level",
    ),
    fact(
        "user.approvals_at_limit",
        "bool",
        "five approvals or more",
        witness="user.approvals_for_app",
    ),
    fact(
        "user.username_fits_org",
        "bool",
        "the style of the user name (sandbox suffix or not) fits the kind of org",
        witness="username-style",
    ),
)
