#!/bin/sh
# Heed a webhook: say whether an event is genuine (Standard Webhooks). The body comes in as standard input, the headers as
# a web server hands them to a program: HTTP_WEBHOOK_ID, HTTP_WEBHOOK_TIMESTAMP, HTTP_WEBHOOK_SIGNATURE.
#
#     QUIETLINE_WEBHOOK_SECRET=whsec_... sh follow_webhooks.sh <event.json
set -eu

age=$(($(date +%s) - HTTP_WEBHOOK_TIMESTAMP))
[ "${age#-}" -le 300 ] || { echo "too old" >&2; exit 1; }
key=$(printf %s "${QUIETLINE_WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat >"$body"
signature=$({ printf '%s.%s.' "$HTTP_WEBHOOK_ID" "$HTTP_WEBHOOK_TIMESTAMP"; cat "$body"; } |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
case " $HTTP_WEBHOOK_SIGNATURE " in
*" v1,$signature "*) cat "$body" ;;
*) echo "the signature does not fit" >&2; exit 1 ;;
esac
