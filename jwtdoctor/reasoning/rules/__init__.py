"""The rules of derived facts, a module a subject. `table` holds what they share."""
