"""Windows: MS-MDE2 enrollment, OMA-DM sessions, CSP nodes, WNS."""
