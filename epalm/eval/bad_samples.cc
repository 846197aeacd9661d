#include "epalm/eval/bad_samples.h"

#include "epalm/base/error.h"
#include "epalm/base/log.h"

namespace epalm::eval {

BadSamples::BadSamples(const data::SampleList& samples, bool tolerated, std::string consequence)
    : samples_(samples), tolerated_(tolerated), consequence_(std::move(consequence)) {}

void BadSamples::add(int64_t index, const std::string& problem) {
  require(tolerated_, "{}; repair or remove the file, or add on_bad_sample: replace", problem);
  if (!indices_.insert(index).second) return;
  const std::string& file = samples_.samples().at(static_cast<size_t>(index)).media.native();
  if (reported_.insert(file).second) log_warning("{}; {}", problem, consequence_);
  require(
      static_cast<double>(count()) <= kMostShare * static_cast<double>(samples_.size()),
      "{} of {} samples cannot be read, more than {:.0f} %; repair or remove their files, the last of which gave: {}",
      count(), samples_.size(), 100 * kMostShare, problem);
}

}  // namespace epalm::eval
