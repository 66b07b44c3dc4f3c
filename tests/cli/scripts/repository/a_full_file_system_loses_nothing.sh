#!/usr/bin/env bash
# In its own mount namespace, with a file system of 16 MiB: each command runs with less and less space.
needs_mount_namespace=yes
. "$(dirname "$0")/../lib.sh"
mkdir small fast
mount -t tmpfs -o size=16m small small
mount -t tmpfs -o size=256m fast fast
trap 'cd /; umount "$work/small" "$work/fast"; clean_up' EXIT
export VARVE_CACHE_DIR="$work/fast/cache"

# Two disks of which half is forgotten, a copy that is behind, and new content of a disk.
run init fast/repo
expect_status 0
export VARVE_REPO="$work/fast/repo"
for seed in 1 2 3 4; do
  make_image a.raw 8 "$seed"
  run backup a.raw
  expect_status 0
done
make_image b.raw 4 9
run backup b.raw
run init fast/second
run copy b@latest --to fast/second
expect_status 0
run forget --disk a --keep-last 2
expect_status 0
run list --json
cp out listed
head -c 2M /dev/urandom >next.raw
export VARVE_REPO="$work/small/repo"

# leave KIB: fills the file system up to so many KiB.
leave() {
  local available
  available=$(df --output=avail -B1024 small | tail -1)
  [ "$available" -le "$1" ] || dd if=/dev/zero of=small/fill bs=1k count=$((available - $1)) status=none 2>/dev/null || true
}

# try KIB COMMAND...: the command with that little space, then with enough.
failed=0
try() {
  local left=$1
  shift
  find small -mindepth 1 -delete
  rm -rf "$VARVE_CACHE_DIR"
  cp -a fast/repo small/repo
  cp -a fast/second small/second
  run list
  leave "$left"
  run "$@"
  if [ "$status" != 0 ]; then
    failed=$((failed + 1))
    expect_status 1
    [ "$1" = copy ] || [ "$(grep -vc '^varve: warning: ' err)" = 1 ] || fail "$* with $left KiB left: one sentence was expected"
    [[ $(tail -1 err) == *small/*"No space left on device; make space"* ]] || fail "$* with $left KiB left: why?"
  fi
  local first=$status
  find small -name '*.tmp' | grep . && fail "$* with $left KiB left: a temporary file was left"
  [ -z "$(find small/repo/leases -type f 2>/dev/null)" ] || fail "$* with $left KiB left: a lease was left"
  # Readable while it is full, and nothing is lost.
  local what="$*"
  run list --json
  expect_status 0
  grep -o '"snapshot": "[0-9a-f]*"' listed | while read -r id; do
    grep -qF "$id" out || fail "$what with $left KiB left: $id is lost"
  done
  rm small/fill
  if [ "$first" != 0 ]; then
    # shellcheck disable=SC2086
    run $what
    expect_status 0
  fi
  run check
  expect_status 0
  run verify -q
  expect_status 0
  run backup next.raw --disk next
  expect_status 0
}

for left in 0 12 300; do
  try "$left" backup next.raw --disk other
  try "$left" prune
  try "$left" copy --to small/second
  try "$left" restore a@latest --to small/back.raw --no-space-check
done
try 0 tag a@latest --add kind=full
try 0 forget --disk a --keep-last 1 --prune
try 0 repair --from fast/second
try 0 init small/third
[ "$failed" -gt 9 ] || fail "only $failed commands met a full file system"

# The cache is on the full file system: no command but rebuild needs it.
export VARVE_CACHE_DIR="$work/small/cache"
for left in 0 40; do
  for command in rebuild check prune; do
    rm -rf fast/work "${VARVE_CACHE_DIR:?}" small/fill
    cp -a fast/repo fast/work
    export VARVE_REPO="$work/fast/work"
    run list
    leave "$left"
    run "$command"
    if [ "$command" = rebuild ] && [ "$status" != 0 ]; then
      expect_refusal 1 "No space left on device; make space"
    else
      expect_status 0
    fi
    rm small/fill
    run rebuild
    expect_status 0
    run verify -q
    expect_status 0
  done
done
