"""Plans: what follows for this app from what was observed, as pages of lines. Pure."""
