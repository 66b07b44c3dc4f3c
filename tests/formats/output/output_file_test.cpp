#include "formats/output/output_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <csignal>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

using Names = std::vector<std::string>;

const TargetRules refuse{Overwrite::refuse, {}};
const TargetRules force{Overwrite::force, {}};

void put(const std::string& path, std::string_view text, const TargetRules& rules) {
    const auto output = create_output_file(path, rules);
    output->write({}, bytes_of(text));
    output->commit();
}

std::string text_at(const std::string& path) { return std::string(text_of(read_file(path))); }

/// The code of the Error that `action` throws, and its text in `what`.
template <typename Action>
ErrorCode error_of(const Action& action, std::string* what = nullptr) {
    try {
        action();
    } catch (const Error& error) {
        if (what != nullptr) *what = error.what();
        return error.code();
    }
    FAIL("expected an error");
    throw std::logic_error("not reached");
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

mode_t current_umask() {
    const mode_t mask = ::umask(022);
    ::umask(mask);
    return mask;
}

}  // namespace

TEST_CASE("output file: appears complete at commit, with the mode that the umask leaves", "[formats][output]") {
    const ScratchFolder folder;
    const auto output = create_output_file(folder.file("a.raw"), refuse);
    output->write({}, bytes_of("hello"));
    REQUIRE_FALSE(std::filesystem::exists(folder.file("a.raw")));
    output->commit();
    REQUIRE(folder.names() == Names{"a.raw"});
    REQUIRE(text_at(folder.file("a.raw")) == "hello");
    REQUIRE(mode_of(folder.file("a.raw")) == (0666 & ~current_umask()));
}

TEST_CASE("output file: a name without a folder is in the working folder", "[formats][output]") {
    const ScratchFolder folder;
    REQUIRE(in_child([&] {
                if (::chdir(folder.path().c_str()) != 0) return false;
                put("plain", "x", refuse);
                return true;
            }) == 0);
    REQUIRE(folder.names() == Names{"plain"});
}

TEST_CASE("output file: an existing file needs force", "[formats][output]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a");
    write_file(path, bytes_of("old"));
    std::string what;
    REQUIRE(error_of([&] { create_output_file(path, refuse); }, &what) == ErrorCode::refused);
    REQUIRE_THAT(what, ContainsSubstring("--force"));
    REQUIRE(text_at(path) == "old");
    put(path, "new", force);
    REQUIRE(text_at(path) == "new");
    put(folder.file("b"), "fresh", force);
    REQUIRE(folder.names() == Names{"a", "b"});
}

TEST_CASE("output file: a replaced file stays unchanged until commit, and passes on its permissions",
          "[formats][output]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a");
    write_file(path, bytes_of("old"));
    std::filesystem::permissions(path, std::filesystem::perms{0640});
    {
        const auto discarded = create_output_file(path, force);
        discarded->write({}, bytes_of("half"));
    }
    REQUIRE(folder.names() == Names{"a"});
    REQUIRE(text_at(path) == "old");
    put(path, "new", force);
    REQUIRE(mode_of(path) == 0640);
}

TEST_CASE("output file: only the named link of a replaced file changes", "[formats][output]") {
    const ScratchFolder folder;
    write_file(folder.file("a"), bytes_of("old"));
    std::filesystem::create_hard_link(folder.file("a"), folder.file("b"));
    put(folder.file("a"), "new", force);
    REQUIRE(text_at(folder.file("b")) == "old");
}

TEST_CASE("output file: a symbolic link is refused, with force too", "[formats][output]") {
    const ScratchFolder folder;
    write_file(folder.file("target"), bytes_of("old"));
    std::filesystem::create_symlink("target", folder.file("link"));
    std::filesystem::create_symlink("nowhere", folder.file("dangling"));
    for (const auto* name : {"link", "dangling"})
        for (const auto& rules : {refuse, force}) {
            std::string what;
            REQUIRE(error_of([&] { create_output_file(folder.file(name), rules); }, &what) == ErrorCode::refused);
            REQUIRE_THAT(what, ContainsSubstring("symbolic link"));
        }
    REQUIRE(text_at(folder.file("target")) == "old");
    REQUIRE(folder.names() == Names{"dangling", "link", "target"});
}

TEST_CASE("output file: a folder, pipe, socket or character device is refused, with force too", "[formats][output]") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("folder"));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    folder.file("socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    for (const auto& path :
         {folder.file("folder"), folder.file("pipe"), folder.file("socket"), std::string("/dev/null")})
        REQUIRE(error_of([&] { create_output_file(path, force); }) == ErrorCode::refused);
    REQUIRE(error_of([&] { create_output_file(folder.file("folder/."), force); }) == ErrorCode::refused);
    REQUIRE(error_of([&] { create_output_file(folder.file("folder/"), force); }) == ErrorCode::usage);
    REQUIRE(error_of([&] { create_output_file("", force); }) == ErrorCode::usage);
    REQUIRE(error_of([&] { create_output_file(folder.file("absent/a"), force); }) == ErrorCode::not_found);
    REQUIRE(folder.names() == Names{"folder", "pipe", "socket"});
}

