#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
run init second
head -c $((1 << 20)) /dev/urandom >a.raw
cp a.raw b.raw
head -c 65536 /dev/urandom | dd of=b.raw bs=64K seek=3 conv=notrunc status=none
for night in 1 2 3; do
  if ((night == 2)); then image=b.raw; else image=a.raw; fi
  run backup "web01/vda=$image" --time "2026-11-0${night}T02:00Z"
  expect_status 0
done
# The second night's only chunk.
pack=$(find repo/packs -type f -size +60k -size -100k)
cp "$pack" whole
chmod u+w "$pack"
flip "$pack" 5000

run copy --to second --json
expect_status 1
expect_json
expect_err "cannot copy snapshot"
expect_err "of disk 'web01/vda'"
[ "$(wc -l <err)" = 1 ] || fail "expected one line on standard error"
sed -i -E -e 's/("message": ").*"/\1MESSAGE"/' -e 's/("root": ")[0-9a-f]{64}/\1ROOT/' out
expect_golden copy_failed.json
run verify -r second
expect_status 0
expect_out "2 of 2 nights can be restored"
run restore -r second web01/vda@latest --to back.raw
expect_same a.raw back.raw

cat whole >"$pack"
run copy --to second
expect_status 0
expect_out "1 snapshot copied"
expect_err "later snapshots of disk 'web01/vda'"
run restore -r second web01/vda@2026-11-02 --to back.raw --force
expect_same b.raw back.raw
