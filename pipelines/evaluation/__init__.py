"""Measuring: ``ranking.py`` metrics, ``bootstrap.py`` their certainty, ``beir.py`` public collections."""
