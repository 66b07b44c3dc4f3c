#include "tests/formats/crypt/encrypted_images.h"

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/support/writer_support.h"

namespace varve::crypt_test {
namespace {

using writer_test::run_tool;

std::string secret_object(std::string_view text, std::string_view id = "s") {
    return fmt::format("secret,id={},data={}", id, text);
}

/// What tells qemu where to find the image and its secret.
std::string image_words(const std::string& path, const std::string& format) {
    return fmt::format("driver={},file.filename={},{}key-secret=s", format, path, format == "luks" ? "" : "encrypt.");
}

std::vector<std::string> option_arguments(const std::string& format, const OptionMap& options) {
    const std::string prefix = format == "luks" ? "" : "encrypt.";
    std::vector<std::string> words{"-o", prefix + "key-secret=s"};
    const bool is_luks = format == "luks" || options.at("encrypt.format") == "luks";
    if (is_luks) words.insert(words.end(), {"-o", prefix + "iter-time=10"});
    for (const auto& [word, value] : options) words.insert(words.end(), {"-o", word + "=" + value});
    return words;
}

/// On a busy machine qemu-img may fail to measure how fast it derives keys; then it is asked again.
std::string run_qemu(const std::vector<std::string>& arguments) {
    constexpr int attempts_max = 20;
    for (int attempt = 1;; ++attempt) {
        const auto result = run_tool(arguments);
        const bool could_not_measure = result.output.find("accurate CPU usage") != std::string::npos;
        if (result.status != 0 && could_not_measure && attempt < attempts_max) continue;
        INFO(fmt::format("{}", fmt::join(arguments, " ")) << ": " << result.output);
        REQUIRE(result.status == 0);
        return result.output;
    }
}

}  // namespace

crypt::Secret secret(std::string_view text) { return std::make_shared<const crypt::SecretFile>(bytes_of(text)); }

void make_encrypted(const std::string& raw, const std::string& path, const std::string& format,
                    const OptionMap& options, std::string_view text) {
    if (format != "luks" && options.at("encrypt.format") == "aes") {  // a new image can't be one, an existing one can
        const std::uint64_t size = std::filesystem::file_size(raw);
        create_encrypted(path, format, size, options);
        run_qemu({"qemu-img", "convert", "-n", "--object", secret_object(text), "--target-image-opts", "-f", "raw", raw,
                  image_words(path, format)});
        return;
    }
    std::vector<std::string> words{"qemu-img", "convert", "--object", secret_object(text), "-f", "raw", "-O", format};
    for (std::string& word : option_arguments(format, options)) words.push_back(std::move(word));
    words.insert(words.end(), {raw, path});
    run_qemu(words);
}

void create_encrypted(const std::string& path, const std::string& format, std::uint64_t size,
                      const OptionMap& options) {
    std::vector<std::string> words{"qemu-img", "create", "-q", "-u", "--object", secret_object(usual_secret),
                                   "-f",       format};
    for (std::string& word : option_arguments(format, options)) words.push_back(std::move(word));
    words.insert(words.end(), {path, std::to_string(size)});
    run_qemu(words);
}

void qemu_io_encrypted(const std::string& path, const std::string& format, const std::vector<std::string>& commands,
                       const std::string& backing_format) {
    std::vector<std::string> words{"qemu-io", "--object", secret_object(usual_secret), "--image-opts"};
    for (const std::string& command : commands) words.insert(words.end(), {"-c", command});
    const std::string backing = backing_format.empty() ? "" : ",backing.encrypt.key-secret=s";
    words.push_back(image_words(path, format) + backing);
    run_qemu(words);
}

void add_key(const std::string& path, int slot, std::string_view text) {
    run_qemu({"qemu-img", "amend", "--object", secret_object(usual_secret), "--object", secret_object(text, "n"),
              "--image-opts", "-o", fmt::format("state=active,new-secret=n,keyslot={},iter-time=10", slot),
              image_words(path, "luks")});
}

bool is_same_to_qemu(const std::string& raw, const std::string& path, const std::string& format) {
    return run_qemu({"qemu-img", "compare", "--object", secret_object(usual_secret), "--image-opts",
                     "driver=raw,file.filename=" + raw, image_words(path, format)}) == "Images are identical.\n";
}

std::string qemu_check(const std::string& path) {
    return run_qemu(
        {"qemu-img", "check", "--object", secret_object(usual_secret), "--image-opts", image_words(path, "qcow2")});
}

}  // namespace varve::crypt_test
