#!/usr/bin/env bash
# A nightly backup of LVM volumes on the host that uses them: see the text below, or --help.
set -euo pipefail
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C

usage() {
  cat <<'TEXT'
lvm-nightly.sh -r REPOSITORY [OPTION...] VG/LV...

Backs up logical volumes that are in use: creates a snapshot of each, backs that up as the disk VG/LV, and cleans up
after any failure. lvcreate freezes a file system that is mounted on this host, so its snapshot is consistent. The file
system of a virtual machine is only as consistent as after a power cut, unless the guest freezes it.

A thin volume's snapshot is kept until the next night's backup is done, so that each night reads only what has changed.
The snapshot of a linear or striped volume slows down every write while it exists, so it is removed at once, unless
--keep-classic is given. Snapshots are named LV-varve-TIME, are read-only, and have the tag varve; no other snapshot is
touched.

  -r, --repository REPOSITORY  the repository (default: the variable VARVE_REPO)
      --snapshot-size SIZE     space of a classic snapshot for writes while it exists: 5G, 20%ORIGIN
                               (default: 10%ORIGIN). A snapshot that overflows is lost, and its backup fails.
      --keep-classic           keep classic snapshots, too
      --pool-max PERCENT       refuse a thin pool whose data or metadata is fuller than this (default: 95)
      --keep-going             after a failure continue with the next volume
      --dry-run                print the commands that would change anything, in order, and run none of them
      --as thin:POOL|linear    with --dry-run: treat the volumes as this instead of asking lvs

Exit status: 0 when everything is backed up; 1 when something failed (see standard error); 2 for wrong usage.
Variables: VARVE names the program, VARVE_LVM_LOCK the lock file that prevents concurrent runs
(/run/varve-lvm-nightly.lock), VARVE_LVM_RETRY_SECONDS the pause before a failed clean-up step is retried (5).
TEXT
}

own_tag=varve
kept_tag=varve-kept  # only on snapshots whose backup is done
attempts_max=3

repository=${VARVE_REPO:-}
snapshot_size=10%ORIGIN
pool_max=95
keep_classic='' keep_going='' dry_run='' assumed=''
volumes=()

stamp=$(date -u +%Y%m%dT%H%M%SZ)
declare -A pool_of=()   # VG/LV to its pool, empty for a linear or striped volume
declare -A taken=()     # VG/LV whose snapshot of this night exists
declare -A backed_up=() # VG/LV whose snapshot of this night is backed up
declare -A removed=()   # VG/NAME
unsettled=()            # VG/LV whose snapshot of this night may exist and is neither kept nor removed
held_pool=''            # VG/POOL whose metadata snapshot this run may hold
exit_status=0

complain() { printf 'lvm-nightly: %s\n' "$*" >&2; }
wrong_usage() {
  complain "$* (see --help)"
  exit 2
}
fail() {
  complain "$*"
  exit_status=1
  return 1
}

show() {
  local words
  printf -v words ' %q' "$@"
  printf '%s\n' "${words:1}"
}
# change COMMAND...: every command that changes anything is run here. LVM's daemons must not inherit the lock.
change() {
  show "$@"
  [ -n "$dry_run" ] || "$@" </dev/null 9>&-
}
# The same for long commands: in the background, so that a signal does not have to wait for the end.
change_slowly() {
  show "$@"
  [ -z "$dry_run" ] || return 0
  local status=0
  "$@" </dev/null 9>&- &
  wait "$!" || status=$?
  return "$status"
}

# again COMMAND...: retries a few times, for steps that must not be left undone.
again() {
  local attempt
  for ((attempt = 1; attempt < attempts_max; ++attempt)); do
    if "$@"; then return 0; fi
    sleep "${VARVE_LVM_RETRY_SECONDS:-5}"
  done
  "$@"
}

ask_lvs() { again lvs --noheadings --separator '|' "$@" </dev/null 9>&-; }

