#pragma once
/// Opens the sources of one call of `backup`, with what the log will say of each.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "cli/backup/backup_sources.h"
#include "cli/options/invocation.h"
#include "cli/options/read_errors.h"
#include "engine/backup/backup_request.h"
#include "engine/change/change_source.h"
#include "engine/repository/catalog.h"
#include "formats/open_image.h"

namespace varve {

/// One source, opened.
struct BackupInput {
    BackupSource source;
    OpenOptions opened_as;          ///< opens the same once more
    std::vector<LayerInfo> layers;  ///< its files, the named one first; none of standard input
    std::unique_ptr<ImageReader> image;
    BackupRequest request;
    std::unique_ptr<ChangeSource> change_source;  ///< what request.change_source points to; null: there is none
    std::vector<FileToAttach> attachments;        ///< of an appliance: its descriptor and small files
};

/// What ImageOptions::snapshot calls it, whatever names there are.
std::string id_name(const ImageSnapshot& snapshot);

class BackupInputs {
public:
    /// Borrows both. Throws Error(usage) for options that do not fit.
    BackupInputs(const Invocation& call, Progress& progress);

    /// As the options say. Standard input is kept in `spool_folder`.
    BackupInput open(const BackupSource& source, const std::filesystem::path& spool_folder) const;
    /// An internal snapshot of the image that `input` is, with the snapshot's own time.
    BackupInput open_snapshot(const BackupInput& input, const ImageSnapshot& snapshot) const;

    /// Throws Error(refused) when the disk's newest snapshot was taken from another source (change_policy.h).
    void check_same_source(const Catalog& catalog, const BackupInput& input) const;

private:
    BackupInput open_image(const BackupSource& source, const OpenOptions& options, TimeNs time) const;
    BackupInput described(const BackupSource& source, OpenedImage image, TimeNs time) const;

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
