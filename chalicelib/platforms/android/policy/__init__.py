"""The Android Management API policy: typed, ruled, rendered. Pure: documents in, documents out."""
