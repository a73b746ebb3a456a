"""Quietline: the open platform that gives people their telephone back.

The rooms, from the bottom up: :mod:`~quietline.errors`, :mod:`~quietline.kernel`, :mod:`~quietline.numbering`,
:mod:`~quietline.tables`, :mod:`~quietline.law`, :mod:`~quietline.registers` and :mod:`~quietline.ledger`,
:mod:`~quietline.wash`, :mod:`~quietline.cli`. Imports go down only.
"""

__version__ = "0.1.0"
