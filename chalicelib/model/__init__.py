"""Frozen values that Muster speaks of; no I/O, no clock, no framework."""
