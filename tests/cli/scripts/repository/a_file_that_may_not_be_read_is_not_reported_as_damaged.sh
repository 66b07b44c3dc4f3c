#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# Permissions do not hold root up: as root, the program runs as another user.
as_user=()
if [ "$(id -u)" = 0 ]; then
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chown 65534 "$work"
  "${as_user[@]}" "$VARVE" --version >/dev/null 2>&1 || exit 77 # the program's folder is root's alone
fi
run() {
  status=0
  "${as_user[@]}" "$VARVE" "$@" >out 2>err </dev/null || status=$?
}

make_repository
head -c 1M /dev/urandom >a.raw
run backup a.raw
expect_status 0
pack=$(find repo/packs -type f -size +500k)
entry=$(find repo/log -type f)

# refused FILE COMMAND...: fails, names the file and the reason, and finds no damage.
refused() {
  local file=$1
  shift
  chmod 000 "$file"
  run "$@"
  chmod 600 "$file"
  expect_refusal 1 "cannot open '$work/$file': Permission denied"
  [ -z "$(find cache -name damage)" ] || fail "damage was remembered"
}
for file in "$pack" repo/config; do
  refused "$file" verify
  refused "$file" restore a@latest --to b.raw
  [ ! -e b.raw ] || fail "something was restored"
  refused "$file" backup a.raw
done
refused "$entry" verify
rm -rf cache
refused "$entry" list
run verify
expect_status 0
expect_out "1 of 1 night can be restored"
[ "$(find repo/log -type f | wc -l)" = 1 ] || fail "something was committed"
