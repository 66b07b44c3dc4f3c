#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"

make_repository
make_image a.raw 6
make_image b.raw 4 1
uuid=uuid=6000c29b-5c3a-1f4e-8d7c-0123456789ab

# unpack ARCHIVE: unpacks it into the folder `unpacked` and checks the manifest.
unpack() {
  rm -rf unpacked
  mkdir unpacked
  tar -xf "$1" -C unpacked || fail "tar can't read $1"
  (cd unpacked && sha256sum --quiet -c --strict ./*.mf) || fail "the manifest of $1 is wrong"
}
expect_members() { [ "$(tar -tf "$1" | tr '\n' ' ')" = "$2" ] || fail "$1 holds $(tar -tf "$1")"; }
expect_disk() { qemu-img compare -q -f vmdk -F raw "unpacked/$1" "$2" || fail "$1 has other bytes than $2"; }

# An image, converted from one format to the other.
qemu-img convert -f raw -O qcow2 a.raw a.qcow2
run convert a.qcow2 web01.ova
expect_status 0
expect_no_err
expect_members web01.ova "web01.ovf web01.mf web01-disk1.vmdk "
unpack web01.ova
expect_disk web01-disk1.vmdk a.raw
run convert a.qcow2 again.img -O ova -o "manifest=none,name=my machine,$uuid" --json
expect_status 0
expect_json
expect_members again.img "again.ovf again-disk1.vmdk "
tar -xOf again.img again.ovf | grep -q "<Name>my machine</Name>" || fail "the name was not heard"

# Disks without a stored descriptor: one, several that were backed up separately, or a group.
run backup a.qcow2 --disk web01/vda
run backup b.raw --disk web01/vdb
run restore web01/vda@latest --to one.ova --json
expect_status 0
expect_json
expect_out '"disk": "web01/vda"'
expect_out '"target_format": "ova"'
unpack one.ova
expect_disk one-disk1.vmdk a.raw
run restore web01/vdb@latest web01/vda@latest --to two.ova
expect_status 0
expect_no_err
expect_members two.ova "two.ovf two.mf two-disk1.vmdk two-disk2.vmdk "
unpack two.ova
expect_disk two-disk1.vmdk b.raw
expect_disk two-disk2.vmdk a.raw
[ "$(grep -c '<rasd:ResourceType>17<' unpacked/two.ovf)" = 2 ] || fail "the machine does not have two disks"
mkdir again
run restore web01/vdb@latest web01/vda@latest --to same.ova -o "$uuid"
run restore web01/vdb@latest web01/vda@latest --to again/same.ova -o "$uuid"
expect_same same.ova again/same.ova
"$GROUP_BY_HAND" repo web01 2026-11-18T02:00Z web01/vda web01/vdb -- domain.xml '<domain/>' >ids
run restore --group web01@latest --to group.ova
expect_status 0
expect_err "'domain.xml' is not packed"
unpack group.ova
expect_disk group-disk1.vmdk a.raw
expect_disk group-disk2.vmdk b.raw

# A stored descriptor whose disks had other names, sizes and forms in their package.
mkdir source
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized a.raw "source/my disk1.vmdk"
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized b.raw source/disk2.vmdk
printf 'nvram' >source/vm.nvram
cat >source/vm.ovf <<'OVF'
<?xml version="1.0" encoding="UTF-8"?>
<!--of another product-->
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="r" xmlns:vmw="v">
  <References>
    <File ovf:href="my%20disk1.vmdk" ovf:id="f1" ovf:size="5" ovf:chunkSize="3"/>
    <File ovf:href="disk2.vmdk" ovf:id="f2"/>
    <File ovf:href="vm.nvram" ovf:id="f3" ovf:size="1"/>
    <File ovf:href="cd.iso" ovf:id="f4"/>
  </References>
  <DiskSection>
    <Info>i</Info>
    <Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="6" ovf:capacityAllocationUnits="byte * 2^20" ovf:populatedSize="9"/>
    <Disk ovf:diskId="d2" ovf:fileRef="f2" ovf:capacity="1"/>
  </DiskSection>
  <VirtualSystem ovf:id="vm"><Info>i</Info><Name>the kept one</Name>
    <VirtualHardwareSection><Info>i</Info>
      <Item><rasd:ElementName>cd</rasd:ElementName><rasd:HostResource>ovf:/file/f4</rasd:HostResource></Item>
      <vmw:ExtraConfig vmw:key="nvram" vmw:value="ovf:/file/f3"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
OVF
run backup source/disk2.vmdk "source/my disk1.vmdk" --group kept --attach source/vm.ovf --attach source/vm.nvram
expect_status 0
run restore --group kept@latest --to out.ova
expect_status 0
expect_no_err
expect_out "attachment vm.nvram (5 B)"
expect_members out.ova "out.ovf out.mf my_disk1.vmdk disk2.vmdk vm.nvram "
unpack out.ova
expect_disk my_disk1.vmdk a.raw
expect_disk disk2.vmdk b.raw
expect_same unpacked/vm.nvram source/vm.nvram
for text in '<!--of another product-->' '<Name>the kept one</Name>' 'ovf:href="my_disk1.vmdk"' 'ovf:capacity="6"' \
  'ovf:capacity="4194304"' "ovf:size=\"$(stat -c %s unpacked/disk2.vmdk)\"" 'vmw:value="ovf:/file/f3"'; do
  grep -qF -- "$text" unpacked/out.ovf || fail "out.ovf has no $text: $(cat unpacked/out.ovf)"
done
for text in chunkSize populatedSize cd.iso /file/f4; do
  if grep -qF "$text" unpacked/out.ovf; then fail "out.ovf still has $text"; fi
done
run restore --group kept@latest --to json.ova --json
expect_status 0
expect_json
expect_out '"group": "kept"'
expect_out '"name": "vm.ovf"'

# It does not describe one of its disks alone.
run restore disk2@latest --to part.ova
expect_status 0
expect_err "a plain descriptor"
expect_members part.ova "part.ovf part.mf part-disk1.vmdk "

# Attachments of different commits are not used together; nor is either of two descriptors; nor is a hostile one
# that refers to anything outside its XML, and its author learns nothing.
run restore disk2@latest web01/vda@latest --to mixed.ova
expect_status 0
expect_err "not backed up together"
expect_members mixed.ova "mixed.ovf mixed.mf mixed-disk1.vmdk mixed-disk2.vmdk "
cp source/vm.ovf other.ovf
run backup a.qcow2 --disk two-ovf --attach source/vm.ovf --attach other.ovf
run restore two-ovf@latest --to two-ovf.ova
expect_status 0
expect_err "2 descriptors"
echo secret >secret
sed "s#^<Envelope#<!DOCTYPE Envelope [<!ENTITY x SYSTEM \"file://$work/secret\">]>&#; s#the kept one#\&x;#" source/vm.ovf >doctype.ovf
grep -q 'ENTITY' doctype.ovf || fail "the test's own descriptor is wrong"
run backup a.qcow2 --disk doctype --attach doctype.ovf
run restore doctype@latest --to doctype.ova
expect_status 0
expect_err "document type"
if tar -xOf doctype.ova doctype.ovf | grep -qE 'secret|ENTITY'; then fail "the descriptor was followed"; fi

# Into a folder they are restored separately, as in any format.
run restore web01/vda@latest web01/vdb@latest --to folder/ --format ova
expect_status 0
unpack folder/web01/vdb.ova
expect_disk vdb-disk1.vmdk b.raw

# Wrong usage, and impossible requests.
run restore web01/vda@latest --to - --format ova
expect_refusal 2 "not ova"
run convert a.qcow2 - -O ova
expect_refusal 2 "not ova"
run restore web01/vda@latest web01/vdb@latest --to - --format ova
expect_refusal 2 "pass --to DIR/ or --to FILE.ova"
run restore web01/vda@latest web01/vdb@latest --to x.ova --range 0+1M
expect_refusal 2 "--range"
run restore web01/vda@latest --to x.ova -o subformat=streamOptimized
expect_refusal 2 "manifest, adapter_type, uuid, name"
run restore web01/vda@latest --to x.ova -o manifest=MD5
expect_refusal 2 "SHA256, SHA1, SHA512 or none"
run restore web01/vda@latest nothing@latest --to x.ova
expect_refusal 1 "nothing"
truncate -s 1000 odd.raw
run convert odd.raw x.ova
expect_refusal 1 "whole sectors"
run backup odd.raw --disk odd
run restore web01/vda@latest odd@latest --to x.ova
expect_status 1
expect_err "whole sectors"
[ ! -e x.ova ] || fail "something was left"
run restore --group web01@latest --to group.ova
expect_status 1
expect_err "'group.ova' exists"
run restore --group web01@latest --to group.ova --force
expect_status 0
