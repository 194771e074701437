"""Where records, files, messages, keys and users are kept: a twin in memory and the real thing on AWS."""
