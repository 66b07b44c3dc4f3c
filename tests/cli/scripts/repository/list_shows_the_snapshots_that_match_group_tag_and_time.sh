#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
for day in 18 19 20; do
  run backup a.raw --disk a --time "2026-11-${day}T02:30Z" --tag "day=$day" --tag kind=nightly
  run backup a.raw --disk b --time "2026-11-${day}T03:30Z" --tag "day=$day"
done
# lines COUNT ARGUMENT...: how many snapshots `list` shows.
lines() {
  run list "${@:2}"
  expect_status 0
  expect_no_err
  [ "$(tail -n +2 out | wc -l)" = "$1" ] || fail "$1 snapshots were expected for: ${*:2}"
}
lines 6
[[ $(<out) != *GROUP* ]] || fail "a column of groups without a group"
lines 3 a
lines 2 --tag day=19
lines 3 --tag kind
lines 1 --tag kind=nightly --tag day=19
lines 1 b --tag day=19
lines 6 --since 2026-11-18
lines 4 --since 2026-11-19
lines 3 --since 2026-11-19T02:31Z
lines 4 --since 2026-11-19T03:30+01:00
lines 2 --since 2026-11-19T02:31Z --tag day=20
for nothing in --group=web01 --tag=day=21 --tag=da --since=2026-11-21; do
  run list "$nothing"
  expect_status 0
  expect_out "no snapshots"
  run list "$nothing" --json
  expect_out '"snapshots": []'
done
run list --since tomorrow
expect_refusal 2 "'tomorrow' is not a time"
run list --tag =x
expect_refusal 2 "--tag needs KEY or KEY=VALUE"
# The alias of the command.
run list
cp out list
run snapshots
expect_same out list
run snapshot
expect_refusal 2 "did you mean 'snapshots'?"
run --help
expect_out "(also: varve snapshots)"
