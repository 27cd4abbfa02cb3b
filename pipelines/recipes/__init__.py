"""Recipes outside of this process: as files, as scripts, under names.

::

    parsing.py   a file's text as plain data, or a refusal that names the place
    versions.py  what has changed between versions of the file
    schema.py    what a file may hold, published as ../recipe.schema.json
    script.py    a recipe as a Python program
    named.py     a recipe with a name, a note, a time
    saved.py     those of a data folder, one file each
"""
