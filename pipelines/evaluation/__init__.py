"""Measuring how well passages are found, and how good answers are.

::

    questions.py   labelled questions and where their quotes stand      question_files.py  how they are written down
    making.py      questions a language model makes from pages          question_sets.py   a person's own
    strategies.py  recipes compared on them                             asking.py  one recipe asked all of them
    grid.py        every combination of what is varied                  overlap.py  how alike two rankings are
    spans.py       metrics of quoted text                               ranking.py  metrics of ranked documents
    levels.py      passages as rankings of quotes, pages, documents
    bootstrap.py   how sure a mean, or a difference, is
    variety.py     how much texts drawn with one setting differ
    judging.py     answers judged                                       grading.py  by a language model
    transcripts.py how near a reading is to the page                    normalising.py  what counts as the same text
    transcript_differences.py  word by word, by transcript_words.py, _alignment.py and _blocks.py
    transcript_flags.py  signs that it is no reading                    reading_runs.py  pages by readers
    beir.py        recipes on public collections                        beir_files.py  beir_corpus.py
"""
