"""Who installed the wheel has the same as who has the sources: commands, pages, styles and both languages come with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from e2e.web.running import Platform

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
_STYLES = re.compile(r'href="(/static/[^"]+\.css)"')


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with what the wheel installs, made from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    shutil.copytree(ROOT / "src", sources / "src", ignore=shutil.ignore_patterns("node_modules", "__pycache__", "*.so"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, sources)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run([*pip, "--wheel-dir", folder / "dist", sources], check=True, timeout=300)
    [wheel] = (folder / "dist").glob("quietline-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "packages")
    return folder / "packages"


def test_quietline_up_of_the_wheel_is_the_platform_with_both_languages(packages):
    said = subprocess.run(
        [sys.executable, "-c", "import quietline.kernel as kernel; print(kernel.__file__)"],
        env=os.environ | {"PYTHONPATH": str(packages)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout.startswith(str(packages)), "this would try the sources"
    with Platform(packages=packages) as platform:
        english, chinese = page(platform.url, "en"), page(platform.url, "zh-Hans")
        assert "telephone" in english
        assert "号码" in chinese
        styles = _STYLES.findall(english)
        assert styles
        for address in styles:
            with urllib.request.urlopen(platform.url + address, timeout=30) as answer:
                assert answer.status == 200


def page(url, language):
    request = urllib.request.Request(f"{url}/", headers={"Accept-Language": language})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert (answer.status, answer.url) == (200, f"{url}/")
        return answer.read().decode()
