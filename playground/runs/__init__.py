"""Runs in the app: kept as they are made, shown, compared, made again, taken elsewhere."""
