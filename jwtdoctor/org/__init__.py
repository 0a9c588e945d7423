"""The org behind a login, read over its API with an administrator's session: what is set there becomes facts.

soql       values and queries, escaped
queries    every query: what it asks, what permission it needs, what stays hidden without it
session    one session: bounded calls, pages, time, and the org's own limits
shapes     rows and metadata records as typed things; hostile ones are cut to size
app, user, addresses, history, settings    pure: from rows to facts
audit      the whole reading for one integration
risks      every app of the org that is at risk
"""
