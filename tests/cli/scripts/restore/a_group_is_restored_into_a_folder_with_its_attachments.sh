#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
make_image b.raw 2 1
qemu-img convert -f raw -O qcow2 a.raw a.qcow2
run backup a.qcow2 --disk web01/vda
run backup b.raw --disk web01/vdb
"$GROUP_BY_HAND" repo web01 2026-11-18T02:00Z web01/vda web01/vdb -- domain.xml $'<domain>\n</domain>\n' nvram "" >ids1
overwrite b.raw 0 changed
run backup b.raw --disk web01/vdb
"$GROUP_BY_HAND" repo web01 2026-11-19T02:00Z web01/vda web01/vdb -- domain.xml '<domain2/>' >ids2

# Each disk under its own name and in its own format, with the attachments beside them.
run restore --group web01@latest --to to/
expect_status 0
expect_no_err
[ "$(find to -type f | sort | tr '\n' ' ')" = "to/web01/domain.xml to/web01/vda.qcow2 to/web01/vdb.raw " ] ||
  fail "other files: $(find to)"
qemu-img compare -q -f qcow2 -F raw to/web01/vda.qcow2 a.raw || fail "vda differs"
expect_same to/web01/vdb.raw b.raw
[ "$(<to/web01/domain.xml)" = '<domain2/>' ] || fail "the attachment differs"
expect_out "attachment domain.xml (10 B)"

# An older point, into an existing folder, in one format for all disks.
mkdir there
make_image b.old 2 1
run restore --group web01@2026-11-18Z --to there --format raw --json
expect_status 0
expect_golden restore_group.json
expect_same there/web01/vda.raw a.raw
expect_same there/web01/vdb.raw b.old
printf '<domain>\n</domain>\n' | cmp - there/web01/domain.xml || fail "the attachment differs"
[ -e there/web01/nvram ] && [ ! -s there/web01/nvram ] || fail "the empty attachment is missing"

# One disk brings the attachments of its commit, too; several snapshots of a commit bring them once.
run restore "$(sed -n 2p ids1)" --to one/
expect_status 0
[ "$(find one -type f | wc -l)" = 3 ] || fail "other files: $(find one)"
run restore "$(sed -n 1p ids1)" "$(sed -n 2p ids1)" --to two/ -o cluster_size=4K --format qcow2
expect_status 0
[ "$(find two -type f | wc -l)" = 4 ] || fail "other files: $(find two)"
qemu-img info two/web01/vdb.qcow2 | grep -q "cluster_size: 4096" || fail "-o was ignored"
# Two commits with different attachments of one name cannot be restored side by side.
run restore "$(sed -n 1p ids1)" "$(sed -n 2p ids2)" --to nights/
expect_refusal 1 "'web01/domain.xml'"
[ ! -e nights ] || fail "something was left: $(find nights)"

# Without --force nothing is overwritten, and nothing is started.
echo precious >two/web01/domain.xml
rm two/web01/vd*.qcow2
run restore --group web01@latest --to two/
expect_refusal 1 "'two/web01/domain.xml' exists"
[ ! -e two/web01/vda.qcow2 ] || fail "a disk was restored all the same"
run restore --group web01@latest --to two/ --force
expect_status 0
[ "$(<two/web01/domain.xml)" = '<domain2/>' ] || fail "--force did not overwrite"

# Wrong usage.
run restore --group web01 --to x/
expect_refusal 2 "pass web01@latest"
run restore --group web01@latest a@latest --to x/
expect_refusal 2 "omit 'a@latest'"
run restore --group web01@latest --to x
expect_refusal 2 "pass --to DIR/"
run restore web01/vda@latest web01/vdb@latest --to -
expect_refusal 2 "pass --to DIR/"
run restore --to x/
expect_refusal 2 "needs a snapshot or a group"
run restore --group web01@~2 --to x/
expect_refusal 1 "has 2 points"
run restore --group web01@latest --to no/such/
expect_refusal 1 "no/"
run restore web01/vda@latest web01/vda@~1 --to x/
expect_refusal 1 "both need the name 'web01/vda.qcow2'"
run restore web01/vda@latest nothing@latest --to x/
expect_refusal 1 "nothing"
[ ! -e x ] || fail "something was left"

# What fails after the first disk reports that disk, in JSON too.
head -c 300000 /dev/urandom >vdb.raw
run backup a.raw --disk lost/vda
before=$(find repo/packs -type f | sort)
run backup vdb.raw --disk lost/vdb
expect_status 0
comm -13 <(printf '%s\n' "$before") <(find repo/packs -type f | sort) | xargs -I{} find {} -size +20k -delete
run restore lost/vda@latest lost/vdb@latest --to partly/ --format raw --json
expect_status 1
expect_json
[[ $(tr -d ' \n' <out) == *'"stopped":false,"not_restored":["lost/vdb"]'* ]] || fail "the disk that is left should be listed"
expect_out '"code": "'
expect_same partly/lost/vda.raw a.raw
