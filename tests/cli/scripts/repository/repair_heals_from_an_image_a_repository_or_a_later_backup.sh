#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c 2000000 /dev/urandom >a.raw
run backup a.raw --disk a --time 2026-11-01T00:00Z
expect_status 0
run repair
expect_status 0
expect_out "nothing to repair: this host knows of no damage"
run init second
run copy --to second
expect_status 0
pack=$(find repo/packs -type f -size +100k | head -n 1)

# damage: in the middle of the pack, and verify finds it.
damage() {
  pack=$(find repo/packs -type f -size +100k | head -n 1)
  flip "$pack" 500000
  run verify
  expect_status 3
}
# expect_whole: nothing is damaged any more, also for a host that knows nothing.
expect_whole() {
  run verify
  expect_status 0
  VARVE_CACHE_DIR="$work/fresh cache" run verify
  expect_status 0
  rm -rf "$work/fresh cache" back.raw
  run restore a@2026-11-01 --to back.raw
  expect_same a.raw back.raw
}

damage
run repair
expect_status 3
expect_out "stays damaged"
expect_out "pass --from an image or a repository"
run repair --from a.raw -n
expect_status 0
expect_out "would write 1 damaged pack anew"
run repair --from a.raw
expect_status 0
expect_out "wrote 1 damaged pack anew; healed in all snapshots: 1 chunk"
expect_whole

damage
run repair --json
expect_status 3
sed -i -E 's/("reason": ")[^"]*/\1a sentence/' out
expect_golden repair.json
run repair --from second --json
expect_status 0
expect_out '"chunks_healed": 1'
expect_whole

damage
run backup a.raw --disk a --time 2026-11-02T00:00Z
expect_status 0
expect_err "healed in all snapshots: 1 chunk"
expect_whole

run repair --format raw
expect_refusal 2 "--format needs --from IMAGE"
run repair --from nowhere.raw
expect_refusal 1 "nowhere.raw"
