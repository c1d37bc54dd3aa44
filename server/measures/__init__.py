"""Measures: numbers and words about an account that others report, such as sentiment and licence use."""
