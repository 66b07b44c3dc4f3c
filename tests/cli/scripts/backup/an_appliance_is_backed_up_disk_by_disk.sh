#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

# descriptor DISK...: an OVF descriptor for files in its folder.
descriptor() {
  local disk
  printf '<?xml version="1.0"?>\n<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"\n'
  printf '  xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">\n<References>\n'
  for disk in "$@"; do printf '<File ovf:id="f-%s" ovf:href="%s"/>\n' "$disk" "$disk"; done
  printf '<File ovf:id="nvram" ovf:href="web01.nvram"/>\n</References>\n<DiskSection><Info>Disks</Info>\n'
  for disk in "$@"; do printf '<Disk ovf:diskId="id-%s" ovf:fileRef="f-%s"/>\n' "$disk" "$disk"; done
  printf '</DiskSection>\n<VirtualSystem ovf:id="web01"><Info>One</Info></VirtualSystem>\n</Envelope>\n'
}

mkdir files
make_image root.raw 8 1
make_image data.raw 6 2
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized root.raw files/root.vmdk
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized data.raw files/data.vmdk
printf 'boot order' >files/web01.nvram
descriptor root.vmdk data.vmdk >files/web01.ovf
(cd files && openssl dgst -sha256 web01.ovf root.vmdk data.vmdk web01.nvram | sed 's/^SHA2-256/SHA256/' >web01.mf)
tar -C files -cf web01.ova web01.ovf web01.mf root.vmdk data.vmdk web01.nvram

# Its contents.
run info web01.ova
expect_status 0
expect_no_err
expect_out "root.vmdk"
expect_out "id-data.vmdk"
run info --json web01.ova
expect_json
expect_golden info_appliance.json
run info web01.ova --member data.vmdk
expect_out "6.0 MiB"

# All disks, as a group named after the appliance, with descriptor and NVRAM.
make_repository
run backup web01.ova --all-disks
expect_status 0
expect_no_err
run restore --group web01@latest --to back/ --format raw
expect_status 0
expect_same back/web01/root.raw root.raw
expect_same back/web01/data.raw data.raw
expect_same back/web01/web01.ovf files/web01.ovf
expect_same back/web01/web01.nvram files/web01.nvram

# Once more, and unpacked: the same disks, nothing new is stored.
run backup web01.ova --all-disks --json
expect_status 0
expect_json
grep -q '"chunks_new": 0' out || fail "a second backup stored something"
run backup web01.ova --all-disks --dry-run
expect_status 0
expect_out "would back up web01/data"
run backup files/web01.ovf --all-disks --disk web01/root --disk web01/data --group web01
expect_status 0
run diff web01/data@~1 web01/data@latest --exit-code
expect_status 0

# One of the disks, under another name; through a pipe, too.
run backup web01.ova --member root.vmdk --disk only
expect_status 0
run verify only@latest --against root.raw
expect_status 0
"$VARVE" convert --format ova --member data.vmdk - piped.raw <web01.ova >out 2>err || fail "the pipe is not read"
expect_same piped.raw data.raw
run compare web01.ova files/web01.ovf --member root.vmdk --member-b root.vmdk
expect_status 0

# Into an appliance again: one disk, with its descriptor.
mkdir one
cp files/root.vmdk files/web01.nvram one
descriptor root.vmdk | sed 's/<Info>One</<Info>The only one</' >one/web01.ovf
run convert one/web01.ovf copy.ova
expect_status 0
expect_no_err
tar -xf copy.ova --to-stdout copy.ovf | grep -q "The only one" || fail "the descriptor did not go along"
tar -xf copy.ova --to-stdout web01.nvram | cmp - files/web01.nvram || fail "the nvram did not go along"
run compare copy.ova root.raw
expect_status 0
run convert one/web01.ovf plain.ova -o descriptor=plain
expect_status 0
tar -xf plain.ova --to-stdout plain.ovf | grep -q "The only one" && fail "the descriptor should be a plain one"
sed -i 's#</VirtualSystem>#<VirtualHardwareSection><Info>x</Info><System><vssd:VirtualSystemType \
  xmlns:vssd="v">virtualbox-2.2</vssd:VirtualSystemType></System></VirtualHardwareSection></VirtualSystem>#' one/web01.ovf
run convert one/web01.ovf box.ova
expect_status 0
expect_err "VirtualBox's hardware (virtualbox-2.2)"
sed 's#ovf/envelope/1#ovf/envelope/2#g' one/web01.ovf >one/web02.ovf
run convert one/web02.ovf box2.ova
expect_status 0
expect_err "OVF 2.0 (http://schemas.dmtf.org/ovf/envelope/2), which VMware refuses: for VMware use -o descriptor=plain"
sed -i 's#</VirtualHardwareSection>#<StorageItem/></VirtualHardwareSection>#' one/web02.ovf
run convert one/web02.ovf box3.ova
expect_err "OVF 2.0 (StorageItem)"
run convert one/web02.ovf box4.ova -o descriptor=plain
expect_status 0
grep -q "OVF 2.0" err && fail "a plain descriptor is not one of OVF 2.0"
run convert web01.ova two.ova --member data.vmdk
expect_status 0
expect_err "gets a plain descriptor"

# Wrong usage.
run backup web01.ova --disk x
expect_refusal 1 "'root.vmdk', 'data.vmdk'; choose one with --member NAME"
run convert web01.ova x.raw
expect_refusal 2 "--member"
run convert web01.ova x.raw --member dato.vmdk
expect_refusal 2 "has no disk 'dato.vmdk'"
run backup root.raw --all-disks
expect_refusal 2 "appliance"
run backup web01.ova --all-disks --disk one
expect_refusal 2 "1 times for 2 disks"
run backup web01.ova --all-disks --member root.vmdk
expect_refusal 2 "cannot be combined"
run backup root.raw --member x --disk y
expect_status 1
expect_err "--member"

# One flipped bit: nothing is committed.
overwrite web01.ova $(($(stat -c %s web01.ova) / 2)) "X"
run list --json
cp out before
run backup web01.ova --all-disks
expect_status 1
expect_err "does not match the manifest"
expect_err "--ignore-manifest"
run list --json
expect_same out before
run convert web01.ova x.raw --member root.vmdk
[ "$status" != 0 ] || run convert web01.ova y.raw --member data.vmdk
expect_refusal 1 "does not match the manifest"
