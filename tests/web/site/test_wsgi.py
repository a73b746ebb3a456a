"""The application as the web server loads it."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import os
from quietline.web.site.wsgi import application
print(sorted(name for name in os.environ if name.startswith("QUIETLINE_")), callable(application))
"""


def test_requests_are_told_no_settings():
    """The server adds the environment to what it tells of a request: whoever printed one would print secrets."""
    given = {**os.environ, "QUIETLINE_SECRET_KEY": "a-secret-of-forty-eight-characters-and-some-more"}
    assert {"QUIETLINE_DATABASE_URL", "QUIETLINE_HOME"} <= given.keys()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "[] True\n", done.stderr
