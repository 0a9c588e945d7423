"""The terminal interface: the same engine as the command line, with its events on a screen.

subjects    what can be examined: a profile, a staged fault
examining   one run on its own thread, which only posts messages
answers     what a person answers, and the conclusion drawn anew from it
preview     the assertion and the request as people read them
messages    everything that crosses from a thread to a screen
screens/    one module a screen · widgets/  one module a widget · jwtdoctor.tcss  all of the style

The screens measure nothing and decide nothing; what they say comes from `render.page`, so that text, HTML and screen
never say different things.
"""
