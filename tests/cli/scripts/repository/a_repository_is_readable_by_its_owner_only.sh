#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

umask 000
make_repository
make_image a.raw 4
run backup a.raw
expect_status 0
while IFS= read -r line; do
  case $line in
    "directory 700 "* | "regular file 600 "*) ;;
    *) fail "too open: $line" ;;
  esac
done < <(find repo -exec stat -c '%F %a %n' {} +)
