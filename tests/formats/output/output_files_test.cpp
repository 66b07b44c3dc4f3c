#include "formats/output/output_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <csignal>

#include "engine/base/error.h"
#include "formats/output/output_file.h"
#include "formats/output/staged_file.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

using Names = std::vector<std::string>;

const TargetRules refuse{Overwrite::refuse, {}};
const TargetRules force{Overwrite::force, {}};
const Names three{"a-1", "a-2", "a-3"};

void put_part(OutputFiles& files, std::size_t number, std::string_view text) {
    const auto part = files.begin_part(number);
    part->write({}, bytes_of(text));
    part->commit();
}

void put_parts(OutputFiles& files, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) put_part(files, i, "part " + std::to_string(i));
}

std::string text_at(const std::string& path) { return std::string(text_of(read_file(path))); }

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

/// The text of the Error(refused) that `action` throws.
template <typename Action>
std::string refusal_of(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::refused);
        return error.what();
    }
    FAIL("expected an error");
    throw std::logic_error("not reached");
}

Names many_names(std::size_t count) {
    Names names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("a-" + std::to_string(1000 + i));
    return names;
}

/// The number of the descriptor under which this process holds `folder` open.
int fd_of_folder(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        if (std::filesystem::read_symlink(entry, ignored) == std::filesystem::canonical(folder))
            return std::stoi(entry.path().filename().string());
    }
    return -1;
}

}  // namespace

TEST_CASE("output files: all appear at commit, none before", "[vmdk-files][output]") {
    const ScratchFolder folder;
    const auto files = create_output_files(folder.file("a"), three, refuse);
    put_part(*files, 1, "second");
    put_part(*files, 0, "first");
    put_part(*files, 2, "");
    REQUIRE(folder.names().empty());
    files->commit(bytes_of("head"));
    REQUIRE(folder.names() == Names{"a", "a-1", "a-2", "a-3"});
    CHECK(text_at(folder.file("a")) == "head");
    CHECK(text_at(folder.file("a-1")) == "first");
    CHECK(text_at(folder.file("a-2")) == "second");
    CHECK(text_at(folder.file("a-3")).empty());
    CHECK(files->bytes_written() == ByteCount{15});
}

TEST_CASE("output files: unwinding at any point leaves nothing", "[vmdk-files][output]") {
    const ScratchFolder folder;
    for (std::size_t finished = 0; finished <= 3; ++finished) {
        const auto files = create_output_files(folder.file("a"), three, refuse);
        put_parts(*files, finished);
        if (finished < 3) files->begin_part(finished)->write({}, bytes_of("half"));
    }
    REQUIRE(folder.names().empty());
}

TEST_CASE("output files: a name that is taken is refused before anything is written, that of a part even with force",
          "[vmdk-files][output]") {
    const ScratchFolder folder;
    write_file(folder.file("a"), bytes_of("old"));
    CHECK_THAT(refusal_of([&] { create_output_files(folder.file("a"), three, refuse); }), ContainsSubstring("--force"));
    for (const std::string& name : three) {
        const ScratchFolder other;
        write_file(other.file(name), bytes_of("old part"));
        for (const TargetRules& rules : {refuse, force}) {
            const std::string what = refusal_of([&] { create_output_files(other.file("a"), three, rules); });
            CHECK_THAT(what, ContainsSubstring("'" + other.file(name) + "' exists") && ContainsSubstring("remove it"));
        }
        CHECK(text_at(other.file(name)) == "old part");
        CHECK(other.names() == Names{name});
    }
    CHECK(folder.names() == Names{"a"});
}

TEST_CASE("output files: a symbolic link is neither followed nor replaced under any of the names",
          "[vmdk-files][output]") {
    for (const std::string name : {"a", "a-1", "a-3"}) {
        const ScratchFolder folder;
        write_file(folder.file("target"), bytes_of("old"));
        std::filesystem::create_symlink("target", folder.file(name));
        refusal_of([&] { create_output_files(folder.file("a"), three, force); });
        std::filesystem::remove(folder.file(name));
        const auto files = create_output_files(folder.file("a"), three, force);
        put_parts(*files, 3);
        std::filesystem::create_symlink("target", folder.file(name));
        refusal_of([&] { files->commit(bytes_of("head")); });
        CHECK(text_at(folder.file("target")) == "old");
        CHECK(folder.names() == Names{name, "target"});
    }
}

