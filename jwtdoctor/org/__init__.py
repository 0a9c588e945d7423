"""The org behind a login, read over its API with an administrator's session: what is set there becomes facts.

soql       values in quotes that nothing leaves
queries    every query: what it asks, what permission it needs, what stays hidden without it
session    one session: bounded calls, pages and time, and the org's own limits
shapes     rows and metadata records as typed things; hostile ones are cut to size
asking     queries put to a session, by its rights; what became of each, for the report
app, user, addresses, history    pure: from rows to facts
audit      the whole reading for one integration
found      what it says besides facts
report     the facts weighed, as a report of the usual shape
risks      every app of the org that is at risk
"""
