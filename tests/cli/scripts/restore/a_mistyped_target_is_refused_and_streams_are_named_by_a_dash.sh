#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
run backup a.raw --disk a

# A device that does not exist is not created as a file.
if [ -w /dev ]; then
  for command in "restore a@latest --to" "convert a.raw"; do
    for target in /dev/varve-no-such-disk "/dev/varve-no-such-disk.ova" "/dev/fd/../varve-no-such-disk"; do
      # shellcheck disable=SC2086
      run $command "$target"
      expect_refusal 1 "/varve-no-such-disk"
      [ ! -e "$target" ] || { rm -f "$target"; fail "a file was created in /dev"; }
    done
  done
  ln -s /dev link
  run convert a.raw link/varve-no-such-disk -O raw --force
  expect_refusal 1 "choose a file in another folder"
  run restore a@latest a@latest --to /dev/varve-no-such-folder/
  [ ! -e /dev/varve-no-such-folder ] || { rm -rf /dev/varve-no-such-folder; fail "a folder was created in /dev"; }
  expect_status 1
fi

# An unknown extension is refused; without one, the source's format is kept.
for name in out.wim out.foo out.img.bak "my disk.2026"; do
  run restore a@latest --to "$name"
  expect_refusal 2 "pass -O F"
  run convert a.raw "$name"
  expect_refusal 2 "pass -O"
  [ ! -e "$name" ] || fail "$name was created"
done
run restore a@latest --to out.foo --format raw
expect_status 0
expect_same out.foo a.raw
run convert a.raw plain
expect_status 0
for verb in convert restore; do
  run "$verb" --help
  expect_out ".vdi"
done

# The other names of standard input and output, and pipes as sources.
"$VARVE" restore a@latest --to /dev/stdout -q >back.raw
expect_same back.raw a.raw
"$VARVE" convert a.raw /dev/fd/1 -q | cmp - a.raw
"$VARVE" convert /dev/stdin stdin.raw -q <a.raw
expect_same stdin.raw a.raw
run backup <(cat a.raw)
expect_status 2
expect_err "pass --disk NAME"
run backup <(cat a.raw) --disk b
expect_status 0
run restore b@latest --to b.raw
expect_same b.raw a.raw
"$VARVE" convert <(cat a.raw) piped.raw -q
expect_same piped.raw a.raw
mkfifo fifo
run convert a.raw fifo
expect_refusal 1 "pass '-'"
(exec cat a.raw >fifo) &
children+=($!)
run info fifo
expect_refusal 1 "varve convert - FILE"
run convert fifo named.raw -q
expect_status 0
expect_same named.raw a.raw
