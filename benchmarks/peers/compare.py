"""Say in how many rows two clean lists differ: ``compare.py CLEAN OTHER REGISTER``.

Prints the count of rows that only one of them has, and for how many of these the numbering library says that Quietline's
list, the first, is right: the number is valid and not registered where the row is in it, otherwise not.
"""

from __future__ import annotations

import sys

import duckdb
import numpy as np
import phonenumbers

from quietline.registers import Register

clean, other, register_file = sys.argv[1:]
with duckdb.connect() as connection:
    read = "(SELECT id, phone FROM read_csv('{}', header = true, delim = ',', quote = '\"', all_varchar = true))"
    one, two = read.format(clean), read.format(other)
    differing: list[tuple[str | None, bool]] = connection.execute(
        f"SELECT phone, true FROM (FROM {one} EXCEPT FROM {two}) "
        f"UNION ALL SELECT phone, false FROM (FROM {two} EXCEPT FROM {one})"
    ).fetchall()


def key_of(phone: str | None) -> int:
    text = (phone or "").removeprefix("'").removesuffix(".0")  # what a spreadsheet does to a number
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return 0
    if not phonenumbers.is_valid_number(number):
        return 0
    return int(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:])


keys = np.array([key_of(phone) for phone, _ in differing], dtype=np.uint64)
with Register(register_file) as register:
    callable_ = (keys > 0) & ~register.lookup(keys).hits
kept = np.array([ours for _, ours in differing], dtype=np.bool_)
print(len(differing), int(np.count_nonzero(callable_ == kept)))
