#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

export VARVE_REPO=$work/repo
"$VARVE" init "$VARVE_REPO" >/dev/null

# An image that was cut off: some clusters at its end are missing.
qemu-img create -q -f qcow2 cut.qcow2 64M
qemu-io -f qcow2 -c "write -q -P 5 0 1M" -c "write -q -P 6 20M 1M" cut.qcow2
truncate -s -65536 cut.qcow2
truncate -s 64M expected.raw
head -c 1M /dev/zero | tr '\0' '\5' | dd of=expected.raw conv=notrunc status=none
head -c 983040 /dev/zero | tr '\0' '\6' | dd of=expected.raw bs=1M seek=20 conv=notrunc status=none

run convert cut.qcow2 a.raw
expect_status 1
[ ! -e a.raw ] || fail "a.raw was written"
run convert cut.qcow2 a.raw --read-errors zero
expect_status 3
expect_err "1 place (64.0 KiB) could not be read and is zeros in the copy"
expect_out "64.0 KiB at offset 21954560"
head -c 21954560 expected.raw >expected.head
head -c 21954560 a.raw >a.head
expect_same expected.head a.head
[ "$(stat -c %s a.raw)" = 67108864 ] || fail "a.raw has another size"

run convert cut.qcow2 b.raw --read-errors zero --json
expect_status 3
expect_json
expect_out '"offset": 21954560'
sed -i -E 's/("bytes_written": )[0-9]+/\10/' out
expect_golden convert_unreadable.json

run backup cut.qcow2 --disk cut --quiet
expect_status 1
run backup cut.qcow2 --disk cut --read-errors zero
expect_status 3
run restore cut@latest --to c.raw --quiet
expect_status 0
expect_same a.raw c.raw

# A damaged table: all that it maps is lost, the rest is there.
qemu-img create -q -f qcow2 -o cluster_size=4k table.qcow2 8M
qemu-io -f qcow2 -c "write -q -P 7 0 64k" -c "write -q -P 8 4M 64k" table.qcow2
l1=$(od -An -tu8 --endian=big -j40 -N8 table.qcow2)
printf '\377' | dd of=table.qcow2 bs=1 seek=$((l1 + 2 * 8 + 1)) conv=notrunc status=none
run convert table.qcow2 d.raw --read-errors zero
expect_status 3
expect_out "2.0 MiB at offset 4194304"
truncate -s 8M expected2.raw
head -c 64K /dev/zero | tr '\0' '\7' | dd of=expected2.raw conv=notrunc status=none
expect_same expected2.raw d.raw

# A damaged compressed cluster.
head -c 192K /dev/urandom | base64 -w0 >text.raw # 256 KiB
qemu-img convert -c -O qcow2 text.raw packed.qcow2
entry_at() { od -An -tu8 --endian=big -j"$1" -N8 packed.qcow2 | tr -d ' '; }
l2=$(($(entry_at "$(entry_at 40)") & 0xfffffffffffe00))
cluster=$(($(entry_at $((l2 + 8))) & 0x3fffffffffffff)) # the second one
head -c 2000 /dev/zero | tr '\0' '\377' | dd of=packed.qcow2 bs=1 seek="$cluster" conv=notrunc status=none
run convert packed.qcow2 e.raw
expect_status 1
run convert packed.qcow2 e.raw --read-errors zero
expect_status 3
expect_err "zeros in the copy"
