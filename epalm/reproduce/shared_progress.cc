#include "epalm/reproduce/shared_progress.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <new>
#include <string_view>

#include "epalm/base/error.h"

namespace epalm::reproduce {
namespace {

constexpr std::array<std::string_view, 5> kStages = {"", "features", "train", "validate", "test"};

}  // namespace

SharedProgress::SharedProgress() {
  void* memory = mmap(nullptr, sizeof(Values), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED, "cannot share memory with the process of a run: {}", std::strerror(errno));
  values_ = new (memory) Values{};
}

SharedProgress::~SharedProgress() {
  munmap(values_, sizeof(Values));
}

void SharedProgress::tell(const std::string& stage, double share) {
  const auto found = std::find(kStages.begin(), kStages.end(), stage);
  values_->stage = found == kStages.end() ? 0 : static_cast<int>(std::distance(kStages.begin(), found));
  values_->share = share;
}

std::string SharedProgress::stage() const {
  return std::string(kStages[static_cast<size_t>(values_->stage.load())]);
}

}  // namespace epalm::reproduce
