"""`muster`: the command line."""
