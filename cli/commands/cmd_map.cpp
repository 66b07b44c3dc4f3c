#include <optional>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/options/image_options.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/image/extent_walk.h"

namespace varve {
namespace {

/// Prints extents one by one: a map can have more of them than memory should hold.
class MapPrinter {
public:
    MapPrinter(Console& console, bool as_json) : console_(console) {
        if (as_json)
            array_.emplace(console, "extents");
        else
            console_.print(fmt::format("{:>16}  {:>16}  {}\n", "OFFSET", "LENGTH", "KIND"));
    }

    void print(const Extent& e) {
        const auto kind = to_string(e.kind);
        if (array_)
            array_->add(fmt::format("{{\"offset\": {}, \"length\": {}, \"kind\": \"{}\"}}", e.begin.value,
                                    e.length.value, kind));
        else
            console_.print(fmt::format("{:>16}  {:>16}  {}\n", e.begin.value, e.length.value, kind));
    }

    /// `error` is why the map ends too early, if it does: the document is whole all the same.
    void finish(const Error* error = nullptr) {
        if (!array_) return;
        Json fields = Json::object();
        if (error != nullptr) fields["error"] = error_json(*error);
        array_->finish(fields);
    }

private:
    Console& console_;
    std::optional<JsonArrayPrinter> array_;
};

/// Prints extents, merging neighbours of one kind.
void walk(const ImageReader& image, const std::stop_token& stop, MapPrinter& printer) {
    Extent run;
    for_each_extent(image, whole_disk(image), [&](const Extent& extent) {
        throw_if_stopped(stop);
        if (extent.kind == run.kind) {
            run.length += extent.length;
            return;
        }
        if (run.length.value != 0) printer.print(run);
        run = extent;
    });
    if (run.length.value != 0) printer.print(run);
}

ExitStatus run_map(const Invocation& call) {
    ProgressBar progress(call.console, BarMode::never);
    const auto image =
        open_named_image(call.arguments.operands()[0], image_options(call, LiveImage::warn), progress).reader;
    MapPrinter printer(call.console, call.arguments.has("json"));
    try {
        walk(*image, call.stop, printer);
    } catch (const Error& error) {
        printer.finish(&error);
        throw;
    }
    printer.finish();
    return ExitStatus::done;
}

}  // namespace

Verb map_verb() {
    return {"map",
            "IMAGE",
            "show which parts of a disk image hold data",
            "Lists the runs of guest bytes of an image and their kind: data, zero (explicitly\n"
            "zero) or unallocated (never written in the image or any of its backing files).",
            "varve map web01.qcow2",
            {1, 1, UsesRepository::no, image_option_specs()},
            run_map};
}

}  // namespace varve
