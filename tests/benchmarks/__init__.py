"""Benchmarks: ratios against bare baselines, measured in the same run. ``python -m tests.benchmarks`` runs all."""
