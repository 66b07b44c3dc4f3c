#pragma once
/// The change source `qcow2-snapshots`: what may differ between the open state of an image and an internal snapshot of
/// it that was backed up earlier and still exists in the file. The files below the image must be the same as then, and
/// unchanged.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/change/change_map.h"
#include "engine/change/change_source.h"
#include "formats/chain/opened_image.h"
#include "formats/registry.h"

namespace varve {

class StateChangeSource final : public ChangeSource {
public:
    /// The image was opened with `path` and `options`; `layers` are its files, the image itself first; `state` is the
    /// ImageInfo::state that was read. The path must still lead to the same file in later calls.
    StateChangeSource(std::string path, ImageOptions options, const std::vector<LayerInfo>& layers, std::string state,
                      const FormatList& formats);

    /// Empty for the active state.
    Bytes token() const override;
    ChangesSince changed_since(ByteView token) const override;

private:
    /// The name ("id:N") of the internal snapshot with this state; nothing when the file no longer has it.
    std::optional<std::string> find_state(const std::string& state) const;

    std::string path_;
    ImageOptions options_;
    const FormatList& formats_;
    std::string state_;
    std::string beneath_;
};

/// What may differ between two states of the one file at `path`: the one that `now` opens, and the internal snapshot
/// `before_snapshot`, named as in ImageOptions::snapshot (none: the active state). Null if the format does not show
/// this (raw, an external data file). Valid only while the file and its backing files do not change; two runs saw the
/// same snapshot only if its ImageInfo::state is the same in both. Throws what open_image_chain() throws. No backing
/// file is opened.
std::unique_ptr<ChangeMap> changes_between_states(const std::string& path, const ImageOptions& now,
                                                  const std::optional<std::string>& before_snapshot,
                                                  const FormatList& formats = format_registry());

}  // namespace varve
