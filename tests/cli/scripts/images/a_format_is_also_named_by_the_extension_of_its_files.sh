#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_image disk.raw 2
run convert disk.raw copy -O vhd
expect_status 0
[ "$(qemu-img info -f vpc --output=json copy | grep -c '"format": "vpc"')" -ge 1 ] || fail "vhd is not vpc"
run info copy --format vhd
expect_status 0
expect_out "format        vpc"
run compare disk.raw copy -F vhd
expect_status 0
run convert disk.raw other -O img
expect_status 0
expect_same other disk.raw

make_repository
run backup --disk d copy --format vhd
expect_status 0
run restore d@latest --to back -O vhd
expect_status 0
run compare back disk.raw
expect_status 0
run info copy --format vhs
expect_refusal 2 "'vhs'"
