"""What happened before, and what an experiment showed."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact(
        "history.worked_before",
        "bool",
        "the same set-up worked before",
        ask="Has this very set-up worked before?",
    ),
    fact("history.intermittent", "bool", "it fails now and then", ask="Does it fail only now and then?"),
    fact(
        "history.after_sandbox_refresh",
        "bool",
        "it began with a sandbox refresh",
        ask="Did it begin with a sandbox refresh?",
    ),
    fact(
        "history.code_used_before",
        "bool",
        "the code was redeemed before",
        ask="May the authorization code have been redeemed before?",
    ),
    fact(
        "history.refresh_token_used_before",
        "bool",
        "the refresh token was redeemed before under rotation",
        ask="May this refresh token have been redeemed before?",
    ),
    fact(
        "history.logins_last_hour",
        "number",
        "logins of this user in the last hour",
        ask="How many logins did this user make in the last hour?",
    ),
    fact(
        "history.token_cached",
        "bool",
        "the client keeps its token",
        ask="Does the client keep and reuse its access token?",
    ),
    fact(
        "history.password_changed_recently",
        "bool",
        "the password was changed",
        ask="Was the user's password changed recently?",
    ),
    fact(
        "history.browser_login_works",
        "bool",
        "the same user logs in by browser",
        ask="Can the same user log in by browser?",
    ),
    fact(
        "history.works_from_other_ip",
        "bool",
        "it works from another address",
        ask="Does it work from another network or address?",
    ),
    fact(
        "history.works_in_production",
        "bool",
        "it works against production",
        ask="Does the same set-up work against production?",
    ),
    fact(
        "history.works_with_my_domain",
        "bool",
        "it works through My Domain",
        ask="Does it work with the org's My Domain host?",
        elsewhere=None,
    ),
    fact(
        "history.works_on_other_machine",
        "bool",
        "it works on another machine",
        ask="Does it work on another machine?",
    ),
    fact(
        "history.works_with_other_client",
        "bool",
        "it works with another client",
        ask="Does it work with another client or tool?",
    ),
    fact(
        "history.works_later",
        "bool",
        "it works later without a change",
        ask="Did it work later without any change?",
    ),
    fact(
        "history.many_users_affected",
        "bool",
        "many users or tenants are affected",
        ask="Are many users or customers affected at once?",
    ),
    fact(
        "history.concurrent_flows",
        "bool",
        "several flows or refreshes run in parallel",
        ask="Do several processes or tabs log in with the same app at once?",
    ),
    fact(
        "history.secret_rotated_min_ago",
        "number",
        "how long ago the secret was rotated",
        ask="How many minutes ago was the consumer secret rotated?",
    ),
    fact("retry.granted_with_true_time", "bool", "granted when signed with true time", witness="retry-time"),
    fact(
        "retry.granted_with_host_time",
        "bool",
        "granted when signed with the token host's own time, where true time is not known",
        witness="retry-time",
    ),
    fact(
        "retry.granted_with_audience",
        "bool",
        "granted with the audience that the evidence points to",
        witness="retry-audience",
    ),
    fact("retry.granted_with_host", "bool", "granted through the host that the org has", witness="host"),
    fact(
        "history.other_org_session",
        "bool",
        "the browser of the approval step was logged in to another org",
        ask="Was the browser logged in to another org during the approval?",
    ),
    fact(
        "history.assertion_reused",
        "bool",
        "one assertion is sent more than once",
        ask="Does the client send one assertion more than once (cache, retry, queue)?",
    ),
)

DERIVED = (
    fact(
        "history.login_rate_is_over_limit",
        "bool",
        "more than 3,600 logins in the last hour",
        witness="history.logins_last_hour",
    ),
    fact(
        "history.rotated_recently",
        "bool",
        "the secret was rotated",
        witness="history.secret_rotated_min_ago",
    ),
    fact(
        "history.was_always_broken",
        "bool",
        "the set-up never worked",
        witness="history.worked_before",
    ),
    fact(
        "history.broke_after_app_change",
        "bool",
        "it worked, then the app was changed, then it failed; false: it failed without such a change",
        witness="app.changed_recently",
    ),
)
