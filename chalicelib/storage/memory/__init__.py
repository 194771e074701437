"""The twin in memory: the same behaviour as storage/aws, for tests and for trying things out."""
