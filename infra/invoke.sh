#!/usr/bin/env bash
# Invokes a function of a deployed stack, and prints its answer:
#
#   infra/invoke.sh config/staging.toml fetch-customers infra/events/dry-run.json
#   infra/invoke.sh config/staging.toml fetch-customers '{"order_date": "2023-10-15T14:30:00Z", "dry_run": true}'
#
# The first argument is the file with the environment's answers, which `make deploy` has written: it names the stack, and
# where they are set the region and the profile. The third one is a file or a JSON document.
#
# The exit code is 0 only if the function returned an answer, and no answer with "ok": false.
set -euo pipefail

[ $# -eq 3 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
config=$1 function=$2 input=$3
[ -r "$config" ] || { echo "$config is not there: deploy the environment first (make deploy ENV=…)" >&2; exit 1; }

case $function in
    fetch-customers) output=FetchCustomersFunctionArn ;;
    submit-orders) output=SubmitOrdersFunctionArn ;;
    redrive-orders) output=RedriveOrdersFunctionArn ;;
    *) echo "the function is \"$function\", and must be fetch-customers, submit-orders or redrive-orders" >&2; exit 2 ;;
esac
case $input in
    '{'*) ;;
    '') echo 'there is no input: name a file or a JSON document (make invoke INPUT=infra/events/dry-run.json)' >&2; exit 2 ;;
    *) input=$(cat "$input") ;;
esac

# As the SAM CLI writes it: one `name = "value"` a line. The answers come last, after the defaults for all commands.
setting() { sed -n "s/^$1 = \"\(.*\)\"$/\1/p" "$config" | tail -1; }
stack=$(setting stack_name) region=$(setting region) profile=$(setting profile)
[ -z "$region" ] || export AWS_DEFAULT_REGION=$region AWS_REGION=$region
[ -z "$profile" ] || export AWS_PROFILE=$profile

arn=$(aws cloudformation describe-stacks --stack-name "$stack" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='$output'].OutputValue")
[ -n "$arn" ] || { echo "the stack $stack has no output $output" >&2; exit 1; }

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
# A synchronous invocation, which the CLI must not repeat by itself when it takes its 15 minutes.
error=$(printf '%s' "$input" | AWS_MAX_ATTEMPTS=1 aws lambda invoke --function-name "$arn" --cli-read-timeout 910 \
    --payload fileb:///dev/stdin --query FunctionError --output text "$answer")
cat "$answer"
echo
[ "$error" = None ] || { echo "$function failed: $error" >&2; exit 1; }
! grep -Eq '^\{"ok": ?false' "$answer" || exit 1
