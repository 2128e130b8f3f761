#!/usr/bin/env bash
# What a runbook does by hand: is the old release healthy, one rename, does a user get it. Prints when each step ended.
# Arguments: URL of the old slot's health, its dial, the placeholder file, URL through the proxy, the version expected.
set -euo pipefail
echo "began $EPOCHREALTIME"
curl --fail --silent --max-time 5 "$1" | grep --quiet '"status": *"healthy"'
echo "checked $EPOCHREALTIME"
printf '%s' "$2" >"$3.next"
mv --force "$3.next" "$3"
echo "switched $EPOCHREALTIME"
curl --fail --silent --max-time 5 "$4" | grep --quiet "\"version\": *\"$5\""
echo "verified $EPOCHREALTIME"
