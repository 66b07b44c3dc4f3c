#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
thin=(--pv "$LVM_FIXTURES/thin/p0.raw" --pv "$LVM_FIXTURES/thin/p1.raw")
snap=(--pv "$LVM_FIXTURES/snap/p0.raw" --pv "$LVM_FIXTURES/snap/p1.raw")

# sha_of FIXTURE VOLUME: as the kernel presented it. ranges FIXTURE FROM TO KIND: the total number of bytes.
sha_of() { awk -F'\t' -v lv="$2" '$2 == lv { print $6 }' "$LVM_FIXTURES/$1/MANIFEST.tsv"; }
ranges() {
  awk -F'\t' -v a="$2" -v b="$3" -v k="$4" '$2 == a && $3 == b && index($4, k) == 1 { n += $6 } END { print n + 0 }' \
    "$LVM_FIXTURES/$1/RANGES.tsv"
}
json_number() { grep -o "\"$1\": [0-9]*" out | grep -o '[0-9]*$' | tail -1; }
expect_disk() {
  run restore "$1" --to back.raw --force
  expect_status 0
  [ "$(sha256sum <back.raw)" = "$2  -" ] || fail "$1 was restored with other bytes"
}
expect_source() { grep -q "\"change_source\": \"$1\"" out || fail "the change source should be $1"; }

# Thin: each backup reads what thin_delta reports, and no more.
run backup lvm:vgt/vm1_t0 --disk vgt/vm1 --time 2026-11-01 "${thin[@]}" --json
expect_status 0
expect_source full
run backup lvm:vgt/vm1_t1 --disk vgt/vm1 --time 2026-11-02 "${thin[@]}" --dry-run
expect_out "(thin): only what may have changed is read"
run backup lvm:vgt/vm1_t1 --disk vgt/vm1 --time 2026-11-02 "${thin[@]}" --json
expect_status 0
expect_source thin
expect_no_err
[ "$(json_number bytes_scanned)" -le "$(ranges thin vm1_t0 vm1_t1 thin_delta)" ] || fail "more was read than changed"
[ "$(json_number bytes_audited)" -gt 0 ] || fail "nothing was audited"
run backup lvm:vgt/vm1_t2 --disk vgt/vm1 --time 2026-11-03 "${thin[@]}" --audit 0 --json
expect_source thin
[ "$(json_number bytes_scanned)" -le "$(ranges thin vm1_t1 vm1_t2 thin_delta)" ] || fail "more was read than changed"
[ "$(json_number bytes_audited)" = 0 ] || fail "--audit 0 audits nothing"
run backup lvm:vgt/vm1 --disk vgt/vm1 --time 2026-11-04 "${thin[@]}" --json
expect_source thin
[ "$(json_number bytes_scanned)" -le "$(ranges thin vm1_t2 vm1 thin_delta)" ] || fail "more was read than changed"
for night in 1:vm1_t0 2:vm1_t1 3:vm1_t2 4:vm1; do
  expect_disk "vgt/vm1@2026-11-0${night%%:*}" "$(sha_of thin "${night#*:}")"
done
run verify
expect_status 0

# The same from inside other containers: nothing is stored twice.
qemu-img convert -O qcow2 "$LVM_FIXTURES/thin/p0.raw" p0.qcow2
run backup lvm:vgt/vm1 --disk copy --pv p0.qcow2 --pv "$LVM_FIXTURES/thin/p1.raw" --json
expect_status 0
[ "$(json_number chunks_new)" = 0 ] || fail "chunks of the same disk were stored again"

# A volume that is still written to is not a snapshot: the next backup reports it and compares everything.
run backup lvm:vgt/vm1 --disk vgt/vm1 --time 2026-11-05 "${thin[@]}" --json
expect_status 0
expect_disk vgt/vm1@latest "$(sha_of thin vm1)"

# Classic snapshots: only what is in the store of the kept one.
run backup lvm:vgs/s4k_t0 --disk vgs/orig --time 2026-11-01 "${snap[@]}" --json
run backup lvm:vgs/s64k_t1 --disk vgs/orig --time 2026-11-02 "${snap[@]}" --json
expect_source cow
run backup lvm:vgs/orig --disk vgs/orig --time 2026-11-03 "${snap[@]}" --json
expect_source cow
[ "$(json_number bytes_scanned)" -le "$(ranges snap s64k_t1 orig cow)" ] || fail "more was read than changed"
for night in 1:s4k_t0 2:s64k_t1 3:orig; do
  expect_disk "vgs/orig@2026-11-0${night%%:*}" "$(sha_of snap "${night#*:}")"
done
run backup lvm:vgs/sover "${snap[@]}"
expect_refusal 1 "vgs/sover"

# All snapshots of an origin once, oldest first, then the origin.
run backup lvm:vgt/vm3fs --all-snapshots "${thin[@]}" --json
expect_status 0
expect_json
[ "$(grep -c '"bytes_stored"' out)" = 2 ] || fail "a snapshot and its origin should be taken"
expect_disk vgt/vm3fs@~1 "$(sha_of thin vm3fs_t0)"
expect_disk vgt/vm3fs@latest "$(sha_of thin vm3fs)"
run backup lvm:vgt/vm3fs --all-snapshots "${thin[@]}" --json
[ "$(grep -c '"bytes_stored"' out)" = 1 ] || fail "the snapshot should not be taken again"

# A lost snapshot is reported and does not affect the others.
run backup lvm:vgs/orig --disk all --all-snapshots "${snap[@]}" --json
expect_status 1
expect_json
expect_err "vgs/sover"
[ "$(grep -c '"bytes_stored"' out)" = 6 ] || fail "five snapshots and the origin should be taken"
expect_disk all@latest "$(sha_of snap orig)"

# An empty disk costs nothing.
run backup lvm:vgt/vm2empty "${thin[@]}" --json
[ "$(json_number bytes_scanned)" = 0 ] || fail "a volume without a block was read"

# Mistakes on the command line.
run backup lvm:vgt/vm9 "${thin[@]}"
expect_refusal 1 "volume group 'vgt' has no volume 'vm9'"
run backup lvm:vgt/vm1 "${snap[@]}"
expect_refusal 1 "found: 'vgs'"
run backup "$LVM_FIXTURES/thin/p0.raw"
expect_refusal 1 "name a volume on it"
run backup disk.raw --pv p0.qcow2
expect_refusal 1 "--pv needs a logical volume"
run backup lvm:vgt/vm1 --audit some "${thin[@]}"
expect_refusal 2 "--audit: 'some' is not a number"
for name in lvm: lvm:vgt lvm:vgt/ "lvm:vgt/v m"; do
  run backup "$name" "${thin[@]}"
  expect_refusal 2 "expected lvm:VG/LV"
done
