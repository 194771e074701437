"""Simulated Android devices: they enroll, apply their policy, obey, report, and get lost."""
