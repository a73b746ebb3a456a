"""Figures for everybody: the data book, open data, and a dashboard that needs no script to read."""
