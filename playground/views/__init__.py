"""Everything a person sees as HTML. Views take plain values, return markup and escape all text."""
