#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c $((1 << 20)) /dev/urandom >a.raw
run backup a.raw --disk web01/vda
cp a.raw b.raw
head -c 65536 /dev/urandom | dd of=b.raw bs=64K seek=3 conv=notrunc status=none
run backup b.raw --disk web01/vda
run check
expect_status 0
expect_no_err
expect_out "checked 4 packs, "
expect_out ", 2 log entries and 0 checkpoints: no damage"
[ "$(tail -n 1 out)" = "no damage is known in 2 of 2 nights; varve verify reads their data" ] || fail "the last line sums it up"
run check --json
expect_status 0
expect_json
expect_golden check.json

# A flipped byte of guest data is not seen by check, until a verify has seen it.
pack=$(find repo/packs -type f -size +60k -size -100k)
cp "$pack" sound
flip "$pack" 5000
run check
expect_status 0
run verify
expect_status 3
run check
expect_status 3
expect_out "damaged: web01/vda of "
expect_out ": 64.0 KiB at offset 196608"
run check --verbose
expect_out "an earlier verify on this host found it damaged"
cp sound "$pack"
run verify
expect_status 0
run check
expect_status 0

# A pack that is gone, with what it costs.
rm "$pack"
run check
expect_status 3
expect_out "pack_missing: "
expect_out ": 64.0 KiB at offset 196608"
[ "$(tail -n 1 out)" = "no damage is known in 1 of 2 nights; varve verify reads their data" ] || fail "the last line sums it up"
cp sound "$pack"

# A config that is gone.
mv repo/config config
run check --json
expect_status 3
expect_json
expect_golden check_damaged.json
mv config repo/config
run check
expect_status 0

# A flipped bit in the log.
flip repo/log/0000000000000001 200
run check
expect_status 3
expect_out "log_entry_damaged: "

run check web01/vda@latest
expect_status 2
