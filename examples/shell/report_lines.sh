#!/bin/sh
# Report a line, as its operator: that it was disconnected or given to somebody else.
#
#     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... \
#         sh report_lines.sh REFERENCE NUMBER disconnected 2026-11-20T09:00:00-05:00
set -eu

curl --silent --show-error --fail-with-body "$QUIETLINE_URL/api/v1/lines/events" \
    --header "Authorization: Bearer $QUIETLINE_KEY" --header "Content-Type: application/json" --retry 3 --data @- <<END
{"events": [{"reference": "$1", "number": "$2", "kind": "$3", "happened_at": "$4"}]}
END
echo
