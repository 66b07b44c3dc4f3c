#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
make_image b.raw 2 1
qemu-img convert -f raw -O qcow2 a.raw a.qcow2
printf '<domain>\n</domain>\n' >domain.xml
: >nvram
group=(--disk web01/vda --disk web01/vdb --group web01 --attach domain.xml --attach nvram)

run backup a.qcow2 b.raw "${group[@]}" --time 2026-11-18T02:30:15Z --json
expect_status 0
expect_golden backup_group.json
[ "$(find repo/log -type f | wc -l)" = 1 ] || fail "two disks of a group are one log entry"
run list --group web01
[ "$(grep -c web01/vd out)" = 2 ] || fail "both disks should be listed"
run show web01/vdb@latest --attachment domain.xml
expect_status 0
expect_same out domain.xml

# If one source cannot be read, nothing is committed, and every source is reported as failed.
overwrite b.raw 0 changed
run backup b.raw missing.raw --disk web01/vdb --disk web01/vdc --group web01 --json
expect_status 1
expect_err "'missing.raw' does not exist"
expect_json
grep -q '"snapshots": \[\]' out || fail "no snapshot should be reported"
grep -q '"source": "b.raw"' out || fail "the other source should be reported as failed"
printf 'no qcow2 at all' >broken.qcow2
run backup b.raw broken.qcow2 --disk web01/vdb --disk web01/vdc --group web01 --format qcow2
expect_status 1
truncate -s 2M c.raw
run backup b.raw c.raw --disk web01/vda --disk web01/vdc --group web01
expect_status 1
expect_err "disk 'web01/vda' was last backed up as qcow2"
[ "$(find repo/log -type f | wc -l)" = 1 ] || fail "a group that failed left an entry"

# A second backup: only changes are stored, and the attachments not again.
run backup a.qcow2 b.raw "${group[@]}"
expect_status 0
expect_out "web01/vda"
expect_out "2 disks backed up, 0 failed: read "
expect_out "; 64.0 KiB changed, "
run restore --group web01@latest --to to/
expect_status 0
expect_same to/web01/vdb.raw b.raw
expect_same to/web01/domain.xml domain.xml
[ -e to/web01/nvram ] && [ ! -s to/web01/nvram ] || fail "the empty attachment is missing"
run verify
expect_status 0

# Without a group each source is its own commit, with the attachments.
run backup a.qcow2 b.raw --disk web01/vda --disk web01/vdb --attach domain.xml
expect_status 0
[ "$(find repo/log -type f | wc -l)" = 4 ] || fail "two sources are two entries"
run show web01/vda@latest --attachment domain.xml
expect_same out domain.xml

# Wrong usage and files that cannot be attached are reported before anything is read.
run backup a.qcow2 --disk web01/vda --group 'web01@now'
expect_refusal 2 "the group name 'web01@now' contains '@'"
mkdir other
cp domain.xml other/
run backup a.qcow2 --disk web01/vda --attach domain.xml --attach other/domain.xml
expect_refusal 2 "are called 'domain.xml'"
run backup a.qcow2 --disk web01/vda --attach other
expect_refusal 1 "'other' is not a regular file"
mkfifo pipe
run backup a.qcow2 --disk web01/vda --attach pipe
expect_refusal 1 "'pipe' is not a regular file"
truncate -s 16777217 big
run backup a.qcow2 --disk web01/vda --attach big
expect_refusal 1 "'big' has 16777217 bytes"
run backup a.qcow2 --disk web01/vda --attach missing.xml
expect_refusal 1 "'missing.xml' does not exist"
