"""Measures how well search finds, on collections of which people have said what should be found.

Speed is the business of `benchmarks/`.
"""
