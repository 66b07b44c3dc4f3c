#!/usr/bin/env bash
nightly=$(realpath "$(dirname "$0")/../../../../examples/lvm-nightly.sh")
. "$(dirname "$0")/../lib.sh"

export VARVE=varve VARVE_LVM_LOCK="$work/lock" VARVE_LVM_RETRY_SECONDS=0 PATH="$work/fake:$PATH" FAKE="$work/state"

# One program under every name. It keeps a host's volumes in files (type, pool, origin and tags of each), records
# how it is called, and refuses what the real programs refuse. Call FAIL_AT fails: before or after it takes effect.
mkdir fake
cat >fake/varve <<'FAKE_TOOL'
#!/usr/bin/env bash
set -euo pipefail
tool=${0##*/}
printf -v call ' %q' "$tool" "$@"
refuse() { printf '%s: %s\n' "$tool" "$*" >&2; exit 5; }
changes() { printf '%s\n' "${call:1}" >>"$FAKE/calls"; }
wrong() { printf '%s: %s\n' "$tool" "$*" >>"$FAKE/wrong"; }
nothing_is_held() {
  ! compgen -G "$FAKE/held.*" >/dev/null || wrong "metadata is held"
  [ ! -e "$FAKE/pid" ] || [ -e "$FAKE/stopped" ] || wrong "a backup still runs"
}
# Signals that it is running, and gives the test time to send a signal.
pause() {
  [ "${FAKE_PAUSE:-}" = "$1" ] || return 0
  echo "$$" >"$FAKE/paused"
  sleep 0.3
}

echo call >>"$FAKE/count"
if { true >&9; } 2>/dev/null; then wrong "it has inherited the lock"; fi
mapfile -t made <"$FAKE/count"
if [ "${#made[@]}" = "${FAIL_AT:-}" ]; then
  printf '%s\n' "${call:1}" >"$FAKE/failed"
  if [ "$tool" != dmsetup ] && [ "${FAIL_BEHIND:-}" = yes ]; then trap 'exit 5' EXIT; else changes; refuse "made to fail"; fi
fi
last=${*: -1}
# Sets `value` to field $2 of volume $1. No subshell: thousands of calls are made.
field_of() {
  IFS='|' read -r segtype pool origin tags <"$1"
  case $2 in
    lv_name) value="  ${1##*/}" ;;
    segtype) value="  $segtype" ;;
    pool_lv) value=$pool ;;
    origin) value=$origin ;;
    lv_tags) value=$tags ;;
    data_percent) value="  ${FAKE_FULL:-41.25}" ;;
    metadata_percent) value=7.00 ;;
  esac
}
case $tool in
  lvs)
    while [ "$1" != -o ]; do shift; done
    files=("$FAKE/lv/$last")
    if [ -d "${files[0]}" ]; then files=("$FAKE/lv/$last"/*); fi
    for file in "${files[@]}"; do
      [ -f "$file" ] || refuse "$last does not exist"
      line=
      for field in ${2//,/ }; do
        field_of "$file" "$field"
        line+="$value|"
      done
      printf '%s\n' "${line%|}"
    done
    ;;
  lvcreate)
    changes
    nothing_is_held
    tag=
    while [ $# != 1 ]; do
      if [ "$1" = --name ]; then name=$2; fi
      if [ "$1" = --addtag ]; then tag=$2; fi
      shift
    done
    [ -f "$FAKE/lv/$last" ] || refuse "$last does not exist"
    [ ! -e "$FAKE/lv/${last%/*}/$name" ] || refuse "$name already exists"
    IFS='|' read -r segtype pool rest <"$FAKE/lv/$last"
    printf '%s|%s|%s|%s\n' "$segtype" "$pool" "${last#*/}" "$tag" >"$FAKE/lv/${last%/*}/$name"
    pause lvcreate
    ;;
  lvchange)
    changes
    nothing_is_held
    IFS='|' read -r segtype pool origin tags <"$FAKE/lv/$last"
    printf '%s|%s|%s|%s\n' "$segtype" "$pool" "$origin" "${tags%,"$2"},$2" >"$FAKE/lv/$last"
    pause lvchange
    ;;
  lvremove)
    changes
    nothing_is_held
    [[ $last == *-varve-* ]] || printf 'lvremove %s\n' "$last" >>"$FAKE/wrong"
    rm "$FAKE/lv/$last" || refuse "$last does not exist"
    pause lvremove
    ;;
  dmsetup)
    held=$FAKE/held.${2//\//_}
    case $1 in
      status)
        held_at=-
        [ ! -e "$held" ] || held_at=$(<"$held")
        printf '0 81920 thin-pool 7 20/1024 5/640 %s rw discard_passdown queue_if_no_space - 1024\n' "$held_at"
        ;;
      message)
        changes
        if [ "$4" = reserve_metadata_snap ]; then
          [ ! -e "$held" ] || refuse "it is held"
          echo 17 >"$held"
          pause reserve
        else
          rm "$held" || refuse "it is not held"
          pause release
        fi
        ;;
    esac
    ;;
  varve)
    changes
    source=${last#lvm:}
    IFS='|' read -r segtype pool rest <"$FAKE/lv/$source" || { wrong "no such snapshot" && exit 1; }
    dm=${source%%/*}
    [ -z "$pool" ] || [ -e "$FAKE/held.${dm//-/--}-${pool//-/--}-tpool" ] || refuse "the metadata is not held"
    if [ -n "${FAKE_SLOW:-}" ] && [ "$(grep -c ^varve "$FAKE/calls")" = "$FAKE_SLOW" ]; then
      trap 'sleep 0.2; echo stopped >"$FAKE/stopped"; kill "$!"; exit 143' TERM
      echo "$$" >"$FAKE/pid"
      sleep 60 </dev/null >/dev/null 2>&1 &
      wait
    fi
    ;;
esac
FAKE_TOOL
chmod +x fake/varve
for tool in lvs lvcreate lvchange lvremove dmsetup; do ln -s varve "fake/$tool"; done

# A host after a nightly run: one kept snapshot of each thin volume, and snapshots made by others.
new_host() {
  rm -rf state
  mkdir -p state/lv/vg-a
  : >state/calls
  : >state/count
  local old=varve-20260101T000000Z
  echo 'thin-pool||||' >state/lv/vg-a/pool-x
  echo 'thin|pool-x||' >state/lv/vg-a/web-1
  echo 'thin|pool-x||' >state/lv/vg-a/db
  echo 'thin|pool2||' >state/lv/vg-a/mail
  echo 'thin-pool||||' >state/lv/vg-a/pool2
  echo 'linear|||' >state/lv/vg-a/root
  echo 'raid1|||' >state/lv/vg-a/raid
  for lv in web-1 db; do echo "thin|pool-x|$lv|varve,varve-kept" >"state/lv/vg-a/$lv-$old"; done
  echo 'thin|pool-x|web-1|' >"state/lv/vg-a/web-1-varve-by-hand"        # no tag
  echo 'thin|pool-x|web-1|varve' >"state/lv/vg-a/before-upgrade-varve-" # another name
  echo 'thin|pool-x|web|varve' >"state/lv/vg-a/web-1-varve-of-web"      # of another volume
}
all_volumes=(vg-a/web-1 vg-a/root vg-a/db vg-a/mail)
night() {
  status=0
  bash "$nightly" -r "my repo" "$@" >out 2>err </dev/null || status=$?
}
without_time() { sed -E 's/-varve-20[0-9]{6}T[0-9]{6}Z/-varve-TIME/g' "$1"; }
own() { (cd state/lv/vg-a && grep -lE '\|varve(,|$)' -- "$1"-varve-20* 2>/dev/null) || true; }

# Nothing is held, thin volumes have one kept snapshot, the others none, and snapshots of others are untouched.
expect_clean_host() {
  compgen -G "state/held.*" >/dev/null && fail "$1: a metadata snapshot is still held"
  [ ! -s state/wrong ] || fail "$1: $(cat state/wrong)"
  local volume found
  for volume in web-1 db mail; do
    found=$(own $volume)
    [ "$(wc -w <<<"$found")" -le 1 ] || fail "$1: more than one snapshot of $volume is left: $found"
    [ -z "$found" ] || grep -q 'varve,varve-kept$' "state/lv/vg-a/$found" || fail "$1: $found is not backed up"
    [ "$volume" = mail ] || [ -n "$found" ] || fail "$1: no snapshot of $volume is kept back"
  done
  [ -z "$(own root)" ] || fail "$1: a snapshot of root is left"
  for volume in web-1-varve-by-hand before-upgrade-varve- web-1-varve-of-web; do
    [ -f "state/lv/vg-a/$volume" ] || fail "$1: $volume was not ours"
  done
}

# A dry run changes nothing and prints exactly what the real run does afterwards.
new_host
night "${all_volumes[@]}" --dry-run
expect_status 0
[ ! -s state/calls ] || fail "a dry run changed something: $(cat state/calls)"
without_time out >planned
night "${all_volumes[@]}"
expect_status 0
expect_out "backed up: 4 of 4"
without_time state/calls >called
diff planned called >difference || fail "the dry run printed something else: $(cat difference)"
diff called - >difference <<'CALLS' || fail "the order differs: $(cat difference)"
lvcreate --snapshot --yes --permission r --addtag varve --setactivationskip y --name web-1-varve-TIME vg-a/web-1
lvcreate --snapshot --yes --permission r --addtag varve --setactivationskip y --name db-varve-TIME vg-a/db
dmsetup message vg--a-pool--x-tpool 0 reserve_metadata_snap
varve backup -r my\ repo --disk vg-a/web-1 lvm:vg-a/web-1-varve-TIME
varve backup -r my\ repo --disk vg-a/db lvm:vg-a/db-varve-TIME
dmsetup message vg--a-pool--x-tpool 0 release_metadata_snap
lvchange --addtag varve-kept vg-a/web-1-varve-TIME
lvremove --yes vg-a/web-1-varve-TIME
lvchange --addtag varve-kept vg-a/db-varve-TIME
lvremove --yes vg-a/db-varve-TIME
lvcreate --snapshot --yes --permission r --addtag varve --setactivationskip y --name mail-varve-TIME vg-a/mail
dmsetup message vg--a-pool2-tpool 0 reserve_metadata_snap
varve backup -r my\ repo --disk vg-a/mail lvm:vg-a/mail-varve-TIME
dmsetup message vg--a-pool2-tpool 0 release_metadata_snap
lvchange --addtag varve-kept vg-a/mail-varve-TIME
lvcreate --snapshot --yes --permission r --addtag varve --extents 10%ORIGIN --name root-varve-TIME vg-a/root
varve backup -r my\ repo --disk vg-a/root lvm:vg-a/root-varve-TIME
lvremove --yes vg-a/root-varve-TIME
CALLS
expect_clean_host "a good night"
[[ $(own web-1) != *20260101* ]] || fail "the snapshot of the night before still exists"

# On a host without LVM, the dry run is given the volumes.
night --dry-run --as thin:pool-x vg-a/new
expect_status 0
[ "$(wc -l <out)" = 5 ] || fail "five commands were expected"
night --dry-run --as linear --snapshot-size 5G vg-a/new
expect_out "--size 5G --name new-varve-"

# On request, a classic snapshot is kept until the next run is complete.
night --keep-classic vg-a/root
expect_status 0
first=$(own root)
[ -n "$first" ] || fail "the classic snapshot should exist"
sleep 1
night --keep-classic vg-a/root
expect_status 0
[ "$(wc -w <<<"$(own root)")" = 1 ] || fail "one should be kept: $(own root)"
[ "$(own root)" != "$first" ] || fail "the newer one should be kept"
night vg-a/root
[ -z "$(own root)" ] || fail "no classic snapshot should be left"

# Whichever call fails, before or after it takes effect. Queries, removals and releases are retried.
every_call_fails_once() {
  local behind=$1 n
  shift
  for ((n = 1; ; ++n)); do
    new_host
    FAIL_AT=$n FAIL_BEHIND=$behind night vg-a/web-1 vg-a/root vg-a/db "$@"
    [ "$(wc -l <state/count)" -ge "$n" ] || break
    expect_clean_host "call $n failed${behind:+ behind} $*"
    case $(<state/failed) in
      lvs* | lvremove* | *status* | *release_metadata_snap)
        expect_status 0
        expect_out "backed up: 3 of 3"
        ;;
      *)
        expect_status 1
        [ -s err ] || fail "call $n: it failed without a message"
        ;;
    esac
  done
  [ "$n" -gt 20 ] || fail "only $n calls were made"
  expect_status 0
}
every_call_fails_once ''
every_call_fails_once yes
every_call_fails_once '' --keep-going

# One failing volume does not prevent the backup of the others.
new_host
night --keep-going vg-a/raid vg-a/none vg-a/root
expect_status 1
expect_err "vg-a/raid is of type raid1"
expect_err "lvs does not know vg-a/none"
expect_out "backed up: 1 of 3"
new_host
night vg-a/raid vg-a/root
expect_status 1
[ ! -s state/calls ] || fail "it should stop before anything is changed"

# A signal during a backup. Earlier backups are kept.
for backup in 1 2; do
  for signal in TERM INT HUP; do
    new_host
    env --default-signal=INT FAKE_SLOW=$backup bash "$nightly" -r repo vg-a/web-1 vg-a/db vg-a/root >out 2>err </dev/null &
    job=$!
    children+=("$job")
    for ((i = 0; i < 500; ++i)); do [ -s state/pid ] && break; sleep 0.02; done
    [ -s state/pid ] || fail "the backup did not begin"
    kill "-$signal" "$job"
    status=0
    wait "$job" || status=$?
    [ "$status" = $((128 + $(kill -l $signal))) ] || fail "$signal: exit status $status"
    [ -f state/stopped ] || fail "$signal: the backup was not stopped"
    expect_clean_host "$signal in backup $backup"
    [[ $(own db) == *20260101* ]] || fail "$signal: the snapshot of the last backup of db is gone"
    if [ $backup = 1 ]; then [[ $(own web-1) == *20260101* ]]; else [[ $(own web-1) != *20260101* ]]; fi ||
      fail "$signal in backup $backup: the wrong snapshot of web-1 is kept"
  done
done

# A signal during a command that must not be interrupted: its effect is undone or completed.
for command in lvcreate reserve release lvchange lvremove; do
  new_host
  FAKE_PAUSE=$command bash "$nightly" -r repo vg-a/web-1 vg-a/db vg-a/root >out 2>err </dev/null &
  job=$!
  children+=("$job")
  for ((i = 0; i < 500; ++i)); do [ -s state/paused ] && break; sleep 0.02; done
  kill -TERM "$job"
  status=0
  wait "$job" || status=$?
  expect_status 143
  expect_clean_host "a signal during $command"
done

# A killed run leaves snapshots behind; the next run removes them, and nothing else.
new_host
echo 'thin|pool-x|web-1|varve' >state/lv/vg-a/web-1-varve-20260202T000000Z
night vg-a/web-1
expect_status 0
expect_clean_host "after a killed run"
[ "$(head -n 1 state/calls)" = 'lvremove --yes vg-a/web-1-varve-20260202T000000Z' ] || fail "what is left goes first"

# A foreign metadata snapshot is not touched, nor is a pool that is nearly full.
new_host
echo 99 >state/held.vg--a-pool--x-tpool
night vg-a/web-1
expect_status 1
expect_err "a metadata snapshot of the thin pool vg-a/pool-x is held already"
expect_err "dmsetup message vg--a-pool--x-tpool 0 release_metadata_snap"
[ ! -s state/calls ] || fail "nothing should be changed: $(cat state/calls)"
[ "$(<state/held.vg--a-pool--x-tpool)" = 99 ] || fail "it should still be held"
new_host
FAKE_FULL=96.01 night vg-a/web-1
expect_status 1
expect_err "too full"
[ ! -s state/calls ] || fail "nothing should be changed"
FAKE_FULL=96.01 night --pool-max 97 vg-a/web-1
expect_status 0

# One run at a time.
new_host
exec 8>>"$VARVE_LVM_LOCK"
flock 8
night vg-a/web-1
expect_status 1
expect_err "another run holds the lock"
[ ! -s state/count ] || fail "nothing should be queried"
exec 8>&-

for wrong in "" vg-a "vg-a/web-1 vg-a/web-1" "vg-a/web-1 --snapshot-size" "vg-a/web-1 --as linear" "vg-a/we;b" \
  "--pool-max x vg-a/web-1" "--no-such vg-a/web-1"; do
  # shellcheck disable=SC2086
  night $wrong
  expect_status 2
  expect_no_out
done
night --help
expect_status 0
expect_no_err
