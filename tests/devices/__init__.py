"""Simulated devices, written from the vendors' specifications; they share no codec and no model with the server."""
