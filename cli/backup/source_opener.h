#pragma once
/// Opens the sources of one `backup` call, with what the log will record about each.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "cli/backup/named_sources.h"
#include "cli/options/invocation.h"
#include "cli/options/read_errors.h"
#include "engine/backup/backup_request.h"
#include "engine/change/change_source.h"
#include "engine/repository/repository.h"
#include "formats/open_image.h"

namespace varve {

/// One source, opened.
struct OpenedSource {
    NamedSource source;
    OpenOptions opened_as;          ///< opens the same source again
    std::vector<LayerInfo> layers;  ///< its files, the named one first; none for standard input
    std::unique_ptr<ImageReader> image;
    BackupRequest request;
    std::unique_ptr<ChangeSource> change_source;  ///< what request.change_source points to; null: there is none
    std::vector<FileToAttach> attachments;        ///< for an appliance: its descriptor and small files
};

/// Its unambiguous name for ImageOptions::snapshot.
std::string id_name(const ImageSnapshot& snapshot);

class SourceOpener {
public:
    /// Borrows both. Throws Error(usage) for invalid options, and for a --time that lies ahead without --force.
    SourceOpener(const Invocation& call, Progress& progress);

    /// Opens it according to the options. Standard input is copied to `spool_folder`.
    OpenedSource open(const NamedSource& source, const std::filesystem::path& spool_folder) const;
    /// An internal snapshot of the image `input`, with the snapshot's own time.
    OpenedSource open_snapshot(const OpenedSource& input, const ImageSnapshot& snapshot) const;

    /// Throws Error(refused) when the disk's latest snapshot was taken from another source (change_policy.h), and warns
    /// of a clock that seems wrong and of a source that seems to be another disk.
    void check_fits(const Repository& repository, const OpenedSource& input) const;

private:
    OpenedSource open_image(const NamedSource& source, const OpenOptions& options, TimeNs time) const;
    OpenedSource described(const NamedSource& source, OpenedImage image, TimeNs time) const;

    const Invocation& call_;
    Progress& progress_;
    OpenOptions options_;
    std::map<std::string, std::string> tags_;
    ReadErrors read_errors_;
    std::uint32_t audit_chunks_ = audit_chunks_default;
    std::optional<TimeNs> time_;
    TimeNs now_;
};

}  // namespace varve
