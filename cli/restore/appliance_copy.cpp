#include "cli/restore/appliance_copy.h"

#include <algorithm>
#include <iterator>

#include "formats/appliance/member_names.h"
#include "formats/appliance/ova_writer.h"
#include "formats/appliance/package_reader.h"
#include "formats/output/output_file.h"

namespace varve {
namespace {

appliance::KeptFiles kept_files(const appliance::PackageReader& package, Progress& progress) {
    std::vector<std::string> warnings;
    appliance::KeptFiles kept;
    for (FileToAttach& file : package.small_files(warnings)) {
        const bool is_descriptor = package.place().path.ends_with('/' + file.name);
        if (is_descriptor)
            kept.descriptor = {std::move(file.name), std::move(file.bytes)};
        else
            kept.others.push_back({std::move(file.name), std::move(file.bytes)});
    }
    for (const std::string& sentence : warnings) progress.warn(sentence);
    return kept;
}

}  // namespace

std::unique_ptr<ImageWriter> create_appliance_copy(const std::string& path, const CreateOptions& options,
                                                   const OpenedImage& source, Progress& progress) {
    appliance::PackagePlan plan(std::string(appliance::stem_of(path)), {{options.virtual_size, source.member}},
                                appliance::parse_creation_options(options.options),
                                kept_files(*source.package, progress));
    for (const std::string& sentence : plan.warnings()) progress.warn(sentence);
    return appliance::create_writer(create_output_file(path, {options.overwrite, options.forbidden}), std::move(plan));
}

}  // namespace varve
