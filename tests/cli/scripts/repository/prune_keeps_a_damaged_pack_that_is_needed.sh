#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 80
run backup a.raw --disk a --time 2026-11-01T00:00Z
expect_status 0
pack=$(find repo/packs -type f -size +2k -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-)
id=$(basename "$pack")
# The second night needs only the second half of the first.
dd if=/dev/zero of=a.raw bs=1M count=41 conv=notrunc status=none
run backup a.raw --disk a --time 2026-11-02T00:00Z
expect_status 0
run show a@2026-11-01 --json
"$GROUP_BY_HAND" repo forget "$(sed -nE 's/.*"snapshot": "([0-9a-f]{32})".*/\1/p' out | head -1)"
cp "$pack" whole
size=$(stat -c %s "$pack")
chmod u+w "$pack"
# Somewhere in the last frames, before the slot table.
flip "$pack" $((size / 2))
run prune
expect_status 3
expect_out "pack $id stays"
[ -f "$pack" ] || fail "the damaged pack was removed"
entries=$(ls repo/log | wc -l)
run prune --json
expect_status 3
[ "$(ls repo/log | wc -l)" = "$entries" ] || fail "a second prune had something to do"
expect_json
expect_out "\"pack\": \"$id\""
sed -i -E 's/("reason": ")[^"]*/\1a sentence/' out
expect_golden prune.json
cp whole "$pack"
run verify
expect_status 0
run prune
expect_status 0
run verify
expect_status 0
run restore a@latest --to back.raw
expect_same a.raw back.raw
