"""Follow the list of an area: the full list once, from then on what has changed. Run it every day.

    QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... python follow_list.py 1212

The numbers that must not be called stand in 1212.txt, one a line; 1212.version says how new they are.
"""

import csv
import io
import os
import sys
import zipfile
from pathlib import Path

import httpx


def fetch(client, area, since):
    """Fetch the full list, or the changes since a version; give the rows and the version."""
    answer = client.get(f"/api/v1/lists/{area}/csv", params={"since": since})
    if answer.is_error:
        told = answer.json()
        sys.exit(f"{told['code']}: {told['detail']}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    return list(csv.DictReader(io.StringIO(text))), int(answer.headers["Quietline-List-Version"])


def follow(client, area):
    """Bring the list of an area up to date; say how far it is."""
    numbers_file, version_file = Path(f"{area}.txt"), Path(f"{area}.version")
    since = int(version_file.read_text()) if version_file.exists() else 0
    lists = client.get("/api/v1/lists").raise_for_status().json()["items"]
    newest = next((one["version"] for one in lists if one["area"] == area), None)
    if newest == since:
        return f"version {since} is the newest"
    numbers = set(numbers_file.read_text().split()) if since else set()
    rows, version = fetch(client, area, since)
    numbers -= {row["number"] for row in rows if row.get("op") == "D"}
    numbers |= {row["number"] for row in rows if row.get("op") != "D"}
    numbers_file.write_text("".join(f"{number}\n" for number in sorted(numbers)))
    version_file.write_text(str(version))
    return f"version {version}: {len(numbers)} numbers"


key = os.environ["QUIETLINE_KEY"]
with httpx.Client(base_url=os.environ["QUIETLINE_URL"], headers={"Authorization": f"Bearer {key}"}) as client:
    print(follow(client, sys.argv[1]))
