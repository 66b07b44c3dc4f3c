#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 8
truncate -s 8388609 a.raw
qemu-img convert -f raw -O qcow2 a.raw a.qcow2
truncate -s 8388609 a.raw
run backup a.raw --disk d
part() { dd if=a.raw of=part iflag=skip_bytes,count_bytes skip="$1" count="$2" bs=64K status=none; }

part $((2 << 20)) $((3 << 20))
run restore d@latest --range 2M+3M --to p.raw
expect_status 0
expect_out "3.0 MiB at offset 2097152 of 8388609 bytes"
expect_same p.raw part
run restore d@latest --range 0x200000+3072K --to -
expect_status 0
expect_same out part
# Sizes that are not multiples of a sector, and the last byte.
part 1000001 1234567
run restore d@latest --range 1000001+1234567 --to odd.raw
expect_same odd.raw part
part 8388608 1
run restore d@latest --range 8M+1 --to last
expect_same last part
# Without an extension it is raw, whatever the disk was; the extension .qcow2 selects qcow2.
run backup a.qcow2 --disk q
part $((1 << 20)) $((4 << 20))
run restore q@latest --range 1M+4M --to plain --json
expect_status 0
expect_golden restore_range.json
expect_same plain part
run restore q@latest --range 1M+4M --to part.qcow2
expect_status 0
qemu-img compare -q -f qcow2 -F raw part.qcow2 part || fail "the qcow2 part differs"
# Holes stay holes.
[ "$(stat -c %b plain)" -lt 1000 ] || fail "holes were written"

run restore d@latest --range 8M+2 --to past
expect_refusal 1 "8388609 bytes"
run restore d@latest --range 9M+1 --to past
expect_refusal 1 "8388609 bytes"
run restore d@latest --range 1M+16777215T --to past
expect_refusal 1 "8388609 bytes"
[ ! -e past ] || fail "something was left"
run restore d@latest --range 1M --to x
expect_refusal 2 "OFFSET+LENGTH"
run restore d@latest --range 0+0 --to x
expect_refusal 2 "empty"
run restore d@latest --range 0+1X --to x
expect_refusal 2 "'1X' is not a size"
run restore d@latest --range 0+1M --to x/
expect_refusal 2 "pass --to FILE"
