#include "formats/output/output_stream.h"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <thread>

#include "engine/base/error.h"
#include "formats/raw/writer.h"
#include "tests/contract/image_writer_contract.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Pipe open_pipe(int flags = 0) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | flags) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Bytes drain(int fd) {
    Bytes all;
    std::array<std::byte, 65536> piece{};
    for (ssize_t got = 0; (got = ::read(fd, piece.data(), piece.size())) > 0;)
        all.insert(all.end(), piece.begin(), piece.begin() + got);
    return all;
}

/// The bytes that arrive at the other end of a pipe when `pattern` goes through a raw writer.
Bytes sent_through_pipe(const contract::Pattern& pattern, int flags) {
    Pipe pipe = open_pipe(flags);
    Bytes received;
    if (flags != 0) ::fcntl(pipe.read_end.get(), F_SETFL, 0);
    std::jthread reader([&] { received = drain(pipe.read_end.get()); });
    UniqueFd write_end = std::move(pipe.write_end);  // closed before waiting for the reader, also on a failure
    {
        const auto writer = raw::create_writer(output_stream(write_end.get(), "a pipe", {}), {pattern.guest.size()});
        contract::play(*writer, pattern);
        writer->finish();
    }
    write_end = UniqueFd();
    reader.join();
    return received;
}

}  // namespace

TEST_CASE("output stream: a raw image is sent whole, gaps and tail as zeros", "[formats][output]") {
    for (const int flags : {0, O_NONBLOCK}) {
        std::uint32_t seed = 1;
        for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, mib(3).value + 513}) {
            const contract::Pattern pattern = contract::random_pattern({size}, seed++, 400000);
            REQUIRE(first_difference(sent_through_pipe(pattern, flags), pattern.guest) == std::nullopt);
        }
    }
}

TEST_CASE("output stream: a reader that goes away is an error, not a signal", "[formats][output]") {
    Pipe pipe = open_pipe();
    pipe.read_end = UniqueFd();
    const auto writer = raw::create_writer(output_stream(pipe.write_end.get(), "standard output", {}), mib(1));
    REQUIRE_THROWS_WITH(writer->write({}, Bytes(4096, std::byte{1})),
                        ContainsSubstring("standard output") && ContainsSubstring("went away"));
}

TEST_CASE("output stream: a regular file behind it gets every byte, and may be forbidden", "[formats][output]") {
    const ScratchFolder folder;
    const File file = File::open(folder.file("a"), O_WRONLY | O_CREAT);
    const auto writer = raw::create_writer(output_stream(file.fd(), "standard output", {}), {70000});
    writer->write({1000}, Bytes(10, std::byte{5}));
    writer->finish();
    REQUIRE(file.size() == ByteCount{70000});
    REQUIRE(writer->bytes_written() == ByteCount{70000});
    REQUIRE_THROWS_AS(output_stream(file.fd(), "standard output", {Overwrite::force, {file.identity()}}), Error);
}
