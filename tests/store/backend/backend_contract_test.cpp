#include "store/backend/backend.h"

#include "store/backend/local_backend.h"
#include "store/backend/posix_files.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/forgetful_files.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

/// A local backend with its own folder, which is removed with it.
class OwnFolderBackend final : public Backend {
public:
    explicit OwnFolderBackend(UnnamedKind kind) : inner_(open_posix_files(folder_.path().string(), kind)) {}
    PutResult put_if_absent(const std::string& name, ByteView bytes) override {
        return inner_.put_if_absent(name, bytes);
    }
    std::unique_ptr<ObjectUpload> upload(const std::string& name) override { return inner_.upload(name); }
    std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const override {
        return inner_.get(name, bytes_max);
    }
    void get_range(const std::string& name, ByteOffset at, ByteSpan out) const override {
        inner_.get_range(name, at, out);
    }
    std::optional<ByteCount> size(const std::string& name) const override { return inner_.size(name); }
    std::vector<std::string> list(std::string_view prefix, std::string_view after) const override {
        return inner_.list(prefix, after);
    }
    void make_durable(const std::string& name) override { inner_.make_durable(name); }
    void remove(const std::string& name) override { inner_.remove(name); }
    std::string locate(std::string_view name) const override { return inner_.locate(name); }

private:
    TemporaryFolder folder_;
    LocalBackend inner_;
};

/// A fault backend without a fault.
class HealthyFaultBackend {
public:
    static std::unique_ptr<Backend> make() {
        static MemoryBackend inner;
        for (const std::string& name : inner.list("", "")) inner.remove(name);
        return std::make_unique<FaultBackend>(inner);
    }
};

}  // namespace

TEST_CASE("the memory backend meets the backend contract", "[store][backend][pipeline]") {
    backend_contract::run([] { return std::make_unique<MemoryBackend>(); });
}

TEST_CASE("the local backend meets the backend contract", "[store][backend][pipeline]") {
    backend_contract::run([] { return std::make_unique<OwnFolderBackend>(UnnamedKind::automatic); });
}

TEST_CASE("the local backend without O_TMPFILE meets the backend contract", "[store][backend][pipeline]") {
    backend_contract::run([] { return std::make_unique<OwnFolderBackend>(UnnamedKind::named); });
}

TEST_CASE("the local backend on a file system without hard links meets the backend contract",
          "[store][backend][pipeline]") {
    backend_contract::run([] { return std::make_unique<OwnFolderBackend>(UnnamedKind::renamed); });
}

TEST_CASE("the local backend over the forgetful file system meets the backend contract", "[store][backend]") {
    backend_contract::run([] { return std::make_unique<LocalBackend>(ForgetfulDisk().mount()); },
                          backend_contract::Threads::one);
}

TEST_CASE("the fault backend without a fault meets the backend contract", "[store][backend]") {
    backend_contract::run(&HealthyFaultBackend::make);
}

TEST_CASE("object names that could lead out of the repository are not accepted", "[store][backend]") {
    for (const char* good : {"config", "log/0000000000000001", "packs/0a/0a00", "tmp/x-1"})
        REQUIRE(is_object_name(good));
    for (const char* bad :
         {"", "/", "/log", "log/", "log//1", "../x", "log/..", "log/.", "Log", "a b", "log/\n", "caf\xc3\xa9"})
        REQUIRE_FALSE(is_object_name(bad));
}

}  // namespace varve
