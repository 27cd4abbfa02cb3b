"""Recipes a person can name: the list, what is done with it, and two of them compared."""
