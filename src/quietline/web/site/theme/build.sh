#!/bin/sh
# Builds the look of the pages: USWDS with our settings, from npm by lock file, into ../static/quietline (not in git).
# Needs Node 20 or newer with npm. Takes 10 to 20 seconds; safe to run again.
set -eu
cd "$(dirname "$0")"
out=../static/quietline

major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/') || major=
if [ -z "$major" ] || [ "$major" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
  {
    echo "The look of the pages cannot be built: Node 20 or newer with npm is needed, found ${major:+Node }${major:-none}."
    echo "Install it and run this again:"
    echo "  Debian 13, Ubuntu 25.04 or newer   sudo apt-get install nodejs npm"
    echo "  Fedora                             sudo dnf install nodejs npm"
    echo "  macOS with Homebrew                brew install node"
    echo "  elsewhere                          the installer on nodejs.org"
  } >&2
  exit 1
fi

if ! npm ci --ignore-scripts --silent; then
  echo "npm could not fetch the packages of package-lock.json: check the network or npm's registry setting, then run again." >&2
  exit 1
fi
node build.mjs "$out"
