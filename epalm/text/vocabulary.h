#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace epalm::text {

// Tokens as the files spell them (bytes through byte_alphabet()), numbered in the order of adding.
class Vocabulary {
 public:
  int64_t size() const { return static_cast<int64_t>(tokens_.size()); }
  const std::string& token(int64_t id) const { return tokens_[static_cast<size_t>(id)]; }

  std::optional<int64_t> find(std::string_view token) const {
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

  // The token's id, new or old.
  int64_t add(const std::string& token) {
    const auto [entry, is_new] = ids_.emplace(token, size());
    if (is_new) tokens_.push_back(token);
    return entry->second;
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> ids_;
};

}  // namespace epalm::text