snapshot_name() { printf '%s-varve-%s' "${1#*/}" "$stamp"; }
snapshot_of() { printf '%s/%s' "${1%%/*}" "$(snapshot_name "$1")"; }

# Device-mapper's name of a pool: dashes in names are doubled.
pool_device() {
  local vg=${1%%/*} pool=${1#*/}
  printf '%s-%s-tpool' "${vg//-/--}" "${pool//-/--}"
}

# own_snapshots VG/LV: its snapshots created by this script, one per line, "NAME kept" or "NAME left".
own_snapshots() {
  local lines name origin tags state
  if [ -n "$assumed" ]; then return 0; fi
  lines=$(ask_lvs -o lv_name,origin,lv_tags "${1%%/*}") || return 1
  while IFS='|' read -r name origin tags; do
    name=${name// /} origin=${origin// /} tags=,${tags// /},
    [[ $name == "${1#*/}-varve-"* && $origin == "${1#*/}" && $tags == *",$own_tag,"* ]] || continue
    state=left
    [[ $tags != *",$kept_tag,"* ]] || state=kept
    [ -z "$dry_run" ] || [ -z "${removed[${1%%/*}/$name]:-}" ] || continue
    printf '%s %s\n' "$name" "$state"
  done <<<"$lines"
}

is_gone() {
  local names
  names=$(ask_lvs -o lv_name "${1%%/*}") || return 1
  ! grep -qx " *${1#*/} *" <<<"$names"
}

# remove_snapshot VG/NAME: one that own_snapshots listed.
remove_snapshot() {
  removed[$1]=yes
  again change lvremove --yes "$1" || is_gone "$1" ||
    fail "the snapshot $1 still exists; remove it with: lvremove $1"
}

# remove_own VG/LV PATTERN [EXCEPT]: removes those whose "NAME state" matches the pattern.
remove_own() {
  local lines name state status=0
  lines=$(own_snapshots "$1") || fail "lvs does not list the snapshots of $1" || return 1
  while read -r name state; do
    # shellcheck disable=SC2053
    if [[ -z $name || "$name $state" != $2 || $name == "${3:-}" ]]; then continue; fi
    remove_snapshot "${1%%/*}/$name" || status=1
  done <<<"$lines"
  return "$status"
}

# identify VG/LV: finds its pool, if it has one.
identify() {
  local lines kind pool
  if [ -n "$assumed" ]; then
    pool_of[$1]=${assumed#linear}
    pool_of[$1]=${pool_of[$1]#thin:}
    return 0
  fi
  lines=$(ask_lvs -o segtype,pool_lv "$1") || fail "lvs does not know $1" || return 1
  while IFS='|' read -r kind pool; do
    case ${kind// /} in
      thin) pool_of[$1]=${pool// /} ;;
      linear | striped) pool_of[$1]='' ;;
      *) fail "$1 is of type ${kind// /}; only thin, linear and striped volumes are supported" || return 1 ;;
    esac
  done <<<"$lines"
}

# metadata_root VG/POOL: the block of the metadata snapshot that is held, or "-".
metadata_root() {
  local status words
  status=$(again dmsetup status "$(pool_device "$1")" </dev/null 9>&-) || return 1
  read -ra words <<<"$status"
  [ "${words[2]:-}" = thin-pool ] && printf '%s' "${words[6]:-}"
}

check_pool() {
  local root line data metadata
  [ -z "$assumed" ] || return 0
  root=$(metadata_root "$1") || fail "the thin pool $1 is not active; activate it with: lvchange -ay $1" || return 1
  [ "$root" = - ] || fail "a metadata snapshot of the thin pool $1 is held already by another backup tool that" \
    "is running or was interrupted. If none is running, release it with: dmsetup message $(pool_device "$1") 0" \
    "release_metadata_snap" || return 1
  line=$(ask_lvs -o data_percent,metadata_percent "$1") || fail "lvs does not report how full $1 is" || return 1
  IFS='|' read -r data metadata <<<"${line// /}"
  data=${data:-0} metadata=${metadata:-0}
  if ((${data%%.*} > pool_max || ${metadata%%.*} > pool_max)); then
    fail "the thin pool $1 is too full to keep a snapshot in it: data $data %, metadata $metadata %"
  fi
}

# A signal may arrive at any time: what will have to be undone is recorded before it is done.
reserve_metadata() {
  held_pool=$1
  change dmsetup message "$(pool_device "$1")" 0 reserve_metadata_snap && return 0
  held_pool=''
  fail "the metadata of the thin pool $1 cannot be held"
}
release_metadata() {
  [ -n "$held_pool" ] || return 0
  local release=(dmsetup message "$(pool_device "$held_pool")" 0 release_metadata_snap)
  again change "${release[@]}" || [ "$(metadata_root "$held_pool")" = - ] ||
    fail "the metadata snapshot of $held_pool is still held and takes space; release it with: ${release[*]}" || true
  held_pool=''
}

take_snapshot() {
  local options=(--snapshot --yes --permission r --addtag "$own_tag")
  remove_own "$1" '* left' || return 1  # of a run that was cut off
  if [ -n "${pool_of[$1]}" ]; then
    options+=(--setactivationskip y)
  elif [[ $snapshot_size == *%* ]]; then
    options+=(--extents "$snapshot_size")
  else
    options+=(--size "$snapshot_size")
  fi
  unsettled+=("$1")
  change lvcreate "${options[@]}" --name "$(snapshot_name "$1")" "$1" ||
    fail "cannot create a snapshot of $1" || return 1
  taken[$1]=yes
}

back_up() {
  change_slowly "${VARVE:-varve}" backup -r "$repository" --disk "$1" "lvm:$(snapshot_of "$1")" ||
    fail "the backup of $1 failed" || return 1
  backed_up[$1]=yes
}

# settle VG/LV: keeps tonight's snapshot, if it is backed up and to be kept, and removes earlier ones; or removes it.
settle() {
  local name
  name=$(snapshot_name "$1")
  if [ -z "${backed_up[$1]:-}" ]; then
    remove_own "$1" "$name *"
  elif [ -z "${pool_of[$1]}$keep_classic" ]; then
    remove_own "$1" '*'
    [ -z "$dry_run" ] || change lvremove --yes "$(snapshot_of "$1")"  # which lvs does not list
  elif change lvchange --addtag "$kept_tag" "$(snapshot_of "$1")"; then
    remove_own "$1" '*' "$name"
  else
    fail "the snapshot $(snapshot_of "$1") cannot be tagged; the previous one is kept instead" || true
    remove_own "$1" "$name *"
  fi
}

# Releases everything and leaves only the snapshots to be kept. LVM changes nothing while metadata is held.
settle_all() {
  release_metadata
  while [ ${#unsettled[@]} != 0 ]; do
    settle "${unsettled[0]}" || true
    unsettled=("${unsettled[@]:1}")
  done
}

at_exit() {
  local status=$?
  trap '' INT TERM HUP
  settle_all
  [ "$status" != 0 ] || status=$exit_status
  exit "$status"
}

# at_signal NUMBER: a backup must end before its snapshot is removed.
at_signal() {
  trap '' INT TERM HUP
  local running
  mapfile -t running < <(jobs -p)
  if [ ${#running[@]} != 0 ]; then
    kill -TERM "${running[@]}" 2>/dev/null || true
    wait "${running[@]}" || true
  fi
  complain "stopped by a signal"
  exit "$((128 + $1))"
}

may_go_on() { [ "$exit_status" = 0 ] || [ -n "$keep_going" ]; }

# back_up_pool VG/POOL VG/LV...: metadata is held once for all volumes.
back_up_pool() {
  local pool=$1 volume
  shift
  check_pool "$pool" || return 0
  for volume in "$@"; do
    if may_go_on; then take_snapshot "$volume" || true; fi
  done
  if may_go_on && reserve_metadata "$pool"; then
    for volume in "$@"; do
      if may_go_on && [ -n "${taken[$volume]:-}" ]; then back_up "$volume" || true; fi
    done
  fi
  settle_all
}

back_up_classic() {
  if take_snapshot "$1"; then back_up "$1" || true; fi
  settle_all
}

# value OPTION COUNT: checks that an option is followed by its value.
value() { [ "$2" -ge 2 ] || wrong_usage "$1 needs a value"; }

while [ $# != 0 ]; do
  case $1 in
    -r | --repository) value "$1" $#; repository=$2; shift ;;
    --snapshot-size) value "$1" $#; snapshot_size=$2; shift ;;
    --pool-max) value "$1" $#; pool_max=$2; shift ;;
    --as) value "$1" $#; assumed=$2; shift ;;
    --keep-classic) keep_classic=yes ;;
    --keep-going) keep_going=yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) wrong_usage "unknown option $1" ;;
    *) volumes+=("$1") ;;
  esac
  shift
