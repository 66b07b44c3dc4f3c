#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_image disk.raw 8
split -b 3M -d -a3 disk.raw in.
run compare in.000 disk.raw
expect_status 0
run info in.000
expect_status 0
expect_out "8.0 MiB"
expect_out "split"
run info in.000 --format raw
expect_status 0
expect_out "3.0 MiB"
mv in.001 aside
run info in.000
expect_refusal 1 "'in.001' between them is missing"
mv aside in.001
run info in.001
expect_refusal 1 "name the first piece"

run convert disk.raw out.000 -O raw -o split=2M
expect_status 0
cat out.00[0-3] >joined
expect_same disk.raw joined
[ ! -e out.004 ] || fail "there are too many pieces"
run convert disk.raw out.000 -O raw -o split=2M --force
expect_refusal 1 "'out.001' exists"
run convert disk.raw - -O raw -o split=2M
expect_refusal 2 "not for standard output or a device"
run convert disk.raw out.raw -o split=2M
expect_refusal 2 "'out.raw.000'"

make_repository
run backup in.000 --disk web
expect_status 0
run restore web@latest --to back.000 -O raw -o split=5M
expect_status 0
cat back.000 back.001 >joined
expect_same disk.raw joined
