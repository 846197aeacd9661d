#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "epalm/base/error.h"
#include "epalm/infer/run_config.h"
#include "epalm/model/epalm_model.h"

// An adapter means something only beside the two frozen models that it was trained with; others of the same shape give
// nonsense without any error. So its files hold a fingerprint of each, which is compared where an adapter is loaded.
namespace epalm::infer {

// The fingerprints of the frozen models, 16 hexadecimal digits each; "" where a file holds none.
struct FrozenPrints {
  std::string text_model, encoder;
};

// The adapter belongs to other frozen models than those that it is loaded beside.
class OtherModels : public Error {
 public:
  using Error::Error;
};

// The first 64 bits of the SHA-256 of every tensor's name and shape and of up to 256 of its values, at places that
// its size determines, rounded to bfloat16: what a model computes with, whatever the format, the names and the
// precision of its file. Position tables, which are resized to what a run shows, are left out.
std::string fingerprint(const nn::Weights& weights);

// Of a model as its files have it, so before anything in it trains.
FrozenPrints frozen_prints(const model::EPalm& model);

// As it stands in files, with the names that the config has for the models.
nlohmann::json to_json(const FrozenPrints& prints, const RunConfig& config);

// Throws OtherModels where `saved`, as to_json() gives it, has other fingerprints than the models of the config, and
// Error where it is no such value. checkpoint: where it stood, for errors.
void check_prints(const nlohmann::json& saved, const std::filesystem::path& checkpoint, const FrozenPrints& here,
                  const RunConfig& config);

}  // namespace epalm::infer
