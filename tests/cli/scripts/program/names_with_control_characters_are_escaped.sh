#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
evil=$'ev\e]0;il\nname.raw'
make_image "$evil" 2
run backup "$evil"
expect_refusal 2 '\x1b]0;il\n'
run backup "$evil" --disk fine --tag $'k=\e[2J\n'
expect_status 0
for verb in list "show fine@latest"; do
  # shellcheck disable=SC2086
  run $verb
  [[ $(<out) != *$'\e'* ]] || fail "an escape character came through"
done
run list
expect_out 'k=\x1b[2J\n'
[ "$(wc -l <out)" = 2 ] || fail "a newline came through"
run list --json
expect_json
run show fine@latest
expect_out 'ev\x1b]0;il\nname.raw'
run info $'no\ething'
expect_status 1
[[ $(<err) != *$'\e'* ]] || fail "an escape character came through"
bad=$'bad\xff.raw'
make_image "$bad" 2
run backup "$bad" --disk bad --json
expect_status 0
run show bad@latest --json
expect_json
iconv -f UTF-8 -t UTF-8 out >/dev/null || fail "JSON is not UTF-8"
