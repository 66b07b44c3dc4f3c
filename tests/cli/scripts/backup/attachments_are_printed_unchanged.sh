#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
run backup a.raw --disk a
"$GROUP_BY_HAND" repo g 2026-11-18T02:00Z a -- domain.xml $'<domain>\n\t\\x\n</domain>' "odd"$'\n' $'\e[2Jx' >ids
id=$(<ids)
run show "$id"
expect_out "domain.xml"
run show "$id" --attachment domain.xml
expect_status 0
expect_no_err
printf '<domain>\n\t\\x\n</domain>' | cmp - out || fail "the bytes differ"
run show "$id" --attachment $'odd\n' -q
printf '\e[2Jx' | cmp - out || fail "the bytes differ"
run show "$id" --attachment nvram
expect_refusal 1 "has no attachment 'nvram'; it has 'domain.xml', 'odd\\n'"
run show a@~1 --attachment domain.xml # the snapshot that was committed first
expect_refusal 1 "it has none"
run show "$id" --attachment domain.xml --json
expect_json_refusal 2 usage "omit --json or --attachment"
# On a terminal, text is shown; bytes that would garble it are not.
on_terminal() { script -qefc "$(printf '%q ' "$VARVE" show "$id" --attachment "$1")" /dev/null >out 2>&1 </dev/null; }
if command -v script >/dev/null; then
  on_terminal domain.xml || fail "text was not shown"
  expect_out "<domain>"
  on_terminal $'odd\n' && fail "control characters were sent to a terminal"
  [[ $(<out) != *$'\e[2J'* ]] || fail "control characters were sent to a terminal"
fi
