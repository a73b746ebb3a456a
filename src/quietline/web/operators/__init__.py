"""Operators: whose number it is, porting included, and lines that were disconnected or given to somebody else.

``models`` and ``queries`` know the ranges, the portings and the events; ``importing`` reads the lists that operators and
number administrations hand in; ``reporting`` takes in events and lets them work; ``undoing`` takes them back; ``bulk``
writes entries by the thousand. What an event does, and why, is said in ``reporting`` and ``undoing``.
"""
