"""What was seen, as the first line of a report says it: of a failure on the way to the host the layer and not the
family, of a token that is refused what is wrong with it. Pure.

A cause stands for several layers (a closed port, a missing route and a silent host are all `network-blocked`), and the
person who reads the first line wants the one that was seen. An empty text leaves the cause's own title.
"""

from __future__ import annotations

from jwtdoctor.model.chart import Chart

FAILURES = {
    "refused": "The token host's port is closed",
    "connect-timeout": "The token host does not take connections from here",
    "unreachable": "There is no route to the token host",
    "reset": "The connection to the token host is cut",
    "read-timeout": "The token host takes the request and stays silent",
    "deadline": "The token host does not answer in full in time",
    "tls-other": "TLS with the token host does not come about",
    "bad-http": "What answers there is no usable HTTP",
    "too-large": "What answers there is larger than any reply",
}
"""path.failure -> what a person would say."""
CERTIFICATES = {
    "expired": "The certificate that the token host shows has expired",
    "not-yet-valid": "The token host's certificate is not valid yet",
    "wrong-name": "The certificate shown is for another host",
    "self-signed": "The certificate shown is signed by itself",
    "unknown-authority": "The certificate's authority is not trusted here",
    "inspected": "Something on the way opens TLS with its own certificate",
}
PROXIES = {
    "wants-credentials": "The proxy wants a user name and password",
    "rejects-credentials": "The proxy rejects the user name or password",
    "forbids-host": "The proxy forbids the token host",
    "cannot-reach-host": "The proxy cannot reach the token host",
    "unreachable": "The proxy itself cannot be reached",
}
DNS = {
    "no-such-name": "The resolver knows no such host",
    "no-answer": "No resolver answers",
    "server-failure": "The resolver fails",
    "no-resolver": "This machine has no resolver",
}


PROOFS = (
    ("proof.jwk_is_private", True, "The DPoP proof shows its private key"),
    ("proof.is_well_formed", False, "The DPoP header holds no proof that a server can take"),
    ("proof.method_fits", False, "The DPoP proof is for another method"),
    ("proof.url_fits", False, "The DPoP proof is for another URL"),
    ("proof.token_hash_fits", False, "The DPoP proof is for another token"),
    ("proof.is_out_of_time", True, "The DPoP proof was made at another time than it was sent"),
)
"""What is wrong with a proof by what was seen of it, the gravest first."""


def headline_of(cause: str, chart: Chart) -> str:
    """The statement for a cause on this chart (derived facts included); empty where its title says as much."""
    match cause:
        case "network-blocked":
            return _blocked(chart)
        case "tls-trust-failed":
            return CERTIFICATES.get(chart.text("path.certificate_problem") or "", "")
        case "proxy-refused":
            return PROXIES.get(chart.text("path.proxy_problem") or "", "")
        case "dns-failed":
            return DNS.get(chart.text("path.dns_problem") or "", "")
        case _:
            return _of_token(cause, chart)


def _of_token(cause: str, chart: Chart) -> str:
    """A token that was issued and is refused all the same."""
    match cause:
        case "wrong-audience" if chart.flag("token.aud_is_for_api") is False:
            return "The token is for another API than the one that refuses it"
        case "dpop-required":
            return _of_proof(chart)
        case "scope-not-granted" if chart.flag("token.lacks_wanted_scopes"):
            return "The token carries fewer scopes than were asked for"
        case _:
            return ""


def _of_proof(chart: Chart) -> str:
    """Which half of DPoP is missing: the proof, what is in it, or the nonce."""
    asked_for_nonce = "use_dpop_nonce" in (chart.text("reply.error"), chart.text("token.api_error"))
    if chart.flag("token.is_bound_and_unproven"):
        return "The token is bound to a key, and the API wants a proof of it"
    if chart.flag("proof.nonce_is_refused"):
        return "The server refuses the nonce of the DPoP proof, and wants another"
    for fact, wrong, words in PROOFS:
        if chart.flag(fact) is wrong:
            return words
    if asked_for_nonce:
        return "The server wants a nonce of its own in the DPoP proof"
    return "The server wants a DPoP proof, and none was sent" if chart.flag("request.sends_dpop_proof") is False else ""


def _blocked(chart: Chart) -> str:
    if chart.flag("path.captive_portal"):
        return "A page of the network answers in the token host's place"
    if chart.text("path.proxy_problem") == "wrong-scheme":
        return "The proxy is written with https:// and speaks http"
    return FAILURES.get(chart.text("path.failure") or "", "")
