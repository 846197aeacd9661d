#pragma once

#include <atomic>
#include <string>

namespace epalm::reproduce {

// How far a run has come, in memory that its own process shares with the one that waits for it.
class SharedProgress {
 public:
  SharedProgress();  // throws Error where there is no memory
  ~SharedProgress();
  SharedProgress(const SharedProgress&) = delete;
  SharedProgress& operator=(const SharedProgress&) = delete;

  void tell(const std::string& stage, double share);  // one of those of measure(), and 0..1 of the run
  std::string stage() const;                          // "" before the first
  double share() const { return values_->share; }

 private:
  struct Values {
    std::atomic<int> stage;
    std::atomic<double> share;
    static_assert(std::atomic<int>::is_always_lock_free && std::atomic<double>::is_always_lock_free);
  };
  Values* values_;
};

}  // namespace epalm::reproduce
