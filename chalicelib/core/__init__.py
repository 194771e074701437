"""What Muster does, one module each; knows no web framework, no wire format and no AWS."""
