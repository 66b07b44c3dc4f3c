#include "formats/registry.h"

#include "formats/appliance/format.h"
#include "formats/luks/format.h"
#include "formats/parallels/format.h"
#include "formats/qcow1/format.h"
#include "formats/qcow2/format.h"
#include "formats/qed/format.h"
#include "formats/raw/format.h"
#include "formats/recognized_formats.h"
#include "formats/uml_cow/format.h"
#include "formats/vdi/format.h"
#include "formats/vhd/format.h"
#include "formats/vhdx/format.h"
#include "formats/vmdk/format.h"

namespace varve {

const FormatList& format_registry() {
    static const FormatList formats{
        &raw::descriptor(),        //
        &qcow1::descriptor(),      //
        &qcow2::descriptor(),      //
        &qed::descriptor(),        //
        &vmdk::descriptor(),       //
        &vhd::descriptor(),        // before vdi: a VHD's checksum is where a VDI's magic is
        &vhdx::descriptor(),       //
        &vdi::descriptor(),        //
        &appliance::descriptor(),  //
        &luks::descriptor(),       //
        &uml_cow::descriptor(),    //
        &parallels::descriptor(),  //
        &recognized::bochs,       &recognized::cloop,        &recognized::dmg,         &recognized::ewf,
        &recognized::aff,         &recognized::vma,          &recognized::asif,        &recognized::wim,
        &recognized::chd,         &recognized::simg,         &recognized::partclone,   &recognized::ctk,
        &recognized::vmx,         &recognized::vmware_state, &recognized::vbox,        &recognized::libvirt_domain,
        &recognized::web_page,    &recognized::luks2,        &recognized::lvm2,        &recognized::gzip,
        &recognized::xz,          &recognized::zstd,         &recognized::bzip2,       &recognized::lz4,
        &recognized::lzop,        &recognized::zip,          &recognized::seven_zip,   &recognized::rar,
        &recognized::xva,         &recognized::vagrant_box,  &recognized::tar_archive,
    };
    return formats;
}

}  // namespace varve
