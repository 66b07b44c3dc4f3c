#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
run backup a.raw --disk a
run list
cp out list

# every_command SENTENCE: everything works, and the warning contains the sentence.
round=0
every_command() {
  round=$((round + 1))
  overwrite a.raw 100 "round $round"
  run backup a.raw --disk a --json
  expect_status 0
  expect_err "$1"
  [ "$(grep -c '"snapshot"' out)" = 1 ] || fail "one snapshot was expected"
  run list a --json
  expect_status 0
  expect_err "$1"
  [ "$(grep -c '"snapshot"' out)" = $((round + 1)) ] || fail "not every snapshot is listed"
  run verify
  expect_status 0
  run tag a@latest --add "round=$round"
  expect_status 0
  rm -f restored.raw
  run restore a@latest --to restored.raw
  expect_status 0
  expect_same a.raw restored.raw
  "$VARVE" restore a@~1 --to - -q 2>err | cmp -s - a.raw && fail "another snapshot was expected"
  run show a@latest
  expect_status 0
  expect_out "round=$round"
  run rebuild
  expect_status 1
  expect_err "$1"
}

chmod 0777 cache
every_command "is writable for other users (mode 0777)"
chmod 0775 cache
every_command "is writable for other users (mode 0775)"
chmod 0700 cache
chmod 0720 cache/*
every_command "is writable for other users (mode 0720)"
chmod 0700 cache/*
if [ "$(id -u)" = 0 ]; then
  chown 1234 cache
  every_command "belongs to user 1234"
  chown 0 cache
fi
mv cache elsewhere
echo "a file" >cache
every_command "cache"
rm cache
ln -s /proc/version/nothing cache
every_command "cache"
rm cache
mv elsewhere cache
run list a
expect_status 0
expect_no_err
[ "$(wc -l <out)" -ge 6 ] || fail "not every snapshot is listed"
(
  unset VARVE_CACHE_DIR HOME XDG_CACHE_HOME
  [ "$(id -u)" = 0 ] && exit 0
  run list a
  expect_status 0
  expect_err "pass --cache-dir"
)
