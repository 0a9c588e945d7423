"""Turns a finished report into text. Renderers measure nothing, fetch nothing and decide nothing."""
