"""Readers: pages to text, one a file. A reader is ``(path, params, **how) -> Document``, ``how`` being the
keyword arguments of :func:`pipelines.loading.load`.
"""
