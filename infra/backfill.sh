#!/usr/bin/env bash
# Runs fetch-customers for a range of order dates, day by day, oldest first:
#
#   infra/backfill.sh FUNCTION 2023-10-01T14:30:00Z 2023-10-31
#
# FUNCTION is the function's name or ARN. The first order date has the time of day of all of them; the second argument is
# the last day. Further arguments are passed to `aws` (--profile, --region). If LIMIT, CUSTOMER_IDS (a JSON list) or
# DRY_RUN are set in the environment, they are added to the input of each run.
#
# Prints the summary of each run and stops at the first one that fails. Repeat it from that date on: only missing orders
# are created. It does not wait for a run that continues in further invocations ("continued": true).
set -euo pipefail

usage() {
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
}

[ $# -ge 3 ] || usage
function=$1 first=$2 last=$3
shift 3
[[ $first =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]] || usage
[[ $last =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || usage

# GNU date has -d; BSD and macOS have -v.
next_day() {
    date -u -d "$1 + 1 day" +%F 2>/dev/null || date -u -j -v+1d -f %F "$1" +%F
}

optional=
[ -z "${CUSTOMER_IDS:-}" ] || optional="$optional, \"customer_ids\": $CUSTOMER_IDS"
[ -z "${LIMIT:-}" ] || optional="$optional, \"limit\": $LIMIT"
[ -z "${DRY_RUN:-}" ] || optional="$optional, \"dry_run\": $DRY_RUN"

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
day=${first%%T*} time=${first#*T}
until [[ $day > $last ]]; do
    order_date=${day}T$time
    # A synchronous invocation, which the CLI must not retry when it takes its 15 minutes.
    # Read from a file, the payload is the same for version 1 and 2 of the CLI.
    error=$(printf '%s' "{\"order_date\": \"$order_date\"$optional}" |
        AWS_MAX_ATTEMPTS=1 aws lambda invoke --function-name "$function" --cli-read-timeout 910 \
            --payload fileb:///dev/stdin --query FunctionError --output text "$@" "$answer")
    if [ "$error" != None ]; then
        printf '%s failed: %s\n%s\n' "$order_date" "$error" "$(cat "$answer")" >&2
        exit 1
    fi
    cat "$answer"
    echo
    day=$(next_day "$day")
done
