"""The device plane: an HTTP event in, a platform route, an HTTP response out."""
