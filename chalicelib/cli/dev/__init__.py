"""`muster dev`: the whole deployment on this machine, on an embedded AWS engine."""
