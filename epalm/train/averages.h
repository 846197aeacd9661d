#pragma once

#include <map>
#include <string>
#include <vector>

#include "epalm/train/parameter_groups.h"

namespace epalm::train {

// Exponential moving averages of what trains (EMA). They start as the parameters are; after each step
// average = decay · average + (1 - decay) · parameter. Shares the parameters with the model. One thread at a time.
class Averages {
 public:
  // decay: 0 to below 1. Throws Error for another one.
  Averages(std::vector<Parameter> parameters, double decay);

  void update();
  // Exchanges parameters and averages in place, so that the model computes with the averages; again: back.
  void swap();

  // By parameter name, shaped like the parameters; after swap() the parameters themselves.
  const std::map<std::string, at::Tensor>& tensors() const { return tensors_; }
  // Copies. Throws Error where names or shapes are not those of tensors().
  void set(const std::map<std::string, at::Tensor>& tensors);

 private:
  std::vector<Parameter> parameters_;
  double decay_;
  std::map<std::string, at::Tensor> tensors_;
};

// The model computes with the averages for the life of this; nullptr: nothing happens.
class WithAverages {
 public:
  explicit WithAverages(Averages* averages) : averages_(averages) { exchange(); }
  ~WithAverages() { exchange(); }
  WithAverages(const WithAverages&) = delete;
  WithAverages& operator=(const WithAverages&) = delete;

 private:
  void exchange() {
    if (averages_ != nullptr) averages_->swap();
  }
  Averages* averages_;
};

}  // namespace epalm::train
