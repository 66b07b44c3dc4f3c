#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

packs() { find repo/packs -type f | wc -l; }

make_repository
make_image a.raw 8
run backup a.raw --disk a
expect_status 0
before=$(packs)

# A backup that is stopped after it has written its first pack.
head -c 300M /dev/urandom >big.raw
"$VARVE" backup big.raw --disk big >/dev/null 2>&1 &
backup=$!
children+=("$backup")
while [ "$(packs)" = "$before" ] && kill -0 "$backup" 2>/dev/null; do sleep 0.02; done
kill -STOP "$backup"
written=$(packs)
[ "$(ls repo/leases | wc -l)" = 1 ] || fail "the backup has no lease"

# While it may be at work, its packs are left alone.
run prune -n
expect_status 0
expect_out "of commands that may be running"
run prune
expect_status 0
[ "$(packs)" = "$written" ] || fail "packs of a running backup were removed"

kill -KILL "$backup"
wait "$backup" 2>/dev/null || true
run prune
expect_status 0
expect_out "of killed commands"
[ "$(packs)" = "$before" ] || fail "packs of a killed backup are still there"
[ -z "$(ls repo/leases)" ] || fail "the lease of a killed backup is still there"
run verify
expect_status 0
run restore a@latest --to back.raw
expect_same a.raw back.raw
