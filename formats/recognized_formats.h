#pragma once
/// Formats that varve does not read and refuses by name: disk images, archives, and other files that people keep beside
/// disks. A format that gets its own folder is removed from here.

#include "formats/base/format_descriptor.h"

namespace varve::recognized {

extern const FormatDescriptor bochs;
extern const FormatDescriptor cloop;
extern const FormatDescriptor dmg;
extern const FormatDescriptor ewf;
extern const FormatDescriptor aff;
extern const FormatDescriptor vma;
extern const FormatDescriptor asif;
extern const FormatDescriptor wim;
extern const FormatDescriptor chd;
extern const FormatDescriptor simg;
extern const FormatDescriptor partclone;
extern const FormatDescriptor ctk;
extern const FormatDescriptor vmx;
extern const FormatDescriptor vmware_state;
extern const FormatDescriptor vbox;
extern const FormatDescriptor libvirt_domain;
extern const FormatDescriptor web_page;
extern const FormatDescriptor luks2;
extern const FormatDescriptor lvm2;
extern const FormatDescriptor gzip;
extern const FormatDescriptor xz;
extern const FormatDescriptor zstd;
extern const FormatDescriptor bzip2;
extern const FormatDescriptor lz4;
extern const FormatDescriptor lzop;
extern const FormatDescriptor zip;
extern const FormatDescriptor seven_zip;
extern const FormatDescriptor rar;
extern const FormatDescriptor xva;
extern const FormatDescriptor vagrant_box;
extern const FormatDescriptor tar_archive;

}  // namespace varve::recognized
