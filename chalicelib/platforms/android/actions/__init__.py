"""What an administrator may ask of an Android device; one file an action."""
