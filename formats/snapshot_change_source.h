#pragma once
/// The change source `qcow2-snapshots`: what may differ between the state of an image that is open and an internal
/// snapshot of it that was backed up earlier and that the file still has. What lies below the image must be the same
/// files, unchanged, as then.

#include <string>
#include <vector>

#include "engine/change/change_source.h"
#include "formats/open_image.h"

namespace varve {

class StateChangeSource final : public ChangeSource {
public:
    /// `path` and `options` opened the image, `layers` are its files, the image's own first; `state` is the
    /// ImageInfo::state that was read. The path must lead to the same file still when it is asked.
    StateChangeSource(std::string path, OpenOptions options, const std::vector<LayerInfo>& layers, std::string state);

    /// Empty for the active state.
    Bytes token() const override;
    ChangesSince changed_since(ByteView token) const override;

private:
    /// The name ("id:N") of the internal snapshot that is this state; nothing when the file has it no more.
    std::optional<std::string> find_state(const std::string& state) const;

    std::string path_;
    OpenOptions options_;
    std::string state_;
    std::string beneath_;
};

}  // namespace varve