TEST_CASE("output files: force replaces the head only, and all files get its permissions", "[vmdk-files][output]") {
    const ScratchFolder folder;
    write_file(folder.file("a"), bytes_of("old"));
    std::filesystem::permissions(folder.file("a"), std::filesystem::perms{0600});
    {
        const auto discarded = create_output_files(folder.file("a"), three, force);
        put_parts(*discarded, 3);
    }
    REQUIRE(text_at(folder.file("a")) == "old");
    const auto files = create_output_files(folder.file("a"), three, force);
    put_parts(*files, 3);
    files->commit(bytes_of("new"));
    REQUIRE(text_at(folder.file("a")) == "new");
    for (const std::string name : {"a", "a-1", "a-2", "a-3"}) CHECK(mode_of(folder.file(name)) == 0600);
    refusal_of([&] { create_output_files(folder.file("a"), three, force); });
}

TEST_CASE("output files: a name that is taken in the meantime is left alone, and all files of the image go",
          "[vmdk-files][output]") {
    for (const bool loses_o_tmpfile : {false, true})
        for (const std::string name : {"a-1", "a-2", "a-3", "a"})
            for (const TargetRules& rules : {refuse, force}) {
                CAPTURE(name, loses_o_tmpfile);
                const ScratchFolder folder;
                REQUIRE(in_child([&] {
                            if (loses_o_tmpfile) lose_o_tmpfile();
                            const auto files = create_output_files(folder.file("a"), three, rules);
                            put_parts(*files, 3);
                            write_file(folder.file(name), bytes_of("other"));
                            const std::string what = refusal_of([&] { files->commit(bytes_of("head")); });
                            return what.find("'" + folder.file(name) + "' appeared") != std::string::npos;
                        }) == 0);
                CHECK(folder.names() == Names{name});
                CHECK(text_at(folder.file(name)) == "other");
            }
}

TEST_CASE("output files: an old head stays when a part's name is taken in the meantime", "[vmdk-files][output]") {
    const ScratchFolder folder;
    write_file(folder.file("a"), bytes_of("old"));
    {
        const auto files = create_output_files(folder.file("a"), three, force);
        put_parts(*files, 3);
        write_file(folder.file("a-3"), bytes_of("other"));
        refusal_of([&] { files->commit(bytes_of("head")); });
    }
    CHECK(folder.names() == Names{"a", "a-3"});
    CHECK(text_at(folder.file("a")) == "old");
    CHECK(text_at(folder.file("a-3")) == "other");
}

// The head gets its name last: when the sync before that fails, all parts have their names.
TEST_CASE("output files: a folder that can't be synced gets no head, and no part stays", "[vmdk-files][output]") {
    const ScratchFolder folder;
    write_file(folder.file("a"), bytes_of("old"));
    REQUIRE(in_child([&] {
                const auto files = create_output_files(folder.file("a"), three, force);
                put_parts(*files, 3);
                lose_fsync_of(fd_of_folder(folder.path()));
                try {
                    files->commit(bytes_of("head"));
                } catch (const Error& error) {
                    return error.code() == ErrorCode::io;
                }
                return false;
            }) == 0);
    CHECK(folder.names() == Names{"a"});
    CHECK(text_at(folder.file("a")) == "old");
}

TEST_CASE("output files: when a file can't get its final or temporary name, nothing stays", "[vmdk-files][output]") {
    const ScratchFolder folder;
    write_file(folder.file("a"), bytes_of("old"));
    for (const std::size_t count : {std::size_t{3}, std::size_t{100}})
        REQUIRE(in_child([&] {
                    const auto files = create_output_files(folder.file("a"), many_names(count), force);
                    lose_linkat();
                    try {
                        put_parts(*files, count);
                        files->commit(bytes_of("head"));
                    } catch (const Error& error) {
                        return error.code() == ErrorCode::io;
                    }
                    return false;
                }) == 0);
    CHECK(folder.names() == Names{"a"});
    CHECK(text_at(folder.file("a")) == "old");
}

TEST_CASE("staged file: withdraw removes it, but no other file that has its name by then", "[vmdk-files][output]") {
    const ScratchFolder folder;
    const File opened = File::open(folder.path(), O_RDONLY | O_DIRECTORY);
    StagedFile ours({&opened, "a", folder.file("a")}, {});
    ours.appear("");
    REQUIRE(folder.names() == Names{"a"});
    write_file(folder.file("other"), bytes_of("other"));
    std::filesystem::rename(folder.file("other"), folder.file("a"));
    ours.withdraw();
    CHECK(text_at(folder.file("a")) == "other");
    StagedFile second({&opened, "b", folder.file("b")}, {});
    second.appear("");
    second.withdraw();
    CHECK(folder.names() == Names{"a"});
    second.withdraw();
    CHECK(folder.names() == Names{"a"});
}

