"""The platforms that Muster manages: wire codecs, device routes, actions; they never import each other."""
