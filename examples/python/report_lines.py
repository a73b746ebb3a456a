"""Report lines, as their operator: those that were disconnected, given to somebody else, or ported to another operator.

    QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... python report_lines.py lines.csv

The table has the columns reference, number, kind, happened_at and to. The same table again changes nothing.
"""

import csv
import os
import sys
from pathlib import Path

import httpx

MOST = 5_000


def report(client, events):
    """Report up to 5,000 events; each is accepted or refused by itself."""
    answer = client.post("/api/v1/lines/events", json={"events": events})
    told = answer.json()
    if answer.is_error:
        sys.exit(f"{told['code']}: {told['detail']} {[error['field'] for error in told['errors']]}")
    return told


def main(path):
    """Report a table, in sets, and print what was refused."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        events = list(csv.DictReader(file))
    key = os.environ["QUIETLINE_KEY"]
    with httpx.Client(base_url=os.environ["QUIETLINE_URL"], headers={"Authorization": f"Bearer {key}"}) as client:
        for start in range(0, len(events), MOST):
            told = report(client, events[start : start + MOST])
            print("accepted:", told["accepted"], "refused:", told["refused"])
            for item in told["items"]:
                if item["reason"]:
                    print(item["reference"], item["reason"])


main(sys.argv[1])
