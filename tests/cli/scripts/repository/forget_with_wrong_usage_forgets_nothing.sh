#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
for day in 18 19 20; do run backup a.raw --disk a --time "2026-11-${day}T02:30Z"; done
# refused SENTENCE ARGUMENT...
refused() {
  local sentence=$1
  shift
  run forget "$@"
  expect_refusal 2 "$sentence"
}
refused "nothing states what to forget; pass snapshots, or rules"
run forget --json -n
expect_json_refusal 2 usage "nothing states what to forget"
refused "no rule states what to keep" --disk a
refused "no rule states what to keep" --group a
refused "no rule states what to keep" --keep-last 0
refused "no rule states what to keep" --keep-last 0 --keep-daily 0 --keep-yearly 0
refused "snapshots and rules cannot be combined" a@latest --keep-last 1
refused "snapshots and rules cannot be combined" a@latest --disk a
refused "--force is for snapshots that are named" --keep-last 1 --force
refused "--disk and --group cannot be combined" --disk a --group a --keep-last 1
refused "for the newest snapshot of a disk pass a@latest" a
for count in -1 1.5 x '' 18446744073709551616 ' 1'; do refused "--keep-daily" "--keep-daily=$count"; done
refused "'x' is not a number of snapshots to keep" --keep-weekly x
for span in 30 d 0d -1d 1d2d 1x '1 d' 10000d 1mm; do refused "--keep-within: '$span' is not a length of time" "--keep-within=$span"; done
refused "--keep-within" --keep-within=
refused "--keep-tag needs KEY or KEY=VALUE" --keep-tag =x
run list
[ "$(tail -n +2 out | wc -l)" = 3 ] || fail "something was forgotten"
run forget --keep-daily unlimited --keep-within 1y2m3w4d5h
expect_status 0
expect_out "nothing to forget: 3 snapshots kept"
