#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
mkfifo pipe

# stop_while_reading ARGUMENT...: interrupts the program while it waits for its standard input.
stop_while_reading() {
  sleep 1000 >pipe &
  children+=($!)
  # Not as a background job of this shell, which would ignore SIGINT.
  env --default-signal=INT "$VARVE" "$@" <pipe >out 2>err &
  local varve=$!
  if [ -n "$SANITIZED" ]; then sleep 4; else sleep 1; fi  # what comes before standard input is done by then
  kill -INT "$varve"
  status=0
  wait "$varve" || status=$?
  kill "${children[-1]}"
}
stop_while_reading backup a.raw - --disk a --disk b
expect_status 130
expect_err "varve: stopped: 1 of 2 disks backed up (a); b was not"
expect_out "backed up a of "
stop_while_reading backup a.raw - missing.raw --disk a --disk b --disk c --json
expect_status 130
expect_json
grep -q '"stopped": true' out || fail "the report should show that it was stopped"
expect_out '"code": "cancelled"'
[[ $(tr -d ' \n' <out) == *'"not_backed_up":["b","c"]'* ]] || fail "the disks that are left should be listed"
[ "$(grep -c '"bytes_stored"' out)" = 1 ] || fail "the disk that is done should be reported"
stop_while_reading backup a.raw - --disk a --disk b --group g
expect_status 130
expect_err "varve: stopped: 0 of 2 disks backed up; a, b were not"
expect_no_out
stop_while_reading backup - --disk b
expect_err "varve: stopped: b was not backed up"
stop_while_reading convert - out.raw
expect_status 130
[ "$(<err)" = "varve: stopped on request" ] || fail "a conversion does not speak of commits"
[ ! -e out.raw ] || fail "half a file was left"
