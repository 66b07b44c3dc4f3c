#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

umask 022
make_repository
make_image a.raw 4 1
chmod 640 a.raw
echo '<domain passwd="x"/>' >dom.xml
mode() { stat -c %a "$1"; }
run backup a.raw --group g --disk g/a --attach dom.xml
expect_status 0
run restore --group g@latest --to all/
[ "$(mode all/g/a.raw) $(mode all/g/dom.xml)" = "600 600" ] || fail "what is restored should be private"
run restore g/a@latest --to a.qcow2
[ "$(mode a.qcow2)" = 600 ] || fail "a restored image should be private"
run restore g/a@latest --to a.vmdk -o subformat=twoGbMaxExtentSparse
[ "$(mode a.vmdk) $(mode a-s001.vmdk)" = "600 600" ] || fail "all files of an image should be private"
run restore g/a@latest --to a.ova
[ "$(mode a.ova)" = 600 ] || fail "an appliance should be private"
run restore g/a@latest --to kept.raw --keep-mode
[ "$(mode kept.raw)" = 640 ] || fail "the recorded permissions were asked for"
run restore --group g@latest --to kept/ --keep-mode
[ "$(mode kept/g/a.raw) $(mode kept/g/dom.xml)" = "640 600" ] || fail "attachments stay private"
run show g/a@latest
expect_out "mode=0640"
chmod 644 kept.raw
run restore g/a@latest --to kept.raw --force
[ "$(mode kept.raw)" = 644 ] || fail "a file that is replaced passes on its permissions"
run convert a.raw converted.raw
[ "$(mode converted.raw)" = 644 ] || fail "a conversion follows the umask"

# A limit of file sizes is an error with a sentence, not a killed process.
for command in "restore g/a@latest --to limited.raw" "convert a.raw limited.qcow2"; do
  # shellcheck disable=SC2086
  status=0
  # shellcheck disable=SC2086
  (ulimit -f 100 && exec "$VARVE" $command >out 2>err </dev/null) || status=$?
  expect_refusal 1 "File too large"
  expect_err "ulimit -f"
done
[ ! -e limited.raw ] || fail "half a file was left"

# Too few open files, and a repository without permission, are not damage.
# (Not under a sanitizer: clang's check of a virtual call needs descriptors itself.)
if [ -z "${SANITIZED:-}" ]; then
  (ulimit -n 8 && exec "$VARVE" verify >out 2>err </dev/null) && fail "8 open files should not do"
  [[ $(<err) == *"Too many open files"* ]] || fail "the limit of open files should be named"
  [[ $(<err)$(<out) != *amage* ]] || fail "a limit is not damage"
fi
