#include "cli/render/render_plan.h"

#include <fmt/format.h>

#include "cli/render/render_snapshot.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

/// The sentence after "full", "rescan": the reason.
std::string reason_of(const BackupPlan& plan) {
    if (!plan.parent) return "the first backup of this disk: all its data is read";
    const bool is_all = plan.to_read == plan.data;
    return fmt::format("{} read and compared with {}{}", is_all ? "all its data is" : "only what may have changed is",
                       title_of(*plan.parent),
                       plan.chunks_to_audit == 0
                           ? ""
                           : fmt::format(", and up to {} to verify that", counted(plan.chunks_to_audit, "chunk")));
}

/// The word before a file below the named one.
std::string_view place_word(LayerRole role) {
    switch (role) {
        case LayerRole::extent:
        case LayerRole::data_file:
            return "data in";
        case LayerRole::physical_volume:
            return "on";
        case LayerRole::image:
            return "over";
        case LayerRole::package:
            return "in";
    }
    return "";
}

/// A package comes before the image in it.
bool is_first_image(const std::vector<LayerInfo>& layers, std::size_t i) {
    return layers[i].role == LayerRole::image && (i == 0 || layers[i - 1].role == LayerRole::package);
}

std::string layers_text(const std::vector<LayerInfo>& layers) {
    std::string out;
    for (std::size_t i = 0; i < layers.size(); ++i)
        out += fmt::format("  {} {} ({})\n", is_first_image(layers, i) ? "from" : place_word(layers[i].role),
                           escape_for_display(layers[i].path), escape_for_display(layers[i].format));
    return out;
}

std::string one_text(const SourcePlan& source) {
    const BackupPlan& p = source.plan;
    return fmt::format("would back up {}\n{}  read {} of {} ({}): {}\n", escape_for_display(p.disk),
                       layers_text(source.layers), human_size(p.to_read), human_size(p.size),
                       safe_sentence(to_text(p.change_detection)), reason_of(p));
}

Json one_json(const SourcePlan& source) {
    const BackupPlan& p = source.plan;
    Json json;
    json["disk"] = p.disk;
    json["source"] = source.source.path;
    json["format"] = source.source.format;
    json["layers"] = Json::array();
    for (const LayerInfo& layer : source.layers) {
        Json one;
        one["path"] = layer.path;
        one["format"] = layer.format;
        json["layers"].push_back(std::move(one));
    }
    json["size"] = p.size.value;
    json["bytes_to_read"] = p.to_read.value;
    json["chunks_to_audit"] = p.chunks_to_audit;
    json["bytes_data"] = p.data.value;
    json["bytes_zero"] = p.zero.value;
    json["bytes_unallocated"] = p.unallocated.value;
    json["parent"] = p.parent ? Json(p.parent->id.hex()) : Json(nullptr);
    json["change_source"] = to_text(p.change_detection);
    return json;
}

}  // namespace

std::string plan_text(std::span<const SourcePlan> plans) {
    std::string out;
    for (const SourcePlan& plan : plans) out += one_text(plan);
    return out;
}

Json plan_json(std::span<const SourcePlan> plans, std::span<const FailedSource> failed) {
    Json json;
    json["plans"] = Json::array();
    for (const SourcePlan& plan : plans) json["plans"].push_back(one_json(plan));
    json["failed"] = failed_json(failed);
    json["dry_run"] = true;
    return json;
}

}  // namespace varve
