"""Every experiment kept: what was asked of which recipe, what came out, how long it took, with which versions.

``run.py`` is one run as a value, ``store.py`` the file they are kept in, ``filter.py`` which of them are looked at,
``versions.py`` what made them, ``numbers.py`` what their numbers mean, ``comparing.py`` two of them side by side,
``monitoring.py`` many of them over time.
"""
