#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# put FILE OFFSET HEX: writes bytes into a file.
put() { printf "$(sed 's/../\\x&/g' <<<"$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
# bytes FILE OFFSET LENGTH: prints them in hex.
bytes() { dd if="$1" bs=1 skip="$2" count="$3" status=none | od -An -v -tx1 | tr -d ' \n'; }
# fit FILE OFFSET LENGTH PLACE: makes the checksum at PLACE of a structure right.
fit() {
  put "$1" $(($2 + $4)) 00000000
  put "$1" $(($2 + $4)) "$(dd if="$1" iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none | od -An -v -tu1 -w1 |
    awk '{ sum += $1 } END { printf "%08x", 4294967295 - sum }')"
}
# made_over CHILD PARENT NAME: turns CHILD into a differencing image, as Hyper-V creates it for a checkpoint, over
# PARENT, which it calls C:\NAME. Its blocks have every sector.
made_over() {
  local end=$(($(stat -c %s "$1") - 512))
  for footer in 0 $end; do
    put "$1" $((footer + 60)) 00000004
    fit "$1" $footer 512 64
  done
  put "$1" $((512 + 40)) "$(bytes "$2" 68 16)"
  put "$1" $((512 + 64)) "$(printf 'C:\\%s' "$3" | iconv -t UTF-16BE | od -An -v -tx1 | tr -d ' \n')"
  fit "$1" 512 1024 36
}

make_image disk.raw 8
mkdir vm
qemu-img convert -f raw -O vpc -o force_size=on disk.raw vm/disk.vhd
qemu-img create -q -f vpc -o force_size=on vm/disk_1.avhd 8M
qemu-io -f vpc -c "write -q -P 9 4M 2M" vm/disk_1.avhd
made_over vm/disk_1.avhd vm/disk.vhd disk.vhd
# What the guest sees.
cp disk.raw guest.raw
qemu-io -f raw -c "write -q -P 9 4M 2M" guest.raw

make_repository
run backup vm/disk_1.avhd --disk web
expect_status 0
expect_no_err
run restore web@latest --to back.vhd
expect_status 0
qemu-img compare -q -f raw -F vpc guest.raw back.vhd || fail "the restored disk is another one"
run info vm/disk_1.avhd
expect_out "differencing"
expect_out "backing file  C:\\\\disk.vhd"
mv vm/disk.vhd vm/renamed.vhd
run backup vm/disk_1.avhd --disk web
expect_status 1
expect_err "disk.vhd"
run convert vm/disk_1.avhd named.raw --backing vm/renamed.vhd
expect_status 0
expect_same guest.raw named.raw

# A fixed disk is restored as a fixed one, also through a pipe and for Azure.
qemu-img convert -f raw -O vpc -o force_size=on,subformat=fixed disk.raw fixed.vhd
run backup fixed.vhd --disk fixed
expect_status 0
run restore fixed@latest --to again.vhd -o uuid=d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11
expect_status 0
cmp -n 8388608 again.vhd disk.raw || fail "a fixed image was expected"
"$VARVE" restore -q fixed@latest --to - -O vpc -o subformat=fixed,uuid=d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11 >piped.vhd ||
  fail "to standard output"
expect_same again.vhd piped.vhd
truncate -s 6M odd.raw
truncate -s +512 odd.raw
run convert odd.raw azure.vhd -o azure=on
expect_status 0
[ "$(stat -c %s azure.vhd)" = $((7 * 1048576 + 512)) ] || fail "not whole MiB"
run convert disk.raw x.vhd -o subformat=dynamic,azure=on
expect_refusal 2 "azure=on conflicts with subformat=dynamic"
run convert disk.raw - -O vpc
expect_refusal 2 "subformat=fixed"
