#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# expect_report STATUS SENTENCE DISK...: what `varve info lvm:` reports for the disks
expect_report() {
  local wanted=$1 sentence=$2 disks=() disk
  for disk in "${@:3}"; do disks+=(--pv "$disk"); done
  run info lvm: "${disks[@]}"
  expect_refusal "$wanted" "$sentence"
  run info lvm: --json "${disks[@]}"
  expect_json_refusal "$wanted" "" "$sentence"
}
# disk_with NAME TEXT: an empty disk that starts with TEXT
disk_with() {
  truncate -s 8M "$1"
  printf "$2" | dd of="$1" conv=notrunc status=none
}

# Contents other than LVM2.
disk_with luks1.raw 'LUKS\xba\xbe\0\1'
disk_with luks2.raw 'LUKS\xba\xbe\0\2'
disk_with lvm1.raw 'HM\1\0'
disk_with empty.raw ''
: >nothing.raw
expect_report 1 "'luks1.raw' is encrypted with LUKS, so its contents are unknown: open it with cryptsetup" luks1.raw
expect_report 1 "'luks2.raw' is encrypted with LUKS" luks2.raw
expect_report 1 "'lvm1.raw' is a physical volume of LVM1, which is not read: convert its volume group" lvm1.raw
expect_report 1 "'empty.raw' is not a physical volume: it has no LVM label in its first four sectors, and no partitions" empty.raw
expect_report 1 "'nothing.raw' is not a physical volume: it has no LVM label in its first four sectors, and no partitions" nothing.raw
qemu-img convert -O qcow2 lvm1.raw lvm1.qcow2
expect_report 1 "'lvm1.qcow2' is a physical volume of LVM1" lvm1.qcow2

# Partitions without LVM, or of a kind that hides it.
for disk in "one dos 8M" "two gpt 8M 8M"; do
  read -r name label sizes <<<"$disk"
  truncate -s 64M "$name.raw"
  { echo "label: $label"; for size in $sizes; do echo "size=$size"; done; } | sfdisk -q "$name.raw" >sfdisk.log 2>&1 ||
    fail "sfdisk: $(<sfdisk.log)"
done
expect_report 1 "'one.raw' does not hold a physical volume: its one partition has no LVM label" one.raw
expect_report 1 "'two.raw' does not hold a physical volume: none of its 2 partitions has an LVM label" two.raw
printf 'LUKS\xba\xbe\0\2' | dd of=two.raw bs=1 seek=$((1 << 20)) conv=notrunc status=none
expect_report 1 "'two.raw' (partition 1) is encrypted with LUKS" two.raw

# The same disk twice: by one name, by two names, or as a copy.
pv=$LVM_FIXTURES/exotic/p3.raw
cp --sparse=always "$pv" pv.raw
cp --sparse=always "$pv" copy.raw
ln -s pv.raw link.raw
run info lvm: --pv pv.raw
expect_status 0
expect_out "lvm:vgexp/e1"
expect_report 1 "'pv.raw' and 'pv.raw' have the same physical volume uuid" pv.raw pv.raw
expect_report 1 "'pv.raw' and 'link.raw' have the same physical volume uuid" pv.raw link.raw
expect_report 1 "'pv.raw' and 'copy.raw' have the same physical volume uuid" pv.raw copy.raw
expect_err "one is a copy of the other, or one disk was specified twice; specify only one of them"

# One wrong disk among right ones is reported by name.
expect_report 1 "'empty.raw' is not a physical volume" pv.raw empty.raw

# Damage.
cp --sparse=always pv.raw label.raw
overwrite label.raw 600 'broken'
expect_report 1 "'label.raw' at byte 512: LVM label at byte 20: the checksum of the sector is" label.raw
cp --sparse=always pv.raw area.raw
overwrite area.raw $((4096 + 100)) 'broken'
expect_report 1 "'area.raw' at byte 4096" area.raw
truncate -s 700 label.raw
run info lvm: --pv label.raw
expect_status 1
expect_no_out
expect_err "'label.raw'"

# Disks that cannot be opened.
qemu-img create -q -f raw base.raw 8M
qemu-img create -q -f qcow2 -b base.raw -F raw lost.qcow2
rm base.raw
mkdir folder
expect_report 1 "'lost.qcow2' names its backing file 'base.raw', which does not exist" lost.qcow2
expect_report 1 "'folder' is neither a regular file nor a block device" folder
expect_report 1 "'/dev/null' is neither a regular file nor a block device" /dev/null
expect_report 1 "'none.raw' does not exist" none.raw
mkfifo pipe
expect_report 1 "'pipe' is neither a regular file nor a block device" pipe

# Names are shown escaped, on one line.
hostile=$'a\033[31m\nb.raw'
cp --sparse=always empty.raw "$hostile"
expect_report 1 "'a\\x1b[31m\\nb.raw' is not a physical volume" "$hostile"
run info lvm:$'v\033g' --pv pv.raw
expect_refusal 2 "'lvm:v\\x1bg' is not the name of a logical volume"

# Wrong usage.
run info lvm: --pv
expect_refusal 2 "--pv"
run info pv.raw --pv pv.raw
expect_refusal 2 "'pv.raw' is not one"
run info lvm: --pv pv.raw --format qcow2
expect_refusal 2 "volumes are listed without a format"
run info lvm:none --pv pv.raw
expect_refusal 1 "no volume group 'none' on these disks; found: 'vgexp'"
