"""Ask the web server of this container whether it answers; end with 0 where it does. For HEALTHCHECK."""

from __future__ import annotations

import os
import sys
import urllib.request


def main() -> int:
    """Ask by the first of the hosts that it answers to."""
    port = os.environ.get("QUIETLINE_LISTEN", "127.0.0.1:8000").rpartition(":")[2]
    host = os.environ.get("QUIETLINE_HOSTS", "127.0.0.1").split(",")[0].strip()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthy", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310 - as above
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
