"""What the sample documents are made of: words in ``text/``, one layout a file, and the tools they share.

- ``typography.py``  fonts, paragraph styles, colours
- ``flow.py``        blocks of the YAML files to flowables: headings, lists, tables, warnings, figures
- ``book.py``        a PDF with outline, page labels and metadata, the same bytes every time
- ``report.py``, ``paper.py``, ``handbook.py``, ``letter.py``  one document each
- ``figures.py``, ``report_art.py``, ``paper_art.py``, ``handbook_art.py``  vector drawings
"""
