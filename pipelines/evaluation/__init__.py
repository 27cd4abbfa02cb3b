"""Measuring how well passages are found.

::

    questions.py   labelled questions and where their quotes stand      question_files.py  how they are written down
    strategies.py  recipes compared on them                             asking.py  one recipe asked all of them
    spans.py       metrics of quoted text                               ranking.py  metrics of ranked documents
    bootstrap.py   how sure a mean, or a difference, is
    beir.py        recipes on public collections                        beir_files.py  beir_corpus.py
"""
