#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
unset VARVE_REPO
make_image a.raw 4 1

# The common options may come before the command, and -V is the version.
run -r repo backup a.raw --disk m/a -f raw
expect_status 0
run --repo=repo -q list m/a
expect_status 0
expect_out "m/a"
run -V
expect_out "varve "
export VARVE_REPO="$work/repo"

# -f is the source's format, -O the target's, -c compresses.
run convert -f raw -O qcow2 -c a.raw small.qcow2
expect_status 0
run compare -f qcow2 -F raw small.qcow2 a.raw
expect_status 0
run info -f qcow2 small.qcow2
expect_out "qcow2"
run map -f raw a.raw
expect_status 0
run verify m/a@latest --against small.qcow2 -f qcow2
expect_status 0
run restore m/a@latest --to back.qcow2 -O qcow2 -c
expect_status 0
run restore m/a@latest --to back.qcow2 --format qcow2 --force
expect_status 0
run restore m/a@latest --to back.qcow2 -O qcow2 --format raw
expect_refusal 2 "contradict each other"
run restore m/a@latest --to x.raw -c
expect_refusal 2 "compress"

# -n writes nothing, and refuses what would be refused.
rm -f ./*.qcow2
ls | grep -vxE 'before|out|err|json.log' >before
run init -n new/repo
expect_status 0
expect_out "would create a repository in new/repo"
run init -n repo
expect_refusal 1 "is not empty"
run backup -n a.raw --disk m/a
expect_out "would back up m/a"
run restore -n m/a@latest --to back.qcow2
expect_status 0
expect_out "would restore m/a of "
run restore -n m/a@latest --to folder/ --json
expect_status 0
expect_json
grep -q '"dry_run": true' out || fail "the dry run should be marked"
run restore -n m/a@latest --to all.ova
expect_status 0
run restore -n m/a@latest --to a.raw
expect_refusal 1 "exists"
run restore -n m/a@latest --to -
expect_status 0
expect_no_out
run convert -n a.raw back.qcow2
expect_status 0
expect_out "would convert a.raw (raw) to back.qcow2 as qcow2"
run convert -n a.raw a.raw
expect_refusal 1 "a.raw"
run forget -n m/a@latest
expect_status 0
expect_out "would forget 1 snapshot"
run tag -n m/a@latest --add k=v
expect_status 0
expect_out "would tag m/a"
run tag -n m/a@latest --remove k
expect_refusal 1 "has no tag 'k'"
ls | grep -vxE 'before|after|out|err|json.log' >after
diff before after >changed || fail "a dry run left something: $(<changed)"
run list --json
[[ $(<out) != *'"k"'* ]] || fail "a dry run set a tag"
[ "$(grep -c '"snapshot"' out)" = 1 ] || fail "a dry run made a snapshot"

# Suggestions do not mislead.
run restore m/a@latest out.qcow2
expect_refusal 2 "pass --to out.qcow2"
run show out.qcow2
expect_status 2
[[ $(<err) != *"out.qcow2@latest"* ]] || fail "a file is not a disk"
run show m/a
expect_refusal 2 "pass m/a@latest"
run show m/b@latest
expect_refusal 1 "did you mean 'm/a'?"
run show m@latest
expect_refusal 1 "it has 'm/a' of a machine of that name"

# Times as people type them.
for when in yesterday 1d 2020-01 "2020-11-20 02:30"; do
  run show "m/a@$when"
  expect_refusal 1 "has no snapshot at"
done
for when in today 0h "$(date -u +%Y-%m)" "$(date -u -d '+1 minute' '+%F %H:%M')"; do
  run show "m/a@$when"
  expect_status 0
done
