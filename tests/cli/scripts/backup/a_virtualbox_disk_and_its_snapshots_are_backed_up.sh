#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# put FILE OFFSET HEX: writes bytes into a file.
put() { printf "$(sed 's/../\\x&/g' <<<"$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
# bytes FILE OFFSET LENGTH: prints them in hex.
bytes() { dd if="$1" bs=1 skip="$2" count="$3" status=none | od -An -v -tx1 | tr -d ' \n'; }
# made_over CHILD PARENT: turns CHILD into what VirtualBox creates for a snapshot: a differencing image that names
# its parent by UUID alone (header bytes 76, 424 and 440).
made_over() {
  put "$1" 76 04000000
  put "$1" 424 "$(bytes "$2" 392 16)"
  put "$1" 440 "$(bytes "$2" 408 16)"
}
mib() { dd if="$1" of="$2" bs=1M count=1 skip="$3" seek="$3" conv=notrunc status=none; }

# A machine's folder: a disk, and two snapshots of it in Snapshots/, each with some blocks of 1 MiB of its own.
mkdir -p vm/Snapshots
make_image disk.raw 8
qemu-img convert -f raw -O vdi disk.raw vm/disk.vdi
for name in first second; do qemu-img create -q -f vdi "vm/Snapshots/{$name}.vdi" 8M; done
first="vm/Snapshots/{first}.vdi"
second="vm/Snapshots/{second}.vdi"
qemu-io -f vdi -c "write -q -P 7 1M 1M" -c "write -q -P 8 4M 1M" "$first"
qemu-io -f vdi -c "write -q -P 9 4M 1M" "$second"
put "$second" $((512 + 4 * 2)) feffffff # block 2 is zero, whatever the disk has there
qemu-img convert -f vdi -O raw "$first" first.raw
qemu-img convert -f vdi -O raw "$second" second.raw
made_over "$first" vm/disk.vdi
made_over "$second" "$first"
# What the guest sees.
cp disk.raw guest.raw
mib first.raw guest.raw 1
mib second.raw guest.raw 4
truncate -s 8M zeros
mib zeros guest.raw 2
qemu-img info "$second" >/dev/null 2>&1 && fail "qemu can read it now: use it as the oracle"

make_repository
run backup "$second"
expect_status 1
expect_err "--allow-under DIR"
run backup "$second" --disk web --allow-under vm
expect_status 0
run restore web@latest --to back.vdi
expect_status 0
qemu-img check -q -f vdi back.vdi || fail "qemu-img finds fault with what was restored"
qemu-img convert -f vdi -O raw back.vdi back.raw
expect_same guest.raw back.raw
run compare "$second" guest.raw --allow-under vm
expect_status 0
# Each snapshot separately, and the disk.
run convert "$first" one.qcow2 --allow-under vm
expect_status 0
cp disk.raw one.raw
mib first.raw one.raw 1
mib first.raw one.raw 4
qemu-img compare -q -f raw -F qcow2 one.raw one.qcow2 || fail "the first snapshot is another disk"
run info "$second" --allow-under vm
expect_status 0
expect_out "differencing"
expect_out "backing file  {"

# A static disk is restored as a static one; with the same UUID two restores are identical.
qemu-img convert -f raw -O vdi -o static=on disk.raw static.vdi
run backup static.vdi --disk static
expect_status 0
run restore static@latest --to again.vdi -o uuid=d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11
expect_status 0
[ "$(bytes again.vdi 76 4)" = 02000000 ] || fail "a static image was expected"
run restore static@latest --to twice.vdi -o uuid=d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11
expect_same again.vdi twice.vdi
qemu-img compare -q -f vdi -F raw again.vdi disk.raw || fail "the static disk is another one"
run restore static@latest --to dynamic.vdi -o static=off
[ "$(bytes dynamic.vdi 76 4)" = 01000000 ] || fail "-o was ignored"
run restore static@latest --to x.vdi -o uuid=1
expect_refusal 2 "uuid"

# In its own place, lost or not, a disk keeps its UUID; elsewhere it gets another one.
uuid=$(bytes static.vdi 392 16)
run restore static@latest --to static.vdi --force
expect_status 0
[ "$(bytes static.vdi 392 16)" = "$uuid" ] || fail "the disk lost its UUID"
modification=$(bytes static.vdi 408 16)
rm static.vdi
run restore static@latest --to static.vdi
expect_status 0
[ "$(bytes static.vdi 408 16)" != "$modification" ] || fail "a snapshot above the disk does not notice that it was restored"
[ "$(bytes static.vdi 392 16)" = "$uuid" ] || fail "the lost disk came back without its UUID"
run restore static@latest --to elsewhere.vdi
[ "$(bytes elsewhere.vdi 392 16)" = "$uuid" ] && fail "two disks have one UUID"
run restore static@latest --to static.vdi --force -o uuid=d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11
[ "$(bytes static.vdi 392 16)" = "$(bytes again.vdi 392 16)" ] || fail "-o uuid= was ignored"
run info static.vdi
expect_out "uuid=d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11"
run show static@latest
expect_out "uuid="

# A parent that was modified on its own is reported.
put vm/disk.vdi 408 00112233445566778899aabbccddeeff
run convert "$first" after.raw --allow-under vm
expect_status 0
expect_err "may have been written to after"
