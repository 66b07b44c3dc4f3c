#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
names=()
for i in 1 2 3 4 5 6 7; do
  make_image "$i.raw" 2 "$i"
  names+=("$i.raw")
done
run backup "${names[@]}"
expect_status 0
expect_out "7 disks backed up"
[ "$(wc -l <out)" -le 5 ] || fail "the summary has more than five lines"
run backup -q "${names[@]}"
expect_status 0
expect_no_out
