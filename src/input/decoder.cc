#include "decoder.h"

#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <new>

#include "absl/strings/match.h"

namespace dns_monitor {
namespace {

constexpr uint64_t kXzMemoryBytes = 256 << 20;

// lz4 and zstd forget what they made in a call that meets damage. So they get no more at a time
// than they ask for, which is one block: all before the damaged one is given, however large `out`
// is.

class GzipDecoder : public Decoder {
 public:
  GzipDecoder() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Decoded Decode(absl::Span<const uint8_t> in, bool /*ended*/, absl::Span<uint8_t> out) override {
    if (between_ && in.empty()) return {.between = true};
    if (between_) inflateReset(&stream_);
    stream_.next_in = const_cast<uint8_t*>(in.data());  // zlib reads only
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    Decoded decoded{.used = in.size() - stream_.avail_in, .made = out.size() - stream_.avail_out};
    between_ = decoded.between = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      decoded.damage = stream_.msg != nullptr ? stream_.msg : zError(result);
    }
    return decoded;
  }

 private:
  z_stream stream_{};
  bool between_ = false;
};

class XzDecoder : public Decoder {
 public:
  XzDecoder() {
    if (lzma_stream_decoder(&stream_, kXzMemoryBytes, LZMA_CONCATENATED) != LZMA_OK) {
      throw std::bad_alloc();
    }
  }
  ~XzDecoder() override { lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

  Decoded Decode(absl::Span<const uint8_t> in, bool ended, absl::Span<uint8_t> out) override {
    stream_.next_in = in.data();
    stream_.avail_in = in.size();
    stream_.next_out = out.data();
    stream_.avail_out = out.size();
    const lzma_ret result = lzma_code(&stream_, ended ? LZMA_FINISH : LZMA_RUN);
    Decoded decoded{.used = in.size() - stream_.avail_in, .made = out.size() - stream_.avail_out};
    decoded.between = result == LZMA_STREAM_END;
    // Without input only zeros between streams can be wrong, when the file ends within them.
    if (!in.empty() || result != LZMA_DATA_ERROR) decoded.damage = DamageOf(result);
    return decoded;
  }

 private:
  static std::string DamageOf(lzma_ret result) {
    switch (result) {
      case LZMA_OK:
      case LZMA_STREAM_END:
      case LZMA_BUF_ERROR:
        return "";
      case LZMA_MEM_ERROR:
      case LZMA_MEMLIMIT_ERROR:
        return "needs too much memory";
      case LZMA_FORMAT_ERROR:
        return "something else follows";
      case LZMA_OPTIONS_ERROR:
        return "options that are not known here";
      default:
        return "corrupt data";
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class Lz4Decoder : public Decoder {
 public:
  Lz4Decoder() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) {
      throw std::bad_alloc();
    }
  }
  ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }
  Lz4Decoder(const Lz4Decoder&) = delete;
  Lz4Decoder& operator=(const Lz4Decoder&) = delete;

  Decoded Decode(absl::Span<const uint8_t> in, bool /*ended*/, absl::Span<uint8_t> out) override {
    Decoded decoded{.used = std::min(in.size(), wanted_), .made = out.size(), .between = between_};
    const size_t left = LZ4F_decompress(context_, out.data(), &decoded.made, in.data(),
                                        &decoded.used, /*options=*/nullptr);
    if (LZ4F_isError(left) != 0) {
      decoded.used = decoded.made = 0;
      decoded.damage = LZ4F_getErrorName(left);
      return decoded;
    }
    if (decoded.used > 0 || decoded.made > 0) between_ = decoded.between = left == 0;
    wanted_ = left == 0 ? LZ4F_HEADER_SIZE_MIN : left;
    return decoded;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  size_t wanted_ = LZ4F_HEADER_SIZE_MIN;
  bool between_ = false;
};

class ZstdDecoder : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  Decoded Decode(absl::Span<const uint8_t> in, bool /*ended*/, absl::Span<uint8_t> out) override {
    // The rest of a block comes by itself: an error takes back what the same call has made, so that
    // what is read before damage would depend on the room that there is.
    if (full_) {
      Decoded rest = Step(in.first(0), out);
      if (rest.made > 0 || !rest.damage.empty()) return rest;
    }
    return Step(in.first(std::min(in.size(), wanted_)), out);
  }

 private:
  // Less than any frame with content has: one that is all there would be decoded at once.
  static constexpr size_t kZstdBeginning = 9;
  // What is wanted is a block, and the header of the next one, which can be wrong.
  static constexpr size_t kBlockHeader = 3;

  Decoded Step(absl::Span<const uint8_t> in, absl::Span<uint8_t> out) {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const size_t left = ZSTD_decompressStream(context_, &to, &from);
    Decoded decoded{.used = from.pos, .made = to.pos, .between = between_};
    if (ZSTD_isError(left) != 0) {
      decoded.damage = ZSTD_getErrorName(left);
      return decoded;
    }
    if (decoded.used > 0 || decoded.made > 0) between_ = decoded.between = left == 0;
    wanted_ = left == 0 ? kZstdBeginning : left > kBlockHeader ? left - kBlockHeader : left;
    full_ = decoded.made == out.size();
    return decoded;
  }

  ZSTD_DCtx* const context_;  // windows of at most 128 MiB, unless that is changed
  size_t wanted_ = kZstdBeginning;
  bool full_ = false;  // there can be more of the last block
  bool between_ = false;
};

struct Magic {
  Compression compression;
  absl::string_view bytes;
};
constexpr Magic kMagics[] = {
    {Compression::kGzip, {"\x1f\x8b", 2}},
    {Compression::kXz, {"\xfd\x37\x7a\x58\x5a\x00", 6}},
    {Compression::kLz4, {"\x04\x22\x4d\x18", 4}},
    {Compression::kZstd, {"\x28\xb5\x2f\xfd", 4}},
};

}  // namespace

absl::string_view NameOf(Compression compression) {
  constexpr absl::string_view kNames[] = {"", "gzip", "xz", "lz4", "zstd"};
  return kNames[static_cast<size_t>(compression)];
}

Compression DetectCompression(absl::Span<const uint8_t> head) {
  const absl::string_view bytes(reinterpret_cast<const char*>(head.data()), head.size());
  for (const Magic& magic : kMagics) {
    if (absl::StartsWith(bytes, magic.bytes)) return magic.compression;
  }
  // A frame that is skipped. lz4 has the same; files that begin with one are zstd's (pzstd).
  const bool skippable = head.size() >= 4 && (head[0] & 0xf0) == 0x50 &&
                         absl::StartsWith(bytes.substr(1), "\x2a\x4d\x18");
  return skippable ? Compression::kZstd : Compression::kNone;
}

std::unique_ptr<Decoder> MakeDecoder(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      break;
    case Compression::kGzip:
      return std::make_unique<GzipDecoder>();
    case Compression::kXz:
      return std::make_unique<XzDecoder>();
    case Compression::kLz4:
      return std::make_unique<Lz4Decoder>();
    case Compression::kZstd:
      return std::make_unique<ZstdDecoder>();
  }
  return nullptr;
}

}  // namespace dns_monitor
