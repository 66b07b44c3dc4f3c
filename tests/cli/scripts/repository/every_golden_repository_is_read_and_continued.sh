#!/usr/bin/env bash
# tests/golden/repository holds a repository of each released format version, and a text file that lists its contents.
. "$(dirname "$0")/../lib.sh"

# take_golden VERSION: repo is a copy; Git does not keep the modes.
take_golden() {
  rm -rf repo cache
  cp -r "$GOLDEN/repository/$1" repo
  chmod -R u=rwX,go= repo
  grep -v '^#' "$GOLDEN/repository/$1.txt" >contents
  export VARVE_REPO="$work/repo"
}
all_bytes() { find repo -type f -print0 | sort -z | xargs -0 sha256sum; }

# expect_contents [ID]: what contents lists is there, byte for byte, but for the snapshot ID.
expect_contents() {
  local digest size id what name tags
  while read -r digest size id what name tags; do
    [ "$id" != "${1:-}" ] || continue
    if [ "$what" = attachment ]; then
      run show "$id" --attachment "$name" -q
      mv out restored
    else
      expect_shown "$id" "$what" "$tags"
      run restore "$id" --to restored --format raw --force
    fi
    expect_status 0
    [ "$(stat -c %s restored)" = "$size" ] || fail "$what $name of $id has another size"
    [[ $(sha256sum restored) == "$digest "* ]] || fail "$what $name of $id has other bytes"
  done <contents
}
# expect_shown ID DISK TAGS
expect_shown() {
  local tag
  run show "$1"
  expect_status 0
  expect_out "$2"
  [ "$3" != - ] || return 0
  for tag in ${3//,/ }; do expect_out "$tag"; done
}
expect_sound() {
  run check
  expect_status 0
  run verify
  expect_status 0
}

versions=0
for golden in "$GOLDEN"/repository/*/; do
  version=$(basename "$golden")
  versions=$((versions + 1))
  take_golden "$version"

  all_bytes >before
  run list --json
  expect_status 0
  [ "$(grep -c '"snapshot":' out)" = "$(grep -vc attachment contents)" ] || fail "$version lists other snapshots"
  expect_sound
  expect_contents
  all_bytes >after
  expect_same before after # reading changes nothing

  # A night more, one less, and nothing that must stay is lost.
  read -r _ _ id disk _ < <(grep -v attachment contents | tail -1)
  run restore "$id" --to disk.raw --format raw --force
  overwrite disk.raw 70000 "a night more"
  run backup "$disk=disk.raw" --format raw
  expect_status 0
  run forget "$id"
  expect_status 0
  run prune
  expect_status 0
  expect_sound
  expect_contents "$id"
  run restore "$disk@latest" --to latest.raw --force
  expect_status 0
  expect_same disk.raw latest.raw
done
[ "$versions" -ge 1 ] || fail "expected a golden repository, found none"
