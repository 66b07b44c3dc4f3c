#include "store/backend/local_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fstream>

#include "engine/base/file.h"
#include "store/backend/posix_files.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/forgetful_files.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

using backend_contract::error_of;
using backend_contract::pattern;

mode_t mode_of(const std::string& path) {
    struct stat st {};
    REQUIRE(::lstat(path.c_str(), &st) == 0);
    return st.st_mode & 07777;
}

/// Sets the umask for one scope.
class Umask {
public:
    explicit Umask(mode_t mask) : before_(::umask(mask)) {}
    ~Umask() { ::umask(before_); }
    Umask(const Umask&) = delete;
    Umask& operator=(const Umask&) = delete;

private:
    mode_t before_;
};

/// What a writer did before power failed, and what was reported to it as durable.
struct Promises {
    std::map<std::string, Bytes> stored;

    void put(Backend& backend, const std::string& name, const Bytes& bytes) {
        backend.put_if_absent(name, bytes);
        stored[name] = bytes;
    }
    void upload(Backend& backend, const std::string& name, const Bytes& bytes) {
        const auto object = backend.upload(name);
        object->append(ByteView(bytes).first(bytes.size() / 2));
        object->append(ByteView(bytes).subspan(bytes.size() / 2));
        object->commit();
        stored[name] = bytes;
    }
};

const std::map<std::string, Bytes>& workload() {
    static const std::map<std::string, Bytes> objects = {
        {"config", pattern(50, 1)},
        {"log/0000000000000001", pattern(90, 2)},
        {"log/0000000000000002", pattern(91, 3)},
        {"packs/0a/0a1", pattern(500, 4)},
        {"packs/0a/0a2", pattern(501, 5)},
        {"packs/ff/ff1", pattern(502, 6)},
    };
    return objects;
}

void run_workload(Backend& backend, Promises& promises) {
    for (const auto& [name, bytes] : workload()) {
        if (name.starts_with("packs/")) {
            promises.upload(backend, name, bytes);
        } else {
            promises.put(backend, name, bytes);
        }
        promises.put(backend, "config", pattern(50, 1));  // taken: still durable when it answers
    }
}

void require_kept(const Backend& backend, const Promises& promises) {
    for (const auto& [name, bytes] : promises.stored) REQUIRE(backend.get(name, {1000}) == bytes);
    for (const std::string& name : backend.list("")) REQUIRE(backend.get(name, {1000}) == workload().at(name));
}

/// Runs the workload with a power failure at operation `n`; false if it ended before.
bool lose_power_at(std::uint64_t n, FailingOperation failing, Survival survival) {
    ForgetfulDisk disk;
    Promises promises;
    disk.fail_at(n, failing);
    {
        LocalBackend backend(disk.mount());
        try {
            run_workload(backend, promises);
        } catch (const Error&) {
            REQUIRE(disk.has_failed());
        }
    }
    const bool has_failed = disk.has_failed();
    disk.crash(survival, static_cast<std::uint32_t>(n));
    LocalBackend after(disk.mount());
    require_kept(after, promises);
    run_workload(after, promises);
    disk.crash(Survival::nothing, 0);
    require_kept(LocalBackend(disk.mount()), promises);
    return has_failed;
}

}  // namespace

TEST_CASE("the local backend keeps everything it reported as durable when power fails at any operation",
          "[store][local]") {
    for (const Survival survival : {Survival::nothing, Survival::names_only, Survival::everything, Survival::by_chance})
        for (const FailingOperation failing : {FailingOperation::not_done, FailingOperation::done}) {
            std::uint64_t n = 1;
            while (lose_power_at(n, failing, survival)) ++n;
            REQUIRE(n > 40);
        }
}

TEST_CASE("files are 0600 and folders 0700 whatever the umask", "[store][local]") {
    for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0277}}) {
        const TemporaryFolder folder;
        const std::string root = folder / "repository";
        const Umask umask(mask);
        LocalBackend::create(root)->put_if_absent("packs/0a/0a1", pattern(5, 1));
        LocalBackend(open_posix_files(root, UnnamedKind::named)).put_if_absent("packs/0b/0b1", pattern(5, 1));
        REQUIRE(mode_of(root) == 0700);
        for (const char* name : {"/packs", "/packs/0a", "/packs/0b", "/tmp"}) REQUIRE(mode_of(root + name) == 0700);
        for (const char* name : {"/packs/0a/0a1", "/packs/0b/0b1"}) REQUIRE(mode_of(root + name) == 0600);
        REQUIRE(std::filesystem::is_empty(root + "/tmp"));
    }
}

