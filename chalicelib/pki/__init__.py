"""Certificates and signed messages: bytes in, frozen values out; failure raises.

Re-exports nothing, so that each caller imports only what it needs.
"""
