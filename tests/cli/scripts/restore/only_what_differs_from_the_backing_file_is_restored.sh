#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image disk.raw 16
qemu-img convert -f raw -O qcow2 disk.raw base.qcow2
run backup base.qcow2 --disk d --time 2026-11-20
expect_status 0
cp base.qcow2 night.qcow2
qemu-io -f qcow2 -c 'write -q -P 9 5M 64k' -c 'write -q -z 8M 2M' night.qcow2
run backup night.qcow2 --disk d --time 2026-11-21
expect_status 0

run restore d@latest --to top.qcow2 -o backing_file=base.qcow2
expect_status 0
qemu-img check -q top.qcow2 || fail "qemu-img check finds fault"
qemu-img compare -q top.qcow2 night.qcow2 || fail "it is not the disk of that night"
qemu-img map --output=json top.qcow2 | tr -d ' ' >map
[ "$(grep -c '"depth":0,"present":true' map)" = 2 ] || fail "more than what differs was written: $(cat map)"
grep -q '"start":5242880,"length":65536,"depth":0,"present":true,"zero":false' map || fail "$(cat map)"
[ "$(stat -c %s top.qcow2)" -lt 500000 ] || fail "the overlay is large"

run restore d@latest --to again.qcow2 -o backing_file=gone.qcow2
expect_refusal 1 "gone.qcow2"
[ ! -e again.qcow2 ] || fail "something was left"
run restore d@latest --to base.qcow2 --force -o backing_file=base.qcow2
expect_status 1
expect_err "chain"
run restore d@latest --to again.raw -o backing_file=base.qcow2
expect_refusal 2 "preallocation"
run restore d@latest --to again.qcow2 -o clustersize=64k
expect_refusal 2 "cluster_size"
