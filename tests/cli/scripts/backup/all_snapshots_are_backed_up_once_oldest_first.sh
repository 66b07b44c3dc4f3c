#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository

# write_at OFFSET LENGTH PATTERN, as qemu-io takes them
write_at() { qemu-io -c "write -P $3 $1 $2" disk.qcow2 >/dev/null; }
# state_of NAME FILE: the content of an internal snapshot, by reverting a copy to it
state_of() {
  cp disk.qcow2 copy.qcow2
  qemu-img snapshot -a "$1" copy.qcow2
  qemu-img convert -O raw copy.qcow2 "$2"
}
expect_disk() {
  run restore "$1" --to back.raw --force
  expect_status 0
  expect_same back.raw "$2"
}
scanned() { grep -o '"bytes_scanned": [0-9]*' out | grep -o '[0-9]*' | tr '\n' ' '; }

qemu-img create -q -f qcow2 disk.qcow2 64M
write_at 0 32M 1
qemu-img snapshot -c before disk.qcow2
write_at 1M 1M 2
qemu-img snapshot -c between disk.qcow2
write_at 40M 2M 3
qemu-io -c 'discard 8M 1M' disk.qcow2 >/dev/null
state_of before before.raw
state_of between between.raw
qemu-img convert -O raw disk.qcow2 now.raw

# All snapshots, each with its own name and time; what they share is read once.
run backup disk.qcow2 --disk vda --all-snapshots --json
expect_status 0
expect_json
[ "$(scanned)" = "33554432 1048576 2097152 " ] || fail "shared clusters were read again: $(scanned)"
grep -q '"skipped": \[\]' out || fail "there was nothing to skip"
expect_disk vda@~2 before.raw
expect_disk vda@~1 between.raw
expect_disk vda@latest now.raw
run show vda@~2
expect_out "before"
expect_out "full"
run show vda@latest
expect_out "qcow2-snapshots"
taken=$(qemu-img snapshot -l disk.qcow2 | grep before | grep -oE '[0-9-]{10} [0-9:]{8}')
run show vda@~2
expect_out "${taken/ /T}"

# Once more: nothing is backed up twice, and the active state costs what has changed.
write_at 50M 64K 4
run backup disk.qcow2 --disk vda --all-snapshots --json
expect_status 0
[ "$(grep -c '"internal_snapshot": "be' out)" = 2 ] || fail "both snapshots should be skipped"
sed -E -e 's/("(time|root)": )"[^"]*"/\1"-"/' -i out
expect_golden backup_skipped.json
[ "$(grep -c '"bytes_stored"' out)" = 1 ] || fail "only the active state should be taken"
run list --json
[ "$(grep -c '"snapshot"' out)" = 4 ] || fail "four snapshots were expected"

# A new snapshot, and one that reuses a name, which is a different state.
qemu-img snapshot -d before disk.qcow2
write_at 0 64K 5
qemu-img snapshot -c before disk.qcow2
state_of before before2.raw
run backup disk.qcow2 --disk vda --all-snapshots --json
expect_status 0
[ "$(grep -c '"bytes_stored"' out)" = 2 ] || fail "the new snapshot and the active state should be taken"
[ "$(grep -c '"internal_snapshot_id": ' out)" = 1 ] || fail "one snapshot should be skipped"
expect_disk vda@~1 before2.raw
run verify
expect_status 0

# A plain backup of a snapshot that the repository has, or of what follows it, does not read shared clusters either.
run backup disk.qcow2 --disk other --snapshot before
run backup disk.qcow2 --disk other --json
[ "$(scanned)" = "0 " ] || fail "the active state shares all with the snapshot, yet was read: $(scanned)"

# The same over an unchanged backing file; over one that was touched, a plain backup reads everything and reports so.
qemu-img create -q -f qcow2 -b disk.qcow2 -F qcow2 top.qcow2
qemu-img snapshot -c s top.qcow2
run backup top.qcow2 --disk top --snapshot s
run backup top.qcow2 --disk top --json
[ "$(scanned)" = "0 " ] || fail "nothing changed over the same backing file, yet it was read: $(scanned)"
touch -d '2026-01-01' disk.qcow2
run backup top.qcow2 --disk top --json
[ "$(scanned)" != "0 " ] || fail "an overlay over another backing file was treated as unchanged"
grep -q '"change_source": "rescan"' out || fail "its change source should be rescan"
expect_err "a backing file was changed or replaced since the last backup"

# An interrupted run keeps what it has: here the active state cannot be read.
qemu-img create -q -f qcow2 cut.qcow2 1M
qemu-io -c 'write -P 1 0 64K' cut.qcow2 >/dev/null
qemu-img snapshot -c kept cut.qcow2
qemu-io -c 'write -P 2 64K 64K' cut.qcow2 >/dev/null
place=$(qemu-img map --output=json cut.qcow2 | grep -o '"start": 65536.*"offset": [0-9]*' | grep -o '[0-9]*$')
truncate -s "$place" cut.qcow2
run backup cut.qcow2 --disk cut --all-snapshots
expect_status 1
run list --json
[ "$(grep -c '"disk": "cut"' out)" = 1 ] || fail "the snapshot before the failure should be kept"

for other in "--snapshot before" "--time 2026-11-20" "--group g" "--dry-run"; do
  # shellcheck disable=SC2086
  run backup disk.qcow2 --disk vda --all-snapshots $other
  expect_refusal 2 "cannot be combined"
done
