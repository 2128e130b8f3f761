#!/bin/sh
# The runbook's ./scripts/smoke-tests.sh ADDRESS: what users do, with an account of its own that it removes again.
set -eu
address=${1:?usage: smoke-tests.sh ADDRESS}
email="smoke-$$-$(date +%s%N)@example.test"
who="{\"email\": \"$email\", \"password\": \"smoke-$$\"}"
token=

ask() {
  method=$1 path=$2 body=${3:-}
  curl --fail --silent --show-error --max-time 5 --request "$method" --header 'Content-Type: application/json' \
    ${token:+--header "Authorization: Bearer $token"} ${body:+--data "$body"} "$address$path" ||
    { echo "smoke: $method $path failed"; exit 1; }
}

ask GET /health >/dev/null
ask POST /api/auth/register "$who" >/dev/null
token=$(ask POST /api/auth/login "$who" | sed 's/.*"token": "\([^"]*\)".*/\1/')
trap 'ask DELETE /api/me >/dev/null' EXIT
ask POST /api/chat '{"text": "hello"}' | grep --quiet 'You said: hello' || { echo "smoke: a wrong reply"; exit 1; }
ask GET /api/chat | grep --quiet hello || { echo "smoke: the message is not kept"; exit 1; }
ask GET /api/dashboard | grep --quiet '"dashboard"' || { echo "smoke: no dashboard"; exit 1; }
ask GET /api/weather | grep --quiet '"weather"' || { echo "smoke: no weather"; exit 1; }
second=$(ask POST /api/auth/login "$who" | sed 's/.*"token": "\([^"]*\)".*/\1/')
first=$token token=$second
ask POST /api/auth/logout >/dev/null
token=$first
echo "smoke: all well"
