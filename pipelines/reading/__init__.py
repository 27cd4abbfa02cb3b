"""Readers: the picture of a page in, a transcript out. One reader a file.

::

    base.py          the contract: Sheet, Word, Transcript, Means, Reader
    read.py          read_page: any reader by its choice; every error is the end of a transcript
    pictures.py      sheets of picture files and pages of PDFs          picture_files.py  … in the process
    degrade.py       sheets made worse, the same way each time
    worker.py        ReadingWorker: the process for pictures and OCR    process.py        … itself
    recognising.py   what readers that run there share                  typesetting.py    words to text
    text_layer.py, tesseract.py, rapidocr.py, vlm.py                    the readers
    tesseract_worker.py  a page prepared (preparing.py), read, looked at again (second_look.py), units apart (units.py)
    lines.py         lines of words, set in the order of columns.py (a recursive X-Y cut) and table_rows.py
    vision.py        models that see      prompts.py  what they are asked      sight.py  does this one see?
    documents.py     documents with pages as they were read             filling.py  reads pages without text

Another OCR engine is one more file: a function for the process, and ``@part("reader", …)`` on what builds a
:class:`pipelines.reading.recognising.Recogniser` of it.
"""
