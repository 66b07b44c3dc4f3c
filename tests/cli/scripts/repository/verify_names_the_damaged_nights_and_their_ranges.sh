#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c $((1 << 20)) /dev/urandom >a.raw
run backup a.raw --disk web01/vda
cp a.raw b.raw
head -c 65536 /dev/urandom | dd of=b.raw bs=64K seek=3 conv=notrunc status=none
run backup b.raw --disk web01/vda
run verify
expect_status 0
expect_no_err
[ "$(tail -n 1 out)" = "2 of 2 nights can be restored" ] || fail "the last line sums it up"

# The second night's only chunk: of 16 chunks, the one at offset 196608.
pack=$(find repo/packs -type f -size +60k -size -100k)
flip "$pack" 5000
run verify
expect_status 3
expect_out "damaged: web01/vda of "
expect_out ": 64.0 KiB at offset 196608"
[ "$(tail -n 1 out)" = "1 of 2 nights can be restored" ] || fail "the last line sums it up"
[ "$(grep -c '^damaged: ' out)" = 1 ] || fail "one night was expected"
grep '^damaged: ' out | grep -q "pack [0-9a-f]*" && fail "object ids are for --verbose"
run verify --verbose
expect_status 3
expect_out "chunk_damaged at offset 196608, 65536 bytes, slot 0 of pack $(basename "$pack")"
run verify web01/vda@~1
expect_status 0
expect_out "1 of 1 night can be restored"

# rebuild reads the log only, but does not keep quiet about a pack that is gone.
rm "$pack"
run rebuild
expect_status 0
expect_err "pack $(basename "$pack") is missing or truncated; 'varve verify' shows which nights it affects"
