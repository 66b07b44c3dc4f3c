#!/usr/bin/env bash
. "$(dirname "$0")/lib.sh"

make_repository
make_image disk.raw 70
run backup disk.raw --disk d
expect_status 0

kind_of() { qemu-img info -f vmdk "$1" | sed -nE 's/^ *create type: //p'; }
uuid=uuid=6000c29b-5c3a-1f4e-8d7c-0123456789ab

# Into a file, of both kinds, from a snapshot and from an image.
for kind in monolithicSparse streamOptimized; do
  run restore d@latest --to "$kind.vmdk" -o "subformat=$kind,$uuid"
  expect_status 0
  run convert disk.raw "converted-$kind.vmdk" -o "subformat=$kind"
  expect_status 0
  for image in "$kind.vmdk" "converted-$kind.vmdk"; do
    [ "$(kind_of "$image")" = "$kind" ] || fail "$image is $(kind_of "$image")"
    qemu-img compare -q -f raw -F vmdk disk.raw "$image" || fail "$image has other bytes"
    qemu-img check -q -f vmdk "$image" || fail "qemu-img check finds fault with $image"
  done
  mkdir -p again
  run restore d@latest --to "again/$kind.vmdk" -o "subformat=$kind,$uuid"
  expect_same "$kind.vmdk" "again/$kind.vmdk"
done
run convert disk.raw plain.vmdk
expect_status 0
[ "$(kind_of plain.vmdk)" = monolithicSparse ] || fail "without a subformat it is $(kind_of plain.vmdk)"

# Down a pipe: the bytes of the file.
"$VARVE" restore d@latest --to - --format vmdk -o "subformat=streamOptimized,$uuid" 2>err | cat >piped.vmdk
expect_same piped.vmdk streamOptimized.vmdk
"$VARVE" convert disk.raw - -O vmdk -o "subformat=streamOptimized,$uuid" 2>err | cat >piped.vmdk
expect_same piped.vmdk streamOptimized.vmdk
"$VARVE" convert - - -O vmdk -o "subformat=streamOptimized,$uuid" <disk.raw 2>err | cat >piped.vmdk
expect_same piped.vmdk streamOptimized.vmdk

# What was thin stays thin.
truncate -s 10G thin.raw
overwrite thin.raw 5000000000 "here"
for kind in monolithicSparse streamOptimized; do
  run convert thin.raw "thin-$kind.vmdk" -o "subformat=$kind"
  expect_status 0
  [ "$(du -k "thin-$kind.vmdk" | cut -f1)" -lt 1024 ] || fail "$kind takes $(du -k "thin-$kind.vmdk")"
  qemu-img compare -q -f raw -F vmdk thin.raw "thin-$kind.vmdk" || fail "thin-$kind.vmdk has other bytes"
done

# Mistakes.
run convert disk.raw x.vmdk -o subformat=sparse
expect_refusal 2 "monolithicSparse or streamOptimized"
run convert disk.raw x.vmdk -o subformat=monolithicFlat
expect_refusal 2 "not written yet"
run restore d@latest --to - --format vmdk
expect_refusal 2 "subformat=streamOptimized"
run restore d@latest --to - --format vmdk -o subformat=monolithicSparse
expect_refusal 2 "subformat=streamOptimized"
run convert disk.raw x.vmdk -o subformat=streamOptimized,zeroed_grain=on
expect_refusal 2 "don't go together"
truncate -s 1000 odd.raw
run convert odd.raw x.vmdk
expect_refusal 1 "whole sectors"
[ ! -e x.vmdk ] || fail "something was left"
run convert disk.raw plain.vmdk -o subformat=streamOptimized
expect_refusal 1 "plain.vmdk"
