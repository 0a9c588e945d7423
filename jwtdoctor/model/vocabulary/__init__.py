"""The facts by subject, a module each. `model/facts.py` brings them together."""