TEST_CASE("an existing repository folder is made private only if it is empty", "[store][local]") {
    const TemporaryFolder folder;
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    std::ofstream(folder / "somebodys-file") << "x";
    LocalBackend::create(folder.path().string());
    REQUIRE(mode_of(folder.path().string()) == 0755);
    std::filesystem::remove(folder / "somebodys-file");
    LocalBackend::create(folder.path().string());
    REQUIRE(mode_of(folder.path().string()) == 0700);
    LocalBackend::create(folder / "with/its/parents");
    CHECK(mode_of(folder / "with/its/parents") == 0700);
    REQUIRE(error_of([&] { LocalBackend::open(folder / "absent"); }) == ErrorCode::not_found);
}

TEST_CASE("symbolic links inside a repository are not followed", "[store][local]") {
    const TemporaryFolder folder;
    const std::string root = folder / "repository";
    const auto backend = LocalBackend::create(root);
    std::filesystem::create_directory(folder / "elsewhere");
    std::ofstream(folder / "elsewhere/0a1") << "secret";
    backend->put_if_absent("packs/0b/0b1", pattern(5, 1));
    std::filesystem::create_directory_symlink(folder / "elsewhere", root + "/packs/0a");
    std::filesystem::create_symlink(folder / "elsewhere/0a1", root + "/packs/0b/0b2");
    std::filesystem::create_symlink(folder / "nowhere", root + "/packs/0b/0b3");
    std::array<std::byte, 3> three;
    for (const char* name : {"packs/0a/0a1", "packs/0b/0b2"}) {
        REQUIRE(error_of([&] { (void)backend->get(name, {100}); }) == ErrorCode::refused);
        REQUIRE(error_of([&] { backend->get_range(name, {}, three); }) == ErrorCode::refused);
    }
    REQUIRE(error_of([&] { backend->put_if_absent("packs/0a/0a9", pattern(1, 1)); }) == ErrorCode::refused);
    REQUIRE(backend->put_if_absent("packs/0b/0b3", pattern(1, 1)) == PutResult::exists);
    REQUIRE_FALSE(std::filesystem::exists(folder / "elsewhere/0a9"));
    REQUIRE_FALSE(std::filesystem::exists(folder / "nowhere"));
}

TEST_CASE("anything but a regular file is not read", "[store][local]") {
    const TemporaryFolder folder;
    const auto backend = LocalBackend::open(folder.path().string());
    REQUIRE(::mkfifo((folder / "config").c_str(), 0600) == 0);
    REQUIRE(error_of([&] { (void)backend->get("config", {100}); }) == ErrorCode::refused);
}

TEST_CASE("named temporaries of killed writers are removed after a day, but not those in use", "[store][local]") {
    const TemporaryFolder folder;
    const std::string root = folder.path().string();
    LocalBackend writer(open_posix_files(root, UnnamedKind::named));
    const auto in_use = writer.upload("packs/0a/0a1");
    in_use->append(pattern(10, 1));
    const std::string dead_old = root + "/tmp/00000000000000000000000000000001";
    const std::string dead_new = root + "/tmp/00000000000000000000000000000002";
    std::ofstream(dead_old) << "x";
    std::ofstream(dead_new) << "x";
    const timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
    for (const auto& entry : std::filesystem::directory_iterator(root + "/tmp"))
        if (entry.path() != dead_new) REQUIRE(::utimensat(AT_FDCWD, entry.path().c_str(), long_ago, 0) == 0);

    LocalBackend(open_posix_files(root)).put_if_absent("config", pattern(1, 1));
    REQUIRE_FALSE(std::filesystem::exists(dead_old));
    REQUIRE(std::filesystem::exists(dead_new));
    REQUIRE(in_use->commit() == PutResult::stored);
    REQUIRE(writer.size("packs/0a/0a1") == ByteCount{10});
}

TEST_CASE("more files can be read in turn than are kept open", "[store][local]") {
    const TemporaryFolder folder;
    const auto backend = LocalBackend::open(folder.path().string());
    for (unsigned i = 0; i < 200; ++i) backend->put_if_absent("packs/0a/" + std::to_string(i), pattern(20, i));
    for (unsigned round = 0; round < 2; ++round)
        for (unsigned i = 0; i < 200; ++i) {
            Bytes bytes(20);
            backend->get_range("packs/0a/" + std::to_string(i), {}, bytes);
            REQUIRE(bytes == pattern(20, i));
        }
    const auto descriptors =
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
    REQUIRE(descriptors < 120);
}

}  // namespace varve
