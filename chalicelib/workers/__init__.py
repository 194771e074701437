"""Handlers of queues, streams and schedules: thin, they call core."""
