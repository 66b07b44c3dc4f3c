#include "formats/snapshot_change_source.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/named_image.h"

namespace varve {
namespace {

constexpr std::string_view kind = "qcow2-snapshots";
constexpr std::string_view token_kind = "qcow2-snapshots-1";

/// Identifies a file and its state: device, inode, size, and both times.
std::string stamp_of(const LayerInfo& layer) {
    struct stat status {};
    if (::stat(layer.path.c_str(), &status) != 0) return "gone";
    return fmt::format("{}:{}:{}:{}.{}:{}.{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

std::string stamps_beneath(const std::vector<LayerInfo>& layers) {
    std::string stamps;
    for (std::size_t i = 1; i < layers.size(); ++i) stamps += (stamps.empty() ? "" : ",") + stamp_of(layers[i]);
    return stamps.empty() ? "-" : stamps;
}

std::unique_ptr<ImageReader> reopen(const std::string& path, const ImageOptions& options, const FormatList& formats) {
    return std::move(open_chain_of(open_named_file(path, options, formats), options, formats).reader);
}

}  // namespace

StateChangeSource::StateChangeSource(std::string path, ImageOptions options, const std::vector<LayerInfo>& layers,
                                     std::string state, const FormatList& formats)
    : path_(std::move(path)),
      options_(std::move(options)),
      formats_(formats),
      state_(std::move(state)),
      beneath_(stamps_beneath(layers)) {
    options_.same_file = layers.front().identity;
}

Bytes StateChangeSource::token() const {
    if (state_.empty()) return {};
    const std::string text = fmt::format("{} {} {}", token_kind, state_, beneath_);
    const ByteView view = bytes_of(text);
    return Bytes(view.begin(), view.end());
}

std::optional<std::string> StateChangeSource::find_state(const std::string& state) const {
    ImageOptions options = options_;
    options.is_for_facts_only = true;
    options.secret = nullptr;
    const std::unique_ptr<ImageReader> opened = reopen(path_, options, formats_);
    for (const ImageSnapshot& snapshot : opened->info().snapshots) {
        options.snapshot = "id:" + snapshot.id;
        if (reopen(path_, options, formats_)->info().state == state) return options.snapshot;
    }
    return std::nullopt;
}

ChangesSince StateChangeSource::changed_since(ByteView token) const {
    const std::string_view text = text_of(token);
    const std::size_t first = text.find(' ');
    const std::size_t second = text.find(' ', first + 1);
    if (text.substr(0, first) != token_kind || second == text.npos) return {};
    if (text.substr(second + 1) != beneath_)
        return {nullptr, "", "a backing file was changed or replaced since the last backup: comparing everything"};
    const auto before = find_state(std::string(text.substr(first + 1, second - first - 1)));
    if (!before)
        return {nullptr, "", "the internal snapshot of the last backup is gone from the image: comparing everything"};
    return {changes_between_states(path_, options_, before, formats_), std::string(kind), ""};
}

std::unique_ptr<ChangeMap> changes_between_states(const std::string& path, const ImageOptions& now,
                                                  const std::optional<std::string>& before_snapshot,
                                                  const FormatList& formats) {
    NamedImage image = open_named_file(path, now, formats);
    const FormatDescriptor& format = formats.at(image.decision.format);
    if (format.changes_between_states == nullptr) return nullptr;
    return format.changes_between_states(std::move(image.file.source), before_snapshot, now.snapshot);
}

}  // namespace varve
