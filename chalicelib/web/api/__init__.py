"""One module per resource of `/api/v1`: what it takes, what it shows, what it does."""
