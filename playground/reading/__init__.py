"""The reading lab: one page, read by several readers, and what each made of it."""
