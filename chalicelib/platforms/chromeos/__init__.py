"""ChromeOS, through the Admin SDK, the Chrome Policy API and the Chrome Management API."""
