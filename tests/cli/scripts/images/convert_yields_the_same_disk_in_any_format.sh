#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# same A B: qemu-img and varve both find the two equal, including their sizes.
same() {
  qemu-img compare -s -f "$(qemu_format "$1")" -F "$(qemu_format "$2")" "$1" "$2" >qemu 2>&1 || grep -q "block status" qemu ||
    fail "$1 and $2: $(<qemu)"
  run compare "$1" "$2"
  expect_status 0
}
qemu_format() { if [[ $1 == *.qcow2 ]]; then echo qcow2; else echo raw; fi; }

make_image base.raw 6
truncate -s 6292992 base.raw
qemu-img convert -f raw -O qcow2 -o cluster_size=4k base.raw base.qcow2
qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 -o cluster_size=128k top.qcow2 8M
qemu-io -f qcow2 -c "write -q -z 2M 64k" -c "write -q -P 5 7M 70000" top.qcow2

run convert base.raw new.qcow2
expect_status 0
expect_no_err
expect_out "converted base.raw (raw) to new.qcow2 as qcow2"
qemu-img check -q new.qcow2
qemu-img convert -f qcow2 -O raw new.qcow2 qemu.raw
expect_same base.raw qemu.raw
run convert top.qcow2 flat.raw
expect_status 0
same top.qcow2 flat.raw
[ "$(du -k flat.raw | cut -f1)" -lt 4096 ] || fail "the holes were filled"
# A size that is not a multiple of the sector size.
head -c 1234567 base.raw >bytes.raw
run convert bytes.raw bytes.qcow2
run convert bytes.qcow2 back.raw
expect_same bytes.raw back.raw
# The format: -O, else by extension, else the source's.
run convert -O raw top.qcow2 odd.qcow2
expect_out "as raw"
expect_same odd.qcow2 flat.raw
run convert top.qcow2 copy.disk
expect_refusal 2 "pass -O F"
run convert top.qcow2 copy
expect_out "as qcow2"
qemu-img info -f qcow2 copy | grep -q "cluster_size: 131072" || fail "the options did not carry over"
qemu-img info -f qcow2 copy | grep -q "backing file" && fail "expected a self-contained image"
qemu-img compare -q -f qcow2 -F qcow2 top.qcow2 copy || fail "qemu-img finds a difference"
run convert top.qcow2 small.qcow2 -o cluster_size=64k
qemu-img info small.qcow2 | grep -q "cluster_size: 65536" || fail "-o was ignored"
same top.qcow2 small.qcow2
run convert -f raw base.qcow2 asis.raw
expect_same asis.raw base.qcow2
# Zeros and unwritten ranges stay distinct.
run map copy --json
cp out copied
grep -q '"kind": "zero"' copied || fail "zeros were lost: $(<copied)"
grep -q '"kind": "unallocated"' copied || fail "nothing became something: $(<copied)"
# Pipes.
status=0
"$VARVE" convert -q - piped.qcow2 <base.raw 2>err || status=$?
expect_status 0
same piped.qcow2 new.qcow2
"$VARVE" convert top.qcow2 - >through 2>err || fail "to standard output"
expect_same through flat.raw
expect_err "converted top.qcow2 (qcow2) to standard output as raw"
"$VARVE" convert -q top.qcow2 - 2>err | "$VARVE" convert -q - again.raw || fail "through a pipe"
expect_same again.raw flat.raw
# An internal snapshot.
cp base.qcow2 old.qcow2
qemu-img snapshot -c before old.qcow2
qemu-io -f qcow2 -c "write -q -P 7 0 1M" old.qcow2
run convert --snapshot before old.qcow2 before.raw
run compare before.raw base.qcow2
expect_status 0
run convert top.qcow2 json.qcow2 --json
expect_status 0
expect_no_err
sed -i -E 's/("bytes_written": )[0-9]+/\10/' out
expect_golden convert.json
# Usage.
run convert base.raw
expect_refusal 2 "2 names are expected"
run convert base.raw x.qcow2 -O vmdkk
[ "$status" != 0 ] || fail "an unknown format was accepted"
run convert base.raw - -O qcow2
expect_refusal 2 "standard output takes raw only"
run convert base.raw - --json
expect_json_refusal 2 usage "both need standard output"
run convert - x.raw --snapshot s
expect_refusal 2 "omit --snapshot"
run convert base.raw x.qcow2 -o nonsense=1
expect_refusal 2 "nonsense"
[ ! -e x.qcow2 ] || fail "something was written"
