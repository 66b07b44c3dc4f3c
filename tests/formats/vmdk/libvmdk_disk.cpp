#include "tests/formats/vmdk/libvmdk_disk.h"

#include <array>
#include <stdexcept>

#include <libvmdk.h>

namespace varve::reader_test {
namespace {

/// Throws the text of `error`, and frees it.
[[noreturn]] void fail(libvmdk_error_t* error) {
    std::array<char, 4096> text{};
    libvmdk_error_backtrace_sprint(error, text.data(), text.size());
    libvmdk_error_free(&error);
    throw std::runtime_error("libvmdk: " + std::string(text.data()));
}

}  // namespace

struct LibvmdkDisk::Handle {
    explicit Handle(const std::string& path) {
        libvmdk_error_t* error = nullptr;
        if (libvmdk_handle_initialize(&handle, &error) != 1) fail(error);
        if (libvmdk_handle_open(handle, path.c_str(), LIBVMDK_OPEN_READ, &error) == 1 &&
            libvmdk_handle_open_extent_data_files(handle, &error) == 1)
            return;
        libvmdk_handle_free(&handle, nullptr);
        fail(error);
    }
    ~Handle() {
        libvmdk_handle_close(handle, nullptr);
        libvmdk_handle_free(&handle, nullptr);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    libvmdk_handle_t* handle = nullptr;
};

LibvmdkDisk::LibvmdkDisk(const std::vector<std::string>& chain) {
    for (auto path = chain.rbegin(); path != chain.rend(); ++path) {
        auto child = std::make_unique<Handle>(*path);
        libvmdk_error_t* error = nullptr;
        if (!handles_.empty() && libvmdk_handle_set_parent_handle(child->handle, handles_.back()->handle, &error) != 1)
            fail(error);
        handles_.push_back(std::move(child));
    }
}

LibvmdkDisk::~LibvmdkDisk() {
    while (!handles_.empty()) handles_.pop_back();  // a child before its parent
}

std::uint64_t LibvmdkDisk::size() const {
    libvmdk_error_t* error = nullptr;
    size64_t size = 0;
    if (libvmdk_handle_get_media_size(handles_.back()->handle, &size, &error) != 1) fail(error);
    return size;
}

Bytes LibvmdkDisk::read(std::uint64_t at, std::size_t length) const {
    Bytes bytes(length);
    for (std::size_t done = 0; done < length;) {
        libvmdk_error_t* error = nullptr;
        const ssize_t got = libvmdk_handle_read_buffer_at_offset(
            handles_.back()->handle, bytes.data() + done, length - done, static_cast<off64_t>(at + done), &error);
        if (got < 0) fail(error);
        if (got == 0) throw std::runtime_error("libvmdk: the disk ends early");
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

}  // namespace varve::reader_test
