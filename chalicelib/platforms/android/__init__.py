"""Android, through the Android Management API."""
