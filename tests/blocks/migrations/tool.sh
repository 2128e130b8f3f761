# A team's own migration tool: `sh tool.sh PSQL FOLDER status|up|down [VERSION]`, with DATABASE_URL.
# `down` without a version goes one step, `up` all. It knows its numbered SQL files, and a table of its own.
set -eu
psql=$1 folder=$2 action=$3 target=${4:-}

ask() { "$psql" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@" "$DATABASE_URL"; }

step() {
  file=$(find "$folder" -name "$1_*.$action.sql")
  [ -n "$file" ] || { echo "no file goes $action from $1 in $folder" >&2; exit 1; }
  ask --single-transaction --file="$file" --command="$2"
}

export PGOPTIONS='-c client_min_messages=warning'
applied=$(ask --command='CREATE TABLE IF NOT EXISTS tool_migrations (version int)' \
  --command='SELECT version FROM tool_migrations ORDER BY 1')
known=$(find "$folder" -name '*_*.up.sql' | sed 's|.*/||; s|_.*||' | sort -n)
is_applied() { echo "$applied" | grep -qx "$1"; }

case $action in
status)
  for number in $known; do
    is_applied "$number" && word=applied || word=pending
    printf '\033[32m%s\033[0m %s\n' "$word" "$number"
  done ;;
up)
  for number in $known; do
    if is_applied "$number" || [ "$number" -gt "${target:-$number}" ]; then continue; fi
    step "$number" "INSERT INTO tool_migrations VALUES ($number)"
  done ;;
down)
  for number in $(echo "$applied" | sort -rn); do
    if [ "$number" -le "${target:-0}" ]; then break; fi
    step "$number" "DELETE FROM tool_migrations WHERE version = $number"
    [ -n "$target" ] || break
  done ;;
esac
