#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
head -c 64M /dev/urandom >a.raw
make_image b.raw 2
run backup a.raw --disk m/a
run backup b.raw --disk m/b
"$GROUP_BY_HAND" repo m 2026-11-18T02:00Z m/b m/a m/a=m/c -- domain.xml '<domain/>' >ids

# Whatever exists after a signal is complete, and no empty folder is left.
whole=0
cut=0
for ((i = 0; i < 16; i++)); do
  rm -rf to
  signal=$([ $((i % 2)) = 0 ] && echo KILL || echo INT)
  # Not as a background job of this shell, which would ignore SIGINT.
  env --default-signal=INT "$VARVE" restore --group m@latest --to to/ >out 2>err &
  victim=$!
  children+=($victim)
  sleep "0.$(printf %02d $((2 + i * 4)))"
  kill "-$signal" "$victim" 2>/dev/null || true
  status=0
  wait "$victim" 2>/dev/null || status=$?
  case "$signal $status" in
    *" 0") whole=$((whole + 1)) ;;
    "KILL 137" | "INT 130") cut=$((cut + 1)) ;;
    *) fail "exit status $status after SIG$signal" ;;
  esac
  for file in $(find to -type f -not -name '.*.tmp' 2>/dev/null); do
    case "$file" in
      to/m/b.raw) expect_same "$file" b.raw ;;
      to/m/a.raw | to/m/c.raw) expect_same "$file" a.raw ;;
      to/m/domain.xml) [ "$(<"$file")" = '<domain/>' ] || fail "a part of an attachment" ;;
      *) fail "an unknown file $file" ;;
    esac
  done
  if [ "$signal" = INT ] && [ -d to ]; then
    [ -n "$(find to -type f)" ] || fail "an empty folder was left"
    [ "$status" = 0 ] || expect_err "of 3 disks restored ('to/m/b.raw'"
  fi
done
[ "$cut" -gt 0 ] || fail "no restore was interrupted: $whole were complete"

# A damaged disk ends the restore: earlier files exist and are reported, and nothing else.
rm -rf to
id=$(sed -n 3p ids)
pack=$(find repo/packs -type f -size +30M | head -n 1)
chmod u+w "$pack"
flip "$pack" $(($(stat -c %s "$pack") / 2))
run restore --group m@latest --to to/
expect_refusal 1 "of 3 disks and 1 attachment these are complete: 'to/m/b.raw': cannot restore snapshot"
[ "$(find to -type f | tr '\n' ' ')" = "to/m/b.raw " ] || fail "something else was left: $(find to)"
expect_same to/m/b.raw b.raw
run restore "$id" --to to2/
expect_status 1
[ ! -e to2 ] || fail "a folder was left"

