"""A stateful fake of Google's management services: a process of its own that knows nothing of Muster."""
