#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# The other user has a folder and a cache of its own, and the right to read the repository.
[ "$(id -u)" = 0 ] || exit 77
as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
"${as_user[@]}" "$VARVE" --version >/dev/null 2>&1 || exit 77 # the program's folder is root's alone
make_repository
make_image a.raw 8
run backup a.raw
expect_status 0
cp a.raw first.raw
overwrite a.raw 70000 "the second night"
run backup a.raw
expect_status 0
chmod -R a+rX repo .
files() { (cd repo && find . -printf '%p %m %u\n' && find . -type f -exec sha256sum {} +) | sort; }
files >files.before
mkdir theirs
chown 65534 theirs

run_as_user() {
  status=0
  "${as_user[@]}" env VARVE_CACHE_DIR="$work/theirs/cache" "$VARVE" "$@" >out 2>err </dev/null || status=$?
}
for command in list "show a@latest" "diff a@~1 a@latest" check verify stats "forget --keep-last 1 --dry-run" rebuild; do
  # shellcheck disable=SC2086
  run_as_user $command
  expect_status 0
done
run_as_user restore a@~1 --to theirs/back.raw
expect_status 0
expect_same theirs/back.raw first.raw
for command in "backup a.raw" "forget --keep-last 1" "tag a@latest --add kind=full"; do
  # shellcheck disable=SC2086
  run_as_user $command
  expect_status 1
  [ "$(grep -vc '^varve: warning: ' err)" = 1 ] || fail "$command: one sentence was expected"
  expect_err "Permission denied"
done
files | cmp - files.before || fail "the repository changed"
[ -z "$(find theirs -name '*.tmp')" ] || fail "a temporary file was left"

run backup a.raw
expect_status 0
run check
expect_status 0
run verify
expect_status 0
