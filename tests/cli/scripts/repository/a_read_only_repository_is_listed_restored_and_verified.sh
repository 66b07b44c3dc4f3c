#!/usr/bin/env bash
# In its own mount namespace: the repository is on a file system that is mounted for reading only.
needs_mount_namespace=yes
. "$(dirname "$0")/../lib.sh"
mkdir disk
mount -t tmpfs -o size=64m disk disk
trap 'cd /; umount "$work/disk"; clean_up' EXIT
run init disk/repo
export VARVE_REPO="$work/disk/repo"
make_image a.raw 8
run backup a.raw
expect_status 0
cp a.raw first.raw
overwrite a.raw 70000 "the second night"
run backup a.raw
expect_status 0
run init other
mount -o remount,ro disk
files() { (cd disk/repo && find . -type f -exec sha256sum {} + | sort); }
files >files.before

# With the cache of the host that wrote it, and with a new one.
for cache in "$work/cache" "$work/new cache"; do
  export VARVE_CACHE_DIR="$cache"
  run list
  expect_status 0
  [ "$(wc -l <out)" = 3 ] || fail "two snapshots were expected"
  for command in "show a@latest" "diff a@~1 a@latest" check verify stats rebuild "forget --keep-last 1 --dry-run" "prune --dry-run" \
    "copy --to other"; do
    # shellcheck disable=SC2086
    run $command
    expect_status 0
  done
  run restore a@~1 --to back.raw --force
  expect_status 0
  expect_same back.raw first.raw
  for command in "backup a.raw" "forget --keep-last 1" "forget --keep-last 1 --prune" "tag a@latest --add kind=full"; do
    # shellcheck disable=SC2086
    run $command
    expect_status 1
    [ "$(grep -vc '^varve: warning: ' err)" = 1 ] || fail "$command: one sentence was expected"
    expect_err "Read-only file system; this command writes there"
  done
done
files | cmp - files.before || fail "the repository changed"
[ -z "$(find disk/repo -name '*.tmp')" ] || fail "a temporary file was left"

mount -o remount,rw disk
run backup a.raw
expect_status 0
run check
expect_status 0
run verify
expect_status 0
