#include "formats/luks/writer.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "formats/crypt/encrypting_output.h"
#include "formats/output/unit_writer.h"

namespace varve::luks {
namespace {

constexpr ByteCount unit = kib(4);
constexpr ByteOffset payload{crypt::new_luks_head_bytes.value};

class Payload final : public UnitSink {
public:
    Payload(std::unique_ptr<Output> output, ByteCount virtual_size, crypt::NewLuks luks)
        : output_(std::move(output)),
          luks_(std::move(luks)),
          plain_(*output_, luks_.cipher, payload),
          end_(ByteOffset{} + virtual_size) {
        output_->resize(crypt::new_luks_head_bytes + virtual_size);
    }

    void put(ByteOffset at, ByteView units) override {
        zero_until(at);
        const ByteView inside = units.first(std::min<std::uint64_t>(units.size(), (end_ - at).value));
        plain_.write(payload + (at - ByteOffset{}), inside);
        filled_to_ = at + ByteCount{inside.size()};
    }

    void put_part(ByteOffset at, ByteView bytes, UnitParts) override { put(at, bytes); }
    void zero(ByteRange) override {}  // the gap before the next data covers it

    void finish() override {
        zero_until(end_);
        output_->write({}, luks_.head);
        output_->commit();
    }

    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    void zero_until(ByteOffset to) {
        if (to > filled_to_) plain_.zero({payload + (filled_to_ - ByteOffset{}), to - filled_to_});
        filled_to_ = to;
    }

    std::unique_ptr<Output> output_;
    crypt::NewLuks luks_;
    crypt::EncryptingOutput plain_;
    ByteOffset end_;
    ByteOffset filled_to_;  ///< every sector before it has been written
};

}  // namespace

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           crypt::NewLuks luks) {
    VARVE_CHECK(virtual_size.value % crypt::cipher_sector_bytes == 0);
    return write_in_units(std::make_unique<Payload>(std::move(output), virtual_size, std::move(luks)), virtual_size,
                          unit);
}

}  // namespace varve::luks
