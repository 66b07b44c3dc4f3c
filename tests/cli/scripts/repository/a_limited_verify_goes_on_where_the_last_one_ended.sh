#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
for night in 1 2 3 4; do
  head -c $((1 << 18)) /dev/urandom >a.raw
  run backup a.raw --disk web01/vda
  expect_status 0
done

# A quarter of the data a run: four runs read all four packs.
run verify --sample 25%
expect_status 0
expect_no_err
expect_out "checked 4 chunks (256.0 KiB): no damage, no difference"
expect_out "read 1 of 4 data packs; the next run with a limit goes on with those verified longest ago"
[ "$(tail -n 1 out)" = "no damage is known in 4 of 4 nights" ] || fail "the last line does not promise more"
state=$(echo cache/*/verified)
[ "$(wc -l <"$state")" = 2 ] || fail "a title and one pack were expected"
run verify --sample 25%
run verify --max-seconds 0
expect_out "read 1 of 4 data packs"
run rebuild
expect_status 0
run verify --sample 0.001%
[ "$(wc -l <"$state")" = 5 ] || fail "four runs did not read four packs"
[ "$(sort -u "$state" | wc -l)" = 5 ] || fail "a pack was noted twice"
run verify --sample 25% --json
expect_json
expect_golden verify_sample.json

# Damage is found by the run that reads it, at the latest after all packs were read, and is shown from then on.
for pack in $(find repo/packs -type f -size +200k | head -n 1); do
  flip "$pack" 5000
done
found=0
for try in 1 2 3 4; do
  run verify --sample 25%
  [ "$status" = 3 ] && found=1
  [ "$found" = 0 ] || expect_status 3
done
[ "$found" = 1 ] || fail "four runs with 25 % did not find the damage"

# A damaged file is reported and written anew.
echo junk >"$state"
run verify --sample 25%
expect_err "every pack counts as never verified"
[ "$(wc -l <"$state")" = 2 ] || fail "the file was not written anew"

for wrong in 5 0% 101% x%; do
  run verify --sample "$wrong"
  expect_refusal 2 "--sample: '$wrong' is not a share: pass more than 0% and at most 100%, as in 5%"
done
run verify --max-seconds x
expect_refusal 2 "--max-seconds: 'x' is not a number from 0 to "
run verify web01/vda@latest --against a.raw --sample 5%
expect_refusal 2 "--sample is for verifying a repository"
