#include "formats/registry.h"

#include "formats/appliance/format.h"
#include "formats/qcow2/format.h"
#include "formats/raw/format.h"
#include "formats/recognized_formats.h"
#include "formats/vdi/format.h"
#include "formats/vmdk/format.h"

namespace varve {

const FormatList& format_registry() {
    static const FormatList formats{
        &raw::descriptor(),        //
        &recognized::qcow,         //
        &qcow2::descriptor(),      //
        &recognized::qed,          //
        &vmdk::descriptor(),       //
        &recognized::vpc,          // before vdi: a VHD's checksum is where a VDI's magic is
        &recognized::vhdx,         //
        &vdi::descriptor(),        //
        &appliance::descriptor(),  //
        &recognized::parallels,    //
        &recognized::cow,          //
        &recognized::luks,         //
        &recognized::lvm2,         //
        &recognized::gzip,         //
        &recognized::xz,           //
        &recognized::zstd,         //
        &recognized::bzip2,        //
    };
    return formats;
}

}  // namespace varve
