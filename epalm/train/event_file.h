#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace epalm::train {

// CRC-32C (Castagnoli), as RFC 3720 appendix B.4.
uint32_t crc32c(std::string_view bytes);

// Scalars for TensorBoard: a file of tensorflow.Event messages in TFRecord frames. Every add() is on disk, or in the
// system's care, when it returns. One thread at a time.
class EventFile {
 public:
  // Makes a new events.out.tfevents.… in the folder, which is made too. TensorBoard forgets what older files of the
  // folder tell of first_step and later. Throws Error.
  EventFile(const std::filesystem::path& folder, int64_t first_step);

  // Tag -> value at a step. Throws Error where the disk refuses.
  void add(int64_t step, const std::vector<std::pair<std::string, double>>& scalars);

 private:
  void write(const std::string& event);

  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace epalm::train
