#include "formats/appliance/manifest.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/hex.h"
#include "formats/appliance/error.h"
#include "formats/base/excerpt.h"

namespace varve::appliance {
namespace {

constexpr std::size_t lines_max = 65536;

struct AlgorithmWord {
    std::string_view in_upper_case;
    DigestAlgorithm algorithm;
};

/// The names with a 2 before the hyphen are printed by the tool of OpenSSL 3.
constexpr std::array algorithm_words{
    AlgorithmWord{"SHA1", DigestAlgorithm::sha1},       AlgorithmWord{"SHA-1", DigestAlgorithm::sha1},
    AlgorithmWord{"SHA256", DigestAlgorithm::sha256},   AlgorithmWord{"SHA-256", DigestAlgorithm::sha256},
    AlgorithmWord{"SHA2-256", DigestAlgorithm::sha256}, AlgorithmWord{"SHA512", DigestAlgorithm::sha512},
    AlgorithmWord{"SHA-512", DigestAlgorithm::sha512},  AlgorithmWord{"SHA2-512", DigestAlgorithm::sha512},
};

std::optional<DigestAlgorithm> algorithm_of(std::string_view word) {
    std::string upper(word);
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const auto* known = std::ranges::find(algorithm_words, std::string_view(upper), &AlgorithmWord::in_upper_case);
    return known == algorithm_words.end() ? std::nullopt : std::optional(known->algorithm);
}

std::string_view without_own_folder(std::string_view name) {
    while (name.starts_with("./")) name.remove_prefix(2);
    return name;
}

struct Line {
    std::string_view algorithm, file, digest;
};

/// "ALGORITHM(FILE)= DIGEST". The file's name may hold parentheses and equals signs, the digest may not.
std::optional<Line> split_line(std::string_view line) {
    const std::size_t open = line.find('(');
    const std::size_t equals = line.rfind('=');
    if (open == std::string_view::npos || equals == std::string_view::npos || equals < open) return std::nullopt;
    const std::string_view before = trim(line.substr(0, equals));
    if (before.back() != ')' || before.size() < open + 3) return std::nullopt;
    return Line{trim(before.substr(0, open)), before.substr(open + 1, before.size() - open - 2),
                trim(line.substr(equals + 1))};
}

/// Parses one text. For one use.
class ManifestParser {
public:
    ManifestParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    Manifest parse() {
        if (text_.size() > manifest_bytes_max.value)
            throw refused(where_, fmt::format("expected a manifest of at most {} bytes, found {}",
                                              manifest_bytes_max.value, text_.size()));
        if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
        while (!text_.empty()) {
            const std::size_t end = text_.find('\n');
            ++line_;
            if (const std::string_view line = trim(text_.substr(0, end)); !line.empty()) take_line(line);
            text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
        }
        return std::move(result_);
    }

private:
    void take_line(std::string_view line);
    void keep(ManifestEntry entry);
    [[noreturn]] void fail(std::string_view what) const {
        throw corrupt(fmt::format("{}, line {}", where_, line_), what);
    }

    std::string_view text_;
    const std::string& where_;
    std::size_t line_ = 0;
    std::size_t lines_taken_ = 0;
    std::map<std::pair<std::string, DigestAlgorithm>, std::size_t> known_;
    Manifest result_;
};

void ManifestParser::take_line(std::string_view line) {
    if (++lines_taken_ > lines_max) throw refused(where_, fmt::format("expected at most {} lines", lines_max));
    const auto parts = split_line(line);
    if (!parts || parts->algorithm.empty())
        fail(fmt::format("expected 'SHA256(file)= digest', found '{}'", excerpt(line)));
    const auto algorithm = algorithm_of(parts->algorithm);
    if (!algorithm) {
        result_.warnings.push_back(fmt::format("{}, line {}: '{}' can't be checked: unknown algorithm '{}'", where_,
                                               line_, excerpt(parts->file), excerpt(parts->algorithm)));
        return;
    }
    Bytes digest(digest_bytes(*algorithm));
    if (!from_hex(parts->digest, digest))
        fail(fmt::format("expected {} hexadecimal digits of {}, found '{}'", 2 * digest.size(), name_of(*algorithm),
                         excerpt(parts->digest)));
    keep({std::string(parts->file), *algorithm, std::move(digest)});
}

void ManifestParser::keep(ManifestEntry entry) {
    const auto [known, is_new] = known_.emplace(std::pair(entry.file, entry.algorithm), result_.entries.size());
    if (is_new) {
        result_.entries.push_back(std::move(entry));
    } else if (result_.entries[known->second].digest != entry.digest) {
        fail(fmt::format("expected one {} of '{}', found a second one that differs", name_of(entry.algorithm),
                         excerpt(entry.file)));
    }
}

}  // namespace

const ManifestEntry* Manifest::find(std::string_view file) const {
    const ManifestEntry* best = nullptr;
    bool is_best_exact = false;
    file = without_own_folder(file);
    for (const ManifestEntry& entry : entries) {
        const std::string_view name = without_own_folder(entry.file);
        if (!equals_ignoring_case(name, file)) continue;
        const bool is_exact = name == file;
        const auto rank = [](bool exact, const ManifestEntry& of) { return std::pair(exact, of.algorithm); };
        if (best != nullptr && rank(is_exact, entry) <= rank(is_best_exact, *best)) continue;
        best = &entry;
        is_best_exact = is_exact;
    }
    return best;
}

Manifest parse_manifest(ByteView text, const std::string& where) {
    return ManifestParser(text_of(text), where).parse();
}

std::string manifest_line(const ManifestEntry& entry) {
    return fmt::format("{}({})= {}\n", name_of(entry.algorithm), entry.file, to_hex(entry.digest));
}

std::size_t manifest_line_bytes(DigestAlgorithm algorithm, const std::string& file) {
    return manifest_line({file, algorithm, Bytes(digest_bytes(algorithm))}).size();
}

}  // namespace varve::appliance
