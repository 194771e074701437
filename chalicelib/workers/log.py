"""One structured logger for all workers; only named fields are written, never a body."""

from aws_lambda_powertools import Logger

logger = Logger(service="muster")