TEST_CASE("output files: a folder that was swapped for another gets nothing", "[vmdk-files][output]") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("dir"));
    const auto files = create_output_files(folder.file("dir/a"), three, refuse);
    put_parts(*files, 2);
    std::filesystem::rename(folder.file("dir"), folder.file("moved"));
    std::filesystem::create_directory(folder.file("dir"));
    put_part(*files, 2, "third");
    files->commit(bytes_of("head"));
    REQUIRE(std::filesystem::is_empty(folder.file("dir")));
    for (const std::string name : {"a", "a-1", "a-2", "a-3"})
        CHECK(std::filesystem::exists(folder.file("moved/" + name)));
}

TEST_CASE("output files: an open folder replaces the one in the path", "[vmdk-files][output]") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("dir"));
    const File dir = File::open(folder.file("dir"), O_RDONLY | O_DIRECTORY);
    const auto files = create_output_files("elsewhere/a", {"a-1"}, refuse, &dir);
    put_part(*files, 0, "first");
    files->commit(bytes_of("head"));
    CHECK(text_at(folder.file("dir/a")) == "head");
    CHECK(text_at(folder.file("dir/a-1")) == "first");
}

TEST_CASE("output files: an image may have more files than a process may have open", "[vmdk-files][output]") {
    const ScratchFolder folder;
    const Names names = many_names(1000);
    for (const bool loses_renameat2 : {false, true}) {
        REQUIRE(in_child([&] {
                    const rlimit few{128, 128};
                    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return false;
                    if (loses_renameat2) lose_renameat2();
                    {
                        const auto discarded = create_output_files(folder.file("a"), names, refuse);
                        put_parts(*discarded, 999);
                        const Names during = folder.names();
                        if (during.empty() || !during[0].starts_with(".a-1") || !during[0].ends_with(".tmp"))
                            return false;
                    }
                    if (!folder.names().empty()) return false;
                    const auto files = create_output_files(folder.file("a"), names, refuse);
                    put_parts(*files, 1000);
                    files->commit(bytes_of("head"));
                    return true;
                }) == 0);
        REQUIRE(folder.names().size() == 1001);
        for (std::size_t i = 0; i < names.size(); ++i)
            REQUIRE(text_at(folder.file(names[i])) == "part " + std::to_string(i));
        for (const std::string& name : folder.names()) std::filesystem::remove(folder.file(name));
    }
}

TEST_CASE("output files: when the last name is taken, none of many files remains", "[vmdk-files][output]") {
    const ScratchFolder folder;
    const Names names = many_names(200);
    {
        const auto files = create_output_files(folder.file("a"), names, refuse);
        put_parts(*files, names.size());
        write_file(folder.file(names.back()), bytes_of("other"));
        refusal_of([&] { files->commit(bytes_of("head")); });
    }
    CHECK(folder.names() == Names{names.back()});
    CHECK(text_at(folder.file(names.back())) == "other");
}

TEST_CASE("output files: kill -9 while they are written leaves nothing of a few files", "[vmdk-files][output]") {
    const ScratchFolder folder;
    REQUIRE(in_child([&] {
                const auto files = create_output_files(folder.file("a"), three, refuse);
                put_parts(*files, 3);
                ::raise(SIGKILL);
                return false;
            }) == -SIGKILL);
    CHECK(folder.names().empty());
}

// A part of one image may have the name of another image of the same restore.
TEST_CASE("output file: force replaces the file that existed at the start, and nothing that came later",
          "[vmdk-files][output]") {
    const ScratchFolder folder;
    const auto late = create_output_file(folder.file("a-1"), force);
    late->write({}, bytes_of("late"));
    const auto files = create_output_files(folder.file("a"), {"a-1"}, force);
    put_part(*files, 0, "part");
    files->commit(bytes_of("head"));
    CHECK_THAT(refusal_of([&] { late->commit(); }),
               ContainsSubstring("appeared") && ContainsSubstring("run this again"));
    CHECK(text_at(folder.file("a-1")) == "part");
}
