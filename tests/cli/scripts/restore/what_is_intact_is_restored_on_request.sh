#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c $((1 << 20)) /dev/urandom >a.raw
head -c 3000 /dev/urandom >domain.xml
run backup a.raw --disk web01/vda --group web01 --attach domain.xml
expect_status 0
data=$(find repo/packs -type f -size +512k)
cp "$data" whole
flip "$data" 500000

# Without the option nothing is written.
run restore web01/vda@latest --to back.raw
expect_status 1
[ ! -e back.raw ] || fail "a damaged disk was written"

run restore web01/vda@latest --to back.raw --allow-damage
expect_status 3
expect_err "65536 bytes of disk 'web01/vda' are damaged in snapshot "
expect_out "  damaged, and zeros there: 64.0 KiB at offset "
at=$(sed -n 's/.*zeros there: 64.0 KiB at offset //p' out)
[ $((at % 65536)) = 0 ] || fail "a chunk begins at a multiple of its size, not at '$at'"
cp a.raw expected.raw
dd if=/dev/zero of=expected.raw bs=64K seek=$((at / 65536)) count=1 conv=notrunc status=none
expect_same back.raw expected.raw
run restore web01/vda@latest --to back.qcow2 --allow-damage --json
expect_status 3
expect_json
expect_out '"kind": "chunk_damaged"'
expect_out "\"offset\": $at,"
expect_out '"length": 65536,'
qemu-img convert -O raw back.qcow2 from_qcow2.raw
expect_same from_qcow2.raw expected.raw
run restore web01/vda@latest --to - --allow-damage
expect_status 3
expect_same out expected.raw
# A part that is whole is restored as if nothing were damaged.
run restore web01/vda@latest --to part.raw --range "$(((at + 65536) % (1 << 20)))+64K" --allow-damage
expect_status 0
expect_no_err

# A folder and an appliance; an attachment that is damaged is left out and named.
run restore --group web01@latest --to dir/ --allow-damage
expect_status 3
expect_same dir/web01/vda.raw expected.raw
expect_same dir/web01/domain.xml domain.xml
run restore --group web01@latest --to web01.ova --allow-damage
expect_status 3
run convert web01.ova from_ova.raw
expect_status 0
expect_same from_ova.raw expected.raw

# Nothing is left: nothing is written, and the sentence says so.
rm "$data"
run restore web01/vda@latest --to none.raw --allow-damage
expect_status 1
expect_err "nothing is left of it"
[ ! -e none.raw ] || fail "a disk of nothing was written"

# Whole again: exit 0.
cp whole "$data"
run restore web01/vda@latest --to again.raw --allow-damage
expect_status 0
expect_no_err
expect_same again.raw a.raw
