"""The people plane: admin API, enrollment page and downloads; Chalice as a thin shell."""
