#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

before="11111111-0000-4000-8000-000000000000"
now="5fbaabe3-6958-40ff-92a7-860e329aab41"
none="00000000-0000-0000-0000-000000000000"

# A disk's folder: its state before a snapshot, and what changed since.
mkdir web.hdd
make_image disk.raw 8
qemu-img convert -f raw -O parallels disk.raw web.hdd/before.hds
qemu-img create -q -f parallels web.hdd/now.hds 8M
qemu-io -f parallels -c "write -q -P 9 4M 1M" web.hdd/now.hds
touch -d '2026-11-20 10:00:00 UTC' web.hdd/before.hds
image() { echo "<Image><GUID>{$1}</GUID><Type>Compressed</Type><File>$2</File></Image>"; }
shot() { echo "<Shot><GUID>{$1}</GUID><ParentGUID>{$2}</ParentGUID></Shot>"; }
cat >web.hdd/DiskDescriptor.xml <<END
<?xml version='1.0' encoding='UTF-8'?>
<Parallels_disk_image Version="1.0">
  <Disk_Parameters><Disk_size>16384</Disk_size><Padding>0</Padding></Disk_Parameters>
  <StorageData><Storage><Start>0</Start><End>16384</End><Blocksize>2048</Blocksize>
    $(image $before before.hds) $(image $now now.hds)
  </Storage></StorageData>
  <Snapshots>$(shot $before $none) $(shot $now $before)</Snapshots>
</Parallels_disk_image>
END
# What the guest sees.
cp disk.raw guest.raw
qemu-io -f raw -c "write -q -P 9 4M 1M" guest.raw

for name in web.hdd web.hdd/ web.hdd/DiskDescriptor.xml; do
  run compare "$name" guest.raw
  expect_status 0
done
run info web.hdd
expect_status 0
expect_out "snapshot      $before"
run convert web.hdd one.hds --snapshot "{$before}"
expect_status 0
qemu-img check -q -f parallels one.hds || fail "qemu-img finds fault with what was converted"
qemu-img compare -q -f raw -F parallels disk.raw one.hds || fail "the snapshot is another disk"

make_repository
run backup web.hdd --disk web --all-snapshots
expect_status 0
run list web
expect_status 0
expect_out "2026-11-20"
run restore web@latest --to now.raw
expect_status 0
expect_same guest.raw now.raw
run restore web@~1 --to before.raw
expect_status 0
expect_same disk.raw before.raw
run backup web.hdd --disk web --all-snapshots
expect_status 0
expect_out "1 internal snapshot skipped"
run restore web@latest --to back.hdd
expect_status 0
qemu-img check -q -f parallels back.hdd || fail "qemu-img finds fault with what was restored"
qemu-img compare -q -f raw -F parallels guest.raw back.hdd || fail "what was restored is another disk"

# One image of the disk is not the disk.
run backup web.hdd/now.hds --disk web
expect_status 1
expect_err "open 'DiskDescriptor.xml' beside it"
# A folder that is not a disk.
mkdir empty.hdd
run info empty.hdd
expect_status 1
expect_err "neither a regular file nor a block device"
