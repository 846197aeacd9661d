#include "epalm/eval/media_views.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>

#include "epalm/hub/sha256.h"

namespace epalm::eval {

using std::filesystem::path;

View view_of_epoch(const infer::RunConfig& config, int64_t epoch) {
  if (config.feature_views == 0) return {};
  return epoch % config.feature_views;
}

std::string content_hash(const path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return "";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"), std::fclose);
  if (!stream) return "";
  hub::Sha256 content;
  std::array<std::byte, 1 << 16> piece{};
  while (const size_t count = std::fread(piece.data(), 1, piece.size(), stream.get())) {
    content.add(std::span(piece).first(count));
  }
  return std::ferror(stream.get()) != 0 ? "" : content.hex();
}

uint64_t view_seed(const infer::RunConfig& config, const std::string& content, int64_t view) {
  const std::string text = fmt::format("view {} of {}, run_seed {}", view, content, config.seed);
  return std::stoull(hub::sha256_hex(text).substr(0, 16), nullptr, 16);
}

std::vector<uint64_t> view_seeds(const infer::RunConfig& config, std::span<const path> files, int64_t view) {
  std::vector<uint64_t> seeds;
  for (const path& file : files) seeds.push_back(view_seed(config, content_hash(file), view));
  return seeds;
}

}  // namespace epalm::eval
