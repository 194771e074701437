"""What an administrator may ask of a Chromebook; one file an action."""
