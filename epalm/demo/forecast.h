#pragma once

#include <map>
#include <string>

namespace epalm::demo {

// How long the rest of several stages takes. Each has an expected duration; all are taken to be wrong by the same
// factor, that of the machine, which is learnt from the stages that pass.
class Forecast {
 public:
  void expect(const std::string& stage, double seconds);

  // The stage has come to `share`, 0..1, of it, now_s seconds after the begin. What its first call says is there
  // already (a run that is continued) took no time. Stages that were not expected are ignored.
  void advance(const std::string& stage, double share, double now_s);
  // The stage is done. One that was never begun was done before, or needs not be done, and took no time.
  void finish(const std::string& stage);

  double expected_s(const std::string& stage) const;
  double share() const;  // 0..1 of all stages; 1 where nothing is expected
  double remaining_s() const;

 private:
  struct Stage {
    double seconds = 0;
    double first = -1;  // the share that advance() saw first; -1: not begun
    double share = 0;
  };

  std::map<std::string, Stage> stages_;
  double now_s_ = 0;
};

}  // namespace epalm::demo
