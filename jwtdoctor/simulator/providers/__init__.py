"""Judges for providers other than Salesforce: one shape, and as little of each provider in code as there can be.

service    what stands in a provider's service: registered keys, audiences, limits, users, what was used up
checks     one question about a request each; what is wrong with it is a `Trouble`, in nobody's words
dialect    which questions a provider asks, in which order, and in which words it refuses and grants
plain      the dialect of every provider that has no module: made of its data alone
google …   the words of five providers, each guess marked
scene      a client, a service, their clocks and the network between them
staged     every fault by name, as a change of client or service

The rules (algorithms, claims, limits, shape of the request) come from `knowledge/providers/*.toml`; a fault changes the
service or the client, and no judge reads its name.
"""

from __future__ import annotations
