"""Hand in evidence: consents, purchases, inquiries and requests to stop, as your system exports them.

    QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... python hand_in_evidence.py records.csv

The table has the columns reference, kind, number, happened_at, and any of form, channel, source, place, text, proof.
"""

import csv
import os
import sys
from pathlib import Path

import httpx

MOST = 5_000


def hand_in(client, records):
    """Hand in up to 5,000 records: all are recorded, or none. Records that are known already are not recorded twice."""
    answer = client.post("/api/v1/evidence/records", json={"records": records})
    told = answer.json()
    if answer.is_error:
        wrong = "".join(f"\n  {error['field']}: {error['detail']}" for error in told["errors"])
        sys.exit(f"{told['code']}: {told['detail']}{wrong}")
    return told


def main(path):
    """Hand in a table, in sets."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        records = [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]
    key = os.environ["QUIETLINE_KEY"]
    with httpx.Client(base_url=os.environ["QUIETLINE_URL"], headers={"Authorization": f"Bearer {key}"}) as client:
        for start in range(0, len(records), MOST):
            told = hand_in(client, records[start : start + MOST])
            print("new:", told["new"], "known:", told["known"], "root:", told["root"])


main(sys.argv[1])
