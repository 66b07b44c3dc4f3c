#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
cp --sparse=always "$LVM_FIXTURES/linear/p0.raw" p0.raw
chmod u+w p0.raw
pv=(--pv p0.raw)

# put VOLUME FILE: writes the file to the beginning of a volume of vg-lin.a, which the kernel has at these sectors.
put() {
  local sector
  case $1 in home-1) sector=51200 ;; neveract) sector=124928 ;; esac
  dd if="$2" of=p0.raw bs=512 seek="$sector" conv=notrunc status=none
}

qemu-img create -q -f qcow2 base.qcow2 2M
qemu-io -c 'write -P 3 0 1M' base.qcow2 >/dev/null
put neveract base.qcow2
# Written over the file of that name, then rebased to the name that the volume has.
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2
qemu-io -c 'write -P 7 256k 64k' top.qcow2 >/dev/null
qemu-img convert -O raw top.qcow2 expected.raw
qemu-img rebase -u -b /dev/vg-lin.a/neveract -F qcow2 top.qcow2
put home-1 top.qcow2

# Without a format it is neither the one nor the other.
run backup lvm:vg-lin.a/home-1 "${pv[@]}"
expect_refusal 1 "'lvm:vg-lin.a/home-1' has a qcow2 image in it; pass --format qcow2 to read it as one, or --format raw"
run info lvm:vg-lin.a/home-1 "${pv[@]}"
expect_refusal 1 "pass --format qcow2"

run info lvm:vg-lin.a/home-1 "${pv[@]}" --format qcow2
expect_status 0
expect_out qcow2
run map lvm:vg-lin.a/home-1 "${pv[@]}" --format qcow2
expect_status 0
run convert lvm:vg-lin.a/home-1 copy.raw "${pv[@]}" --format qcow2
expect_status 0
expect_same copy.raw expected.raw
run compare lvm:vg-lin.a/home-1 expected.raw "${pv[@]}" --format qcow2
expect_status 0

run backup lvm:vg-lin.a/home-1 --disk vm "${pv[@]}" --format qcow2 --time 2026-11-01
expect_status 0
run restore vm@latest --to back.raw
expect_status 0
expect_same back.raw expected.raw

# With --format raw, the volume as it is.
run backup lvm:vg-lin.a/home-1 --disk volume "${pv[@]}" --format raw
expect_status 0
run restore volume@latest --to volume.raw
expect_status 0
cmp -n "$(stat -c %s top.qcow2)" volume.raw top.qcow2 || fail "the volume's bytes should be the image file's"

# Names stay in the group.
qemu-img rebase -u -b gone -F qcow2 top.qcow2
put home-1 top.qcow2
run backup lvm:vg-lin.a/home-1 "${pv[@]}" --format qcow2
expect_refusal 1 "volume group 'vg-lin.a' has no such volume"
qemu-img rebase -u -b /dev/vg3/lv8 -F qcow2 top.qcow2
put home-1 top.qcow2
run backup lvm:vg-lin.a/home-1 "${pv[@]}" --format qcow2
expect_refusal 1 "volumes of its own group 'vg-lin.a' only"
