#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# File systems of a few MiB, as good as full: one that allocates whole pages, one with blocks smaller than a page.
[ "$(id -u)" = 0 ] || exit 77
mkdir mount
mounted=
unmount() { [ -z "$mounted" ] || umount "$work/mount" || umount -l "$work/mount"; mounted=; }
trap 'unmount; clean_up' EXIT
export VARVE_CACHE_DIR="$work/mount/cache"
make_image a.raw 4

# fill_but BLOCKS: leaves so many blocks of 4 KiB.
fill_but() {
  local available
  rm -f mount/fill
  available=$(df --output=avail -B4096 mount | tail -1)
  [ "$available" -le "$1" ] || dd if=/dev/zero of=mount/fill bs=4k count=$((available - $1)) status=none 2>/dev/null || true
}

tried=0
try_all() {
  local left
  for left in 0 2 8 16 20 30 40 44 46 50 60 90; do
    rm -rf repo mount/cache mount/fill
    run init repo
    export VARVE_REPO="$work/repo"
    run backup a.raw --disk a
    expect_status 0
    overwrite a.raw 100 "left $left"
    fill_but "$left"
    run backup a.raw --disk a
    expect_status 0
    rm -f restored.raw
    run restore a@latest --to restored.raw
    expect_status 0
    expect_same a.raw restored.raw
    run list a --json
    expect_status 0
    [ "$(grep -c '"snapshot"' out)" = 2 ] || fail "two snapshots were expected with $left blocks"
    tried=$((tried + 1))
  done
}

if mount -t tmpfs -o size=2m,mode=0700 tmpfs mount 2>/dev/null; then
  mounted=yes
  try_all
  unmount
fi
truncate -s 24M image
if command -v mkfs.ext4 >/dev/null && mkfs.ext4 -q -b 1024 -m 0 image && mount -o loop image mount 2>/dev/null; then
  mounted=yes
  chmod 0700 mount
  try_all
  unmount
fi
[ "$tried" -gt 0 ] || exit 77
