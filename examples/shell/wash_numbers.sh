#!/bin/sh
# Wash numbers: may each be called? One line a number: number, verdict, rule.
#
#     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... sh wash_numbers.sh NUMBER ...
set -eu

numbers=$(printf '"%s",' "$@")
answer=$(curl --silent --show-error "$QUIETLINE_URL/api/v1/washes" \
    --header "Authorization: Bearer $QUIETLINE_KEY" --header "Content-Type: application/json" \
    --write-out '\n%{http_code}' --data @- <<END
{"numbers": [${numbers%,}], "shape": "rows",
 "facts": {"purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown"}}
END
)
body=${answer%?????}
case $answer in
*200) ;;
*) echo "$body" >&2; exit 1 ;;
esac
# one row: {"number": "...", "outcome": 0, "verdict": "...", "reason": "...", ...}
echo "$body" | grep -o '"number": *"[^"]*", *"outcome": *[0-9]*, *"verdict": *"[^"]*", *"reason": *"[^"]*"' |
    sed 's/"number": *"\([^"]*\)".*"verdict": *"\([^"]*\)", *"reason": *"\([^"]*\)"/\1 \2 \3/'
