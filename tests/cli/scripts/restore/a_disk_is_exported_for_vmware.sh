#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image disk.raw 70
run backup disk.raw --disk d
expect_status 0

kind_of() { qemu-img info -f vmdk "$1" | sed -nE 's/^ *create type: //p'; }
uuid=uuid=6000c29b-5c3a-1f4e-8d7c-0123456789ab

# Into one file, in both subformats, from a snapshot and from an image.
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

# Into several files.
data_file_of() {
  case $1 in
    twoGbMaxExtentSparse) echo s001 ;;
    twoGbMaxExtentFlat) echo f001 ;;
    *) echo flat ;;
  esac
}
for kind in monolithicFlat twoGbMaxExtentSparse twoGbMaxExtentFlat vmfs; do
  data=$(data_file_of "$kind")
  mkdir "$kind" "$kind/again"
  run restore d@latest --to "$kind/x.vmdk" -o "subformat=$kind,$uuid"
  expect_status 0
  [ "$(ls "$kind")" = "again
x-$data.vmdk
x.vmdk" ] || fail "$kind made $(ls "$kind")"
  [ "$(kind_of "$kind/x.vmdk")" = "$kind" ] || fail "$kind is $(kind_of "$kind/x.vmdk")"
  qemu-img compare -q -f raw -F vmdk disk.raw "$kind/x.vmdk" || fail "$kind has other bytes"
  run restore d@latest --to "$kind/again/x.vmdk" -o "subformat=$kind,$uuid"
  expect_same "$kind/x.vmdk" "$kind/again/x.vmdk"
  expect_same "$kind/x-$data.vmdk" "$kind/again/x-$data.vmdk"
  # It is restored as it was: to a file, into a folder, and as raw to standard output.
  run backup "$kind/x.vmdk" --disk "as-$kind"
  expect_status 0
  run restore "as-$kind@latest" --to "$kind/back.vmdk"
  expect_status 0
  [ "$(kind_of "$kind/back.vmdk")" = "$kind" ] || fail "$kind came back as $(kind_of "$kind/back.vmdk")"
  run restore "as-$kind@latest" d@latest --to "$kind/folder/"
  expect_status 0
  [ "$(kind_of "$kind/folder/as-$kind.vmdk")" = "$kind" ] || fail "$kind has another subformat in a folder"
  [ -e "$kind/folder/as-$kind-$data.vmdk" ] || fail "the data of $kind is not in the folder"
  "$VARVE" restore "as-$kind@latest" --to - 2>err | cat >piped.raw
  expect_same piped.raw disk.raw
  # Its data files are never overwritten; the descriptor is, with --force.
  run convert disk.raw "$kind/x.vmdk" -o "subformat=$kind" --force
  expect_refusal 1 "'$kind/x-$data.vmdk' exists"
  rm "$kind/x-$data.vmdk"
  run convert disk.raw "$kind/x.vmdk" -o "subformat=$kind" --force
  expect_status 0
  qemu-img compare -q -f raw -F vmdk disk.raw "$kind/x.vmdk" || fail "$kind, forced, has other bytes"
done

# Through a pipe: the same bytes as in the file, but for the place of the grain directory in the header.
[ "$(od -An -tx8 -j56 -N8 streamOptimized.vmdk)" = " ffffffffffffffff" ] && fail "the header has no directory"
printf '\377\377\377\377\377\377\377\377' | dd of=streamOptimized.vmdk bs=1 seek=56 conv=notrunc status=none
"$VARVE" restore d@latest --to - --format vmdk -o "subformat=streamOptimized,$uuid" 2>err | cat >piped.vmdk
expect_same piped.vmdk streamOptimized.vmdk
"$VARVE" convert disk.raw - -O vmdk -o "subformat=streamOptimized,$uuid" 2>err | cat >piped.vmdk
expect_same piped.vmdk streamOptimized.vmdk
"$VARVE" convert - - -O vmdk -o "subformat=streamOptimized,$uuid" <disk.raw 2>err | cat >piped.vmdk
expect_same piped.vmdk streamOptimized.vmdk

# A thin disk stays thin.
truncate -s 10G thin.raw
overwrite thin.raw 5000000000 "here"
for kind in monolithicSparse streamOptimized monolithicFlat twoGbMaxExtentSparse twoGbMaxExtentFlat vmfs; do
  run convert thin.raw "thin-$kind.vmdk" -o "subformat=$kind"
  expect_status 0
  [ "$(du -kc "thin-$kind"*.vmdk | tail -n 1 | cut -f1)" -lt 1024 ] || fail "$kind takes $(du -k "thin-$kind"*)"
  qemu-img compare -q -f raw -F vmdk thin.raw "thin-$kind.vmdk" || fail "thin-$kind.vmdk has other bytes"
done

# Wrong usage.
run convert disk.raw x.vmdk -o subformat=sparse
expect_refusal 2 "monolithicSparse, monolithicFlat, twoGbMaxExtentSparse, twoGbMaxExtentFlat, streamOptimized or vmfs"
run restore d@latest --to - --format vmdk -o subformat=monolithicFlat
expect_refusal 2 "subformat=streamOptimized"
run restore d@latest --to - --format vmdk
expect_refusal 2 "subformat=streamOptimized"
run restore d@latest --to - --format vmdk -o subformat=monolithicSparse
expect_refusal 2 "subformat=streamOptimized"
run convert disk.raw x.vmdk -o subformat=streamOptimized,zeroed_grain=on
expect_refusal 2 "conflicts with"
truncate -s 1000 odd.raw
run convert odd.raw x.vmdk
expect_refusal 1 "whole sectors"
[ ! -e x.vmdk ] || fail "something was left"
run convert disk.raw plain.vmdk -o subformat=streamOptimized
expect_refusal 1 "plain.vmdk"
