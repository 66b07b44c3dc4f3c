#pragma once
/// How a backup found out what had changed since its parent snapshot. A plain value; a snapshot record keeps it as a
/// short text (store/FORMAT.md section 8), which is also what people and JSON see.

#include <string>
#include <string_view>

namespace varve {

struct ChangeDetection {
    enum class How {
        full,           ///< a first backup: there was no parent
        rescan,         ///< everything was read and compared by fingerprint
        change_source,  ///< a change source reported it
        wrong_source,   ///< an audit caught the change source lying, so everything was read
    };
    How how = How::full;
    std::string source = {};  ///< kind of the change source ("thin", "qcow2-snapshots", ...); else empty

    friend bool operator==(const ChangeDetection&, const ChangeDetection&) = default;
};

/// "full", "rescan", the kind of the change source, or "rescan, as KIND was wrong".
std::string to_text(const ChangeDetection& detection);

/// The reverse, for any text of a record: to_text() of the result is `text`. The source is untrusted: escape it before
/// showing.
ChangeDetection parse_change_detection(std::string_view text);

}  // namespace varve
