#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# qemu_encrypt FORMAT OPTION...: encrypts disk.raw; asked again when qemu-img could not measure a busy machine.
qemu_encrypt() {
  local format=$1 options=() option attempt
  shift
  for option in "$@"; do options+=(-o "$option"); done
  for attempt in {1..20}; do
    qemu-img convert --object secret,id=s,file=word -f raw -O "$format" "${options[@]}" disk.raw "disk.$format" 2>log && return
    grep -q 'accurate CPU usage' log || break
  done
  fail "qemu-img could not encrypt ($attempt): $(<log)"
}

make_image disk.raw 4
printf 'correct horse' >word
printf 'correct horse\n' >secret  # the newline is not part of it
printf 'battery staple\n' >wrong
qemu_encrypt luks key-secret=s iter-time=10
qemu_encrypt qcow2 encrypt.format=luks encrypt.key-secret=s encrypt.iter-time=10

for image in disk.luks disk.qcow2; do
  # What it is shows without a secret; what is in it does not.
  run info "$image"
  expect_status 0
  expect_no_err
  expect_out "aes-256-xts-plain64"
  run map "$image"
  expect_status 0
  run convert "$image" copy.raw
  expect_refusal 1 "'$image' is encrypted by LUKS: pass --secret-file FILE with its passphrase or key"
  run convert --secret-file wrong "$image" copy.raw
  expect_refusal 1 "the secret does not open '$image'"
  run convert --secret-file none "$image" copy.raw
  expect_refusal 1 "'none'"
  [ ! -e copy.raw ] || fail "a refused conversion left a file"

  run convert --secret-file secret "$image" copy.raw
  expect_status 0
  expect_same copy.raw disk.raw
  rm copy.raw
  run compare --secret-file secret "$image" disk.raw
  expect_status 0
done

# A secret from a pipe is read once and serves both images.
run compare --secret-file <(cat secret) disk.luks disk.qcow2
expect_status 0
run compare --secret-file wrong --secret-file-b secret disk.raw disk.luks
expect_status 0

# Encrypted copies: qemu-img reads them with the secret.
run convert disk.raw new.luks --target-secret-file secret -o iter-time=10
expect_status 0
run convert disk.raw new.qcow2 --target-secret-file secret -o encrypt.format=luks,encrypt.iter-time=10
expect_status 0
for image in driver=luks,key-secret=s,file.filename=new.luks driver=qcow2,encrypt.key-secret=s,file.filename=new.qcow2; do
  qemu-img compare -q --object secret,id=s,file=word --image-opts driver=raw,file.filename=disk.raw "$image" ||
    fail "qemu-img finds other bytes in $image"
done
run convert disk.raw other.luks
expect_refusal 2 "pass --target-secret-file FILE"
run convert disk.raw other.qcow2 --target-secret-file secret
expect_status 2
expect_err "would be plain"
[ ! -e other.luks ] && [ ! -e other.qcow2 ] || fail "a refused conversion left a file"

# A detached header, as from 'cryptsetup luksHeaderBackup' of a volume whose payload was moved to the front.
payload=$((0x$(od -An -tx1 -j104 -N4 disk.luks | tr -d ' ') * 512))
head -c "$payload" disk.luks >header
printf '\0\0\0\0' | dd of=header bs=1 seek=104 conv=notrunc status=none
tail -c +$((payload + 1)) disk.luks >payload.img
run compare --secret-file secret --luks-header header payload.img disk.raw
expect_status 0

# The repository holds the guest's bytes: the same disk, encrypted or not, is stored once.
make_repository
run backup --disk plain disk.raw
expect_status 0
run backup --disk sealed --secret-file secret disk.qcow2
expect_status 0
expect_out "chunks new"
run backup --disk sealed2 disk.qcow2
expect_status 1
run verify sealed@latest --against disk.luks --secret-file secret
expect_status 0
run restore sealed@latest --to back.raw
expect_status 0
expect_same back.raw disk.raw
run restore sealed@latest --to back.qcow2  # plain, unless it is asked for
expect_status 0
qemu-img compare -q -f raw -F qcow2 disk.raw back.qcow2 || fail "the restored image is not plain"
run restore sealed@latest --to sealed.qcow2 --target-secret-file secret -o encrypt.format=luks,encrypt.iter-time=10
expect_status 0
run compare --secret-file secret sealed.qcow2 disk.raw
expect_status 0
