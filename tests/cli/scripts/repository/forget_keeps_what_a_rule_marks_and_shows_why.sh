#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
for day in 01 08 15 16 17 18 19 20; do
  run backup a.raw --disk web01/vda --time "2026-11-${day}T02:30Z" --tag "day=$day"
done
run backup a.raw --disk db/vda --time 2026-11-20T02:30Z
# A dry run shows what stays and why, and writes nothing.
entries=$(find repo/log -type f | wc -l)
run forget --keep-daily 2 --keep-weekly 3 --keep-tag day=16 -n
expect_status 0
expect_no_err
sed -E 's/^[0-9a-f]{8} /ID /; s/ +/ /g' out >table
diff -u - table <<'END' || fail "the table differs"
SNAPSHOT DISK TIME ACTION KEPT BY
ID db/vda 2026-11-20 02:30:00 keep daily, weekly, newest
ID web01/vda 2026-11-01 02:30:00 forget
ID web01/vda 2026-11-08 02:30:00 keep weekly
ID web01/vda 2026-11-15 02:30:00 keep weekly
ID web01/vda 2026-11-16 02:30:00 keep tag
ID web01/vda 2026-11-17 02:30:00 forget
ID web01/vda 2026-11-18 02:30:00 forget
ID web01/vda 2026-11-19 02:30:00 keep daily
ID web01/vda 2026-11-20 02:30:00 keep daily, weekly, newest
would forget 3 snapshots and keep 6
END
[ "$(find repo/log -type f | wc -l)" = "$entries" ] || fail "a dry run wrote an entry"
run forget --keep-daily 2 --keep-weekly 3 --keep-tag day=16
expect_status 0
expect_out "forgot 3 snapshots and kept 6"
expect_out "run \`varve prune\` to free the space"
[ "$(find repo/log -type f | wc -l)" = $((entries + 1)) ] || fail "one entry was expected"
run list web01
[ "$(tail -n +2 out | wc -l)" = 5 ] || fail "5 snapshots were expected"
# A second run finds nothing to do and writes nothing.
run forget --keep-daily 2 --keep-weekly 3 --keep-tag day=16
expect_status 0
expect_out "nothing to forget: 6 snapshots kept"
[[ $(<out) != *prune* ]] || fail "there is nothing to prune"
[ "$(find repo/log -type f | wc -l)" = $((entries + 1)) ] || fail "an entry was written"
# --disk limits the rules to a disk; a count of 0 switches a rule off.
run forget --disk 'web*' --keep-last 1 --keep-yearly 0 -n
expect_status 0
expect_out "would forget 4 snapshots and keep 1"
[[ $(<out) != *db/vda* ]] || fail "--disk did not narrow"
run forget --disk web02 --keep-last 1
expect_refusal 1 "did you mean 'web01'?"
# What stays is whole, and a table for a terminal fits into 80 columns.
run verify
expect_status 0
long=$(printf 'x%.0s' {1..90})
run backup a.raw --disk "web01/$long" --time 2026-11-20T02:30Z
run forget --keep-last 1 --keep-daily 1 --keep-weekly 1 --keep-monthly 1 --keep-yearly 1 --keep-within 1y -n
expect_status 0
[ "$(wc -L <out)" -le 80 ] || fail "the table is wider than 80 columns"
run forget --keep-last 1 --keep-daily 1 --keep-weekly 1 --keep-monthly 1 --keep-yearly 1 --keep-within 1y -n -v
expect_out "keep    last, daily, weekly, monthly, yearly, within, newest"
expect_out "$long"
# An empty repository.
run init empty
run -r empty forget --keep-last 1
expect_status 0
expect_out "nothing to forget: no snapshots"

# With --prune, the space is free as well; what is kept is whole.
head -c 3000000 /dev/urandom >big.raw
run backup big.raw --disk big --time 2026-11-19T02:30Z
head -c 100000 /dev/urandom >big.raw
run backup big.raw --disk big --time 2026-11-20T02:30Z
before=$(du -sb repo/packs | cut -f1)
run forget --disk big --keep-last 1 --prune -n --json
expect_status 0
expect_out '"prune": null'
run forget --disk big --keep-last 1 --prune
expect_status 0
expect_out "forgot 1 snapshot and kept 1"
expect_out " freed; "
[[ $(<out) != *"run \`varve prune\`"* ]] || fail "nothing is left to do"
[ "$(du -sb repo/packs | cut -f1)" -lt $((before - 2900000)) ] || fail "the space is not free"
run verify
expect_status 0
run forget --disk big --keep-last 1 --prune --json
expect_status 0
expect_json
expect_out '"bytes_freed": '
