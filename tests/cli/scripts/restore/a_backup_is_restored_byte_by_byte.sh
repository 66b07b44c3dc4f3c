#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 20
cp a.raw night1.raw
run backup a.raw --disk web01/vda --time 2026-11-18T02:30:15Z
expect_status 0
expect_no_err
[ "$(wc -l <out)" -le 5 ] || fail "the summary has more than five lines"
overwrite a.raw 5000000 "the guest wrote this"
cp a.raw night2.raw
run backup a.raw --disk web01/vda --time 2026-11-19T02:30:15+01:00
expect_status 0
for night in 1 2; do
  for format in raw qcow2; do
    run restore "web01/vda@2026-11-1$((7 + night))" --to "back$night.$format"
    expect_status 0
    expect_no_err
    [ "$(wc -l <out)" -le 5 ] || fail "the summary has more than five lines"
    qemu-img compare -f "$format" -F raw "back$night.$format" "night$night.raw" >/dev/null || fail "night $night as $format differs"
  done
  run restore "web01/vda@~$((2 - night))" --to -
  expect_same out "night$night.raw"
done
run verify
expect_status 0
[ "$(wc -l <out)" -le 5 ] || fail "the summary has more than five lines"
run diff web01/vda@~1 web01/vda@latest
expect_status 0
expect_out "4980736"
run diff web01/vda@~1 web01/vda@latest --exit-code
expect_status 3
run diff web01/vda@latest web01/vda@latest --exit-code
expect_status 0
expect_out "no difference"
run verify web01/vda@latest --against night2.raw
expect_status 0
run verify web01/vda@latest --against night1.raw
expect_status 3
expect_out "content_differs"
