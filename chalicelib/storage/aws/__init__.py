"""The real thing: DynamoDB, SQS, S3, KMS and Cognito over a lean signed client (the SDK is too slow to import)."""
