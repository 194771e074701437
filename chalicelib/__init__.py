"""Muster: a serverless MDM."""
