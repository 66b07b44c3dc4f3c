#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 2
run backup a.raw --disk a
mkdir outside
touch before
# in_group DISK... -- [ATTACHMENT TEXT]...: another point of the group g, restored into to/.
in_group() {
  rm -rf to
  "$GROUP_BY_HAND" repo g 2026-11-18T02:00Z "$@" >ids || fail "no group was made"
  run restore --group g@latest --to to/
}
expect_nothing_left() {
  [ ! -e to ] || fail "something was left: $(find to)"
  [ -z "$(find . -newer before -name '*evil*')" ] || fail "something was written outside"
}

for disk in ../evil /tmp/evil a/../../evil . .. a//evil $'evil\e[2J' $'evil\n' "-evil" "evil@x"; do
  in_group "a=$disk" --
  expect_refusal 1 "restore it with --to FILE"
  [[ $(<err) != *$'\e'* ]] || fail "an escape character came through"
  expect_nothing_left
done
for name in ../evil /tmp/evil . .. "" a/evil $'evil\e[2J' "$(printf 'evil%.0s' {1..64})"; do
  in_group a -- "$name" text
  expect_refusal 1 "the attachment name"
  [[ $(<err) != *$'\e'* ]] || fail "an escape character came through"
  expect_nothing_left
done
# Such a disk can be restored separately, under a name that the user chooses.
in_group a=../evil --
run restore "$(<ids)" --to fine.raw
expect_status 0
expect_same fine.raw a.raw

# Files that need the same name, or would be inside one another.
in_group a a=a -- x y
expect_refusal 1 "both need the name 'a.raw'"
expect_nothing_left
in_group a a=a.raw/b --
expect_refusal 1 "both need the name 'a.raw'"
expect_nothing_left
in_group a=a.raw/b a --
expect_refusal 1 "both need the name 'a.raw'"
expect_nothing_left
in_group a -- a.raw evil
expect_refusal 1 "attachment 'a.raw' and disk 'a'"
expect_nothing_left
in_group a -- x 1 x 2
expect_refusal 1 "both need the name 'x'"
expect_nothing_left
in_group a a=b/c -- b evil
expect_refusal 1 "both need the name 'b'"
expect_nothing_left

# A symbolic link or a device below the folder is not followed, with or without --force.
mkdir to2
ln -s ../outside to2/sub
"$GROUP_BY_HAND" repo g 2026-11-18T02:00Z a a=sub/b -- >ids
for force in "" --force; do
  run restore --group g@latest --to to2/ $force
  expect_refusal 1 "'to2/sub'"
done
rm to2/sub
ln -s ../../outside/b.raw to2/a.raw
for force in "" --force; do
  run restore --group g@latest --to to2/ $force
  expect_refusal 1 "symbolic link"
done
[ -z "$(ls outside)" ] || fail "the link was followed"
[ ! -e to2/sub ] || fail "an empty folder was left"
# The folder that the user names may be a link.
rm to2/a.raw
ln -s to2 link
run restore --group g@latest --to link/
expect_status 0
expect_same to2/sub/b.raw a.raw
# A folder and a file in the way.
mkdir -p to3/a.raw
run restore --group g@latest --to to3/ --force
expect_refusal 1 "a folder"
rm -r to3
mkdir to3
touch to3/sub
run restore --group g@latest --to to3/ --force
expect_refusal 1 "'to3/sub' is in the way"
touch file
run restore --group g@latest --to file/
expect_refusal 1 "file"
