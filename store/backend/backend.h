#pragma once
/// The seam to the place that keeps a repository: named immutable objects that appear whole or not at all. Implemented
/// by a local directory (local_backend.h) and by memory (memory_backend.h).
///
/// Names are '/'-joined parts of lower-case letters, digits and '-', none empty (FORMAT.md section 2); any other name
/// is a programmer error. All methods are safe to call from many threads and many programs at once. Failures of the
/// place are Error(io), after which it is unknown whether the operation took effect.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

enum class PutResult {
    stored,  ///< the object now exists, durably
    exists,  ///< another object has the name, durably; nothing was changed
};

/// An object that is being written. Nothing of it is visible before commit(); destroying it without commit leaves
/// nothing behind. For one thread at a time.
class ObjectUpload {
public:
    virtual ~ObjectUpload() = default;

    virtual void append(ByteView bytes) = 0;
    /// Gives the appended bytes their name if it is free; they are durable when this returns `stored`. Call it once.
    virtual PutResult commit() = 0;
};

class Backend {
public:
    virtual ~Backend() = default;

    /// Stores an object if its name is free. Durable on return.
    virtual PutResult put_if_absent(const std::string& name, ByteView bytes) = 0;

    /// Begins an object that is too large for memory. The upload must not outlive the backend.
    virtual std::unique_ptr<ObjectUpload> upload(const std::string& name) = 0;

    /// The whole object, or nullopt if there is none. An object larger than `bytes_max` is Error(corrupt) and is not
    /// read.
    virtual std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const = 0;

    /// Fills `out` with the object's bytes from `at` on. Error(not_found) if there is no such object, Error(corrupt) if
    /// it ends too early.
    virtual void get_range(const std::string& name, ByteOffset at, ByteSpan out) const = 0;

    /// The object's length, or nullopt if there is none.
    virtual std::optional<ByteCount> size(const std::string& name) const = 0;

    /// Names that begin with `prefix` and come after `after`, ascending; a listing may lag behind. Includes foreign
    /// files.
    virtual std::vector<std::string> list(std::string_view prefix, std::string_view after = {}) const = 0;

    /// Makes a visible object durable: another program may have published it without having synced it yet (FORMAT.md
    /// section 10). Error(not_found) if there is none.
    virtual void make_durable(const std::string& name) = 0;

    /// Removes an object; it is not an error if it does not exist.
    virtual void remove(const std::string& name) = 0;

    /// Where `name` is, for error texts: a path or URL. The empty name means the place itself.
    virtual std::string locate(std::string_view name) const = 0;
};

/// Whether an object may have this name.
bool is_object_name(std::string_view name);

}  // namespace varve
