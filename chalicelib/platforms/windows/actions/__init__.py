"""What an administrator may ask of a Windows PC; one file an action."""