done

[ -n "$repository" ] || wrong_usage "no repository is named"
[ ${#volumes[@]} != 0 ] || wrong_usage "no volume is named"
[[ $snapshot_size =~ ^[0-9.]+([A-Za-z]|%[A-Z]+)?$ ]] || wrong_usage "--snapshot-size $snapshot_size is not a size"
[[ $pool_max =~ ^[0-9]{1,3}$ ]] || wrong_usage "--pool-max $pool_max is not a percentage"
if [ -n "$assumed" ]; then
  [ -n "$dry_run" ] || wrong_usage "--as needs --dry-run"
  [[ $assumed =~ ^(linear|thin:[A-Za-z0-9+_.-]+)$ ]] || wrong_usage "--as needs thin:POOL or linear"
fi
declare -A named=()
for volume in "${volumes[@]}"; do
  [[ $volume =~ ^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*/[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$ ]] ||
    wrong_usage "'$volume' is not VG/LV"
  [ -z "${named[$volume]:-}" ] || wrong_usage "$volume is named twice"
  named[$volume]=yes
done

if [ -z "$dry_run" ]; then
  for tool in lvs lvcreate lvchange lvremove dmsetup flock "${VARVE:-varve}"; do
    command -v "$tool" >/dev/null || fail "there is no program $tool" || exit 1
  done
  lock=${VARVE_LVM_LOCK:-/run/varve-lvm-nightly.lock}
  { exec 9>>"$lock"; } 2>/dev/null || fail "the lock $lock cannot be opened; is this root?" || exit 1
  flock -n 9 || fail "another run holds the lock $lock" || exit 1
fi
trap at_exit EXIT
trap 'at_signal 1' HUP
trap 'at_signal 2' INT
trap 'at_signal 15' TERM

pools=()
declare -A volumes_in=()  # VG/POOL to its volumes
classic=()
for volume in "${volumes[@]}"; do
  may_go_on || exit 1
  identify "$volume" || continue
  pool=${pool_of[$volume]}
  if [ -z "$pool" ]; then
    classic+=("$volume")
    continue
  fi
  pool=${volume%%/*}/$pool
  [ -n "${volumes_in[$pool]:-}" ] || pools+=("$pool")
  volumes_in[$pool]+="$volume "
done
may_go_on || exit 1
for pool in "${pools[@]}"; do
  read -ra members <<<"${volumes_in[$pool]}"
  if may_go_on; then back_up_pool "$pool" "${members[@]}"; fi
done
for volume in "${classic[@]}"; do
  if may_go_on; then back_up_classic "$volume"; fi
done
if [ -z "$dry_run" ]; then
  printf 'backed up: %d of %d\n' "${#backed_up[@]}" "${#volumes[@]}"
elif [ -n "$assumed" ]; then
  complain "lvs was not asked: a snapshot that the night before kept back would be removed last"
fi
