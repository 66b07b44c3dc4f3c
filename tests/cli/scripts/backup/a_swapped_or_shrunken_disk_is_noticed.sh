#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 64 1
make_image b.raw 64 2
printf '\x11\x22\x33\x44' | dd of=a.raw bs=1 seek=440 conv=notrunc status=none
printf '\x55\x66\x77\x88' | dd of=b.raw bs=1 seek=440 conv=notrunc status=none
for disk in a.raw b.raw; do printf '\x55\xaa' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none; done

# Pairs name their disks.
run backup web01/vda=a.raw web01/vdb=b.raw
expect_status 0
expect_no_err
run list web01
expect_out "web01/vda"
expect_out "web01/vdb"
run backup x/y=a.raw --disk z
expect_refusal 2 "names its disk already"
cp a.raw 'odd=name.raw'
run backup 'odd=name.raw' --dry-run
expect_status 0
expect_out "would back up odd=name"
run backup @=a.raw
expect_status 2
run backup web01/vda=missing.raw
expect_refusal 1 "'missing.raw' does not exist"

# The same disks again: nothing to say.
run backup web01/vda=a.raw web01/vdb=b.raw
expect_status 0
expect_no_err

# In the wrong order: by path, by identity, by content.
run backup a.raw b.raw --disk web01/vdb --disk web01/vda
expect_status 0
expect_err "a.raw' was last backed up as disk 'web01/vda' and is now backed up as 'web01/vdb'"
expect_err "it has the MBR disk id 11223344"
expect_err "has the MBR disk id 55667788"
expect_err "; disk 'web01/vda' has the one found now"
expect_err "differ from the backup before it: check that it is disk 'web01/vdb'"

# A shrunken disk.
truncate -s 32M a.raw
run backup web01/vdb=a.raw
expect_status 0
expect_err "disk 'web01/vdb' has shrunk"

# A new name that resembles a known one; names that count are different disks.
run backup web01/vdc=b.raw web02/vda=b.raw --dry-run
[[ $(<err) != *"history of its own"* ]] || fail "web02/vda is not a misspelled web01/vda"
for name in Web01/vda web1/vda web01-vda wbe01/vda weeb01/vda; do
  run backup "$name=b.raw" --dry-run
  expect_status 0
  expect_err "disk '$name' is new and begins a history of its own; the repository also has 'web01/vda'"
done
