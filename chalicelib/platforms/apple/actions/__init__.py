"""What a person can have an Apple device do: one file an action, listed in registry.py."""
