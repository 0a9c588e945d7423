"""The nouns. Frozen dataclasses, standard library only; nothing here acts on the world."""
