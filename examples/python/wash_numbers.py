"""Wash numbers: may each be called, by which rule, and until when may that be relied on?

    QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... python wash_numbers.py NUMBER ...

The key needs the scope "wash lists"; with the scope "sandbox" alone, test numbers are answered and nothing is counted.
"""

import os
import sys

import httpx

FACTS = {"purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown"}


def wash(client, numbers, reference=""):
    """Wash up to 10,000 numbers; with a reference, the same call again gives the same answer and costs nothing."""
    asked = {"numbers": numbers, "facts": FACTS, "reference": reference}
    answer = client.post("/api/v1/washes", json=asked)
    told = answer.json()
    if answer.is_error:
        sys.exit(f"{told['code']}: {told['detail']}")
    return [told["outcomes"][place] for place in told["numbers"]]


def main(numbers):
    """Print a line for each number."""
    key = os.environ["QUIETLINE_KEY"]
    with httpx.Client(base_url=os.environ["QUIETLINE_URL"], headers={"Authorization": f"Bearer {key}"}) as client:
        for number, outcome in zip(numbers, wash(client, numbers), strict=True):
            until = outcome["valid_until"] or outcome["next_permitted_at"] or ""
            print(number, outcome["verdict"], outcome["reason"], until)


main(sys.argv[1:])
