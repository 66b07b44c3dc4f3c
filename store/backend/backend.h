#pragma once
/// The seam to the place that keeps a repository: named immutable objects that appear whole or not at all. Implemented
/// by a local directory (local_backend.h) and by memory (memory_backend.h).
///
/// Names are '/'-joined parts of lower-case letters, digits and '-', none empty (FORMAT.md section 2); another name is
/// a programmer error. All methods are safe from many threads and many programs at once. Failures of the place are
/// Error(io), which leaves open whether the operation happened.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

enum class PutResult {
    stored,  ///< the object is there now, durably
    exists,  ///< somebody's object has the name, durably; nothing was changed
};

/// An object on its way. Nothing of it is visible before commit(); destroyed without commit it leaves nothing.
/// For one thread at a time.
class ObjectUpload {
public:
    virtual ~ObjectUpload() = default;

    virtual void append(ByteView bytes) = 0;
    /// Gives the bytes appended so far their name if it is free; they are durable when it returns `stored`. Called
    /// once.
    virtual PutResult commit() = 0;
};

class Backend {
public:
    virtual ~Backend() = default;

    /// Stores a whole object if its name is free. Durable on return.
    virtual PutResult put_if_absent(const std::string& name, ByteView bytes) = 0;

    /// Begins an object that is too large for memory. The upload must not outlive the backend.
    virtual std::unique_ptr<ObjectUpload> upload(const std::string& name) = 0;

    /// The whole object, or nullopt when there is none. One of more than `bytes_max` bytes is Error(corrupt), and is
    /// not read.
    virtual std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const = 0;

    /// Fills `out` with the object's bytes from `at`. Error(not_found) when there is no such object, Error(corrupt)
    /// when it ends before.
    virtual void get_range(const std::string& name, ByteOffset at, ByteSpan out) const = 0;

    /// The object's length, or nullopt when there is none.
    virtual std::optional<ByteCount> size(const std::string& name) const = 0;

    /// Names that begin with `prefix` and come after `after`, ascending; a listing may lag behind. Foreign files in the
    /// place are listed too.
    virtual std::vector<std::string> list(std::string_view prefix, std::string_view after = {}) const = 0;

    /// What can be seen may be another program's that has not yet synced it: afterwards the object is durable
    /// (FORMAT.md section 10). Error(not_found) when there is none.
    virtual void make_durable(const std::string& name) = 0;

    /// Removes an object; one that is not there is no error.
    virtual void remove(const std::string& name) = 0;

    /// Where `name` lies, for error texts: a path or URL. The empty name is the place itself.
    virtual std::string locate(std::string_view name) const = 0;
};

/// Whether `name` is a name that an object may have.
bool is_object_name(std::string_view name);

}  // namespace varve
