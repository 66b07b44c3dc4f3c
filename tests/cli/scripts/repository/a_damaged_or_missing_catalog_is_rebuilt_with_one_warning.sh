#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 4
run backup a.raw
run list
expect_no_err
cp out list
rm -rf cache
run list
expect_status 0
expect_same out list
[ "$(wc -l <err)" = 1 ] || fail "one line was expected"
run list
expect_no_err
# Every file of the catalog, truncated in the middle or overwritten.
while IFS= read -r file; do
  [ -s "$file" ] || continue
  size=$(stat -c %s "$file")
  for damage in cut garbage; do
    if [ "$damage" = cut ]; then
      truncate -s $((size / 2)) "$file"
    else
      head -c "$size" /dev/urandom >"$file"
    fi
    run list
    expect_status 0
    expect_same out list
    [ "$(wc -l <err)" -le 1 ] || fail "at most one line was expected ($damage $file)"
    run backup a.raw --time 2020-01-01T00:00Z
    expect_status 0
    run list
    cp out list
  done
done < <(find cache -type f -name '*.db' -o -type f -name '*.sqlite*')
run rebuild
expect_status 0
expect_out "rebuilt the catalog"
run list
expect_same out list
