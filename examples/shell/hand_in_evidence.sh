#!/bin/sh
# Hand in evidence: a file of records as JSON, such as
#
#     {"records": [{"reference": "web-1", "kind": "consent", "number": "+12125550123",
#                   "happened_at": "2026-11-22T09:30:00Z", "form": "written_signed", "source": "web"}]}
#
#     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... sh hand_in_evidence.sh records.json
set -eu

curl --silent --show-error --fail-with-body "$QUIETLINE_URL/api/v1/evidence/records" \
    --header "Authorization: Bearer $QUIETLINE_KEY" --header "Content-Type: application/json" \
    --retry 3 --data-binary "@$1"
echo