TEST_CASE("output file: a forbidden file is refused by any of its names", "[formats][output]") {
    const ScratchFolder folder;
    write_file(folder.file("source"), bytes_of("old"));
    std::filesystem::create_hard_link(folder.file("source"), folder.file("other"));
    const TargetRules rules{Overwrite::force, {medium_identity(folder.file("source")).value()}};
    for (const auto* name : {"source", "other"}) {
        std::string what;
        REQUIRE(error_of([&] { create_output_file(folder.file(name), rules); }, &what) == ErrorCode::refused);
        REQUIRE_THAT(what, ContainsSubstring("is never overwritten"));
    }
    put(folder.file("third"), "x", rules);
    REQUIRE(text_at(folder.file("source")) == "old");
}

TEST_CASE("output file: a file that appears under the name in the meantime is left alone", "[formats][output]") {
    const ScratchFolder folder;
    {
        const auto output = create_output_file(folder.file("a"), refuse);
        write_file(folder.file("a"), bytes_of("other"));
        REQUIRE(error_of([&] { output->commit(); }) == ErrorCode::refused);
    }
    {
        const auto output = create_output_file(folder.file("b"), force);
        std::filesystem::create_symlink("a", folder.file("b"));
        REQUIRE(error_of([&] { output->commit(); }) == ErrorCode::refused);
    }
    REQUIRE(text_at(folder.file("a")) == "other");
    REQUIRE(folder.names() == Names{"a", "b"});
}

TEST_CASE("output file: a folder that was swapped for another gets nothing", "[formats][output]") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("dir"));
    const auto output = create_output_file(folder.file("dir/a"), refuse);
    std::filesystem::rename(folder.file("dir"), folder.file("moved"));
    std::filesystem::create_directory(folder.file("dir"));
    output->commit();
    REQUIRE(std::filesystem::exists(folder.file("moved/a")));
    REQUIRE(std::filesystem::is_empty(folder.file("dir")));
}

TEST_CASE("output file: a commit that fails leaves nothing", "[formats][output]") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("dir"));
    {
        const auto output = create_output_file(folder.file("dir/a"), refuse);
        std::filesystem::remove(folder.file("dir"));
        REQUIRE(error_of([&] { output->commit(); }) == ErrorCode::io);
    }
    REQUIRE(folder.names().empty());
}

TEST_CASE("output file: kill -9 leaves nothing, not even a hidden file", "[formats][output]") {
    const ScratchFolder folder;
    const int status = in_child([&] {
        const auto output = create_output_file(folder.file("a"), refuse);
        output->write({}, bytes_of("half"));
        ::raise(SIGKILL);
        return false;
    });
    REQUIRE(status == -SIGKILL);
    REQUIRE(folder.names().empty());
}

TEST_CASE("output file: without O_TMPFILE the file has a hidden name next to the final one", "[formats][output]") {
    const ScratchFolder folder;
    write_file(folder.file("old"), bytes_of("old"));
    std::filesystem::permissions(folder.file("old"), std::filesystem::perms{0600});
    REQUIRE(in_child([&] {
                lose_o_tmpfile();
                {
                    const auto output = create_output_file(folder.file("a.raw"), refuse);
                    const Names during = folder.names();
                    if (during.size() != 2 || !during[0].starts_with(".a.raw.varve-") || !during[0].ends_with(".tmp"))
                        return false;
                }
                if (folder.names() != Names{"old"}) return false;
                put(folder.file("a.raw"), "new", refuse);
                put(folder.file("old"), "new", force);
                put(folder.file(std::string(255, 'n')), "long", refuse);
                return true;
            }) == 0);
    REQUIRE(folder.names() == Names{"a.raw", std::string(255, 'n'), "old"});
    REQUIRE(text_at(folder.file("old")) == "new");
    REQUIRE(mode_of(folder.file("old")) == 0600);
    REQUIRE(mode_of(folder.file("a.raw")) == (0666 & ~current_umask()));
}

TEST_CASE("output file: without RENAME_NOREPLACE a name is still never replaced", "[formats][output]") {
    const ScratchFolder folder;
    REQUIRE(in_child([&] {
                lose_o_tmpfile();
                lose_renameat2();
                const auto first = create_output_file(folder.file("a"), refuse);
                first->write({}, bytes_of("new"));
                first->commit();
                if (folder.names() != Names{"a"}) return false;
                const auto output = create_output_file(folder.file("b"), refuse);
                write_file(folder.file("b"), bytes_of("other"));
                return error_of([&] { output->commit(); }) == ErrorCode::refused;
            }) == 0);
    REQUIRE(text_at(folder.file("a")) == "new");
    REQUIRE(text_at(folder.file("b")) == "other");
    REQUIRE(folder.names() == Names{"a", "b"});
}
