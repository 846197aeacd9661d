#include "epalm/reproduce/row.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <variant>

#include "epalm/base/error.h"
#include "epalm/encoders/load_encoder.h"
#include "epalm/hub/model_folder.h"
#include "epalm/infer/config_source.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/io/json_file.h"

namespace epalm::reproduce {

int64_t Setting::injected_layers() const {
  return std::max<int64_t>(0, std::min(base.adapter.end_layer_idx, lm_layers) - base.adapter.start_layer_idx);
}

Setting setting_of(infer::RunConfig base) {
  const auto folder =
      hub::model_folder(base.text_model, hub::Wanted::kModel, "text_model", hub::hub_options_from_environment());
  const auto path = folder / "config.json";
  const int64_t layers = lm::opt_config_from_json(io::read_json_file(path), path.string()).num_hidden_layers;
  const auto encoder = encoders::encoder_config(infer::encoder_request(base));
  return {.base = std::move(base),
          .lm_layers = layers,
          .encoder_depth = std::visit([](const auto& shape) { return shape.depth; }, encoder)};
}

std::vector<Row> select_rows(const std::vector<Row>& rows, const std::vector<std::string>& names) {
  if (names.empty()) return rows;
  std::vector<bool> chosen(rows.size());
  for (const std::string& name : names) {
    const auto is_named = [&](const Row& row) { return row.name == name || row.group == name; };
    const bool exact = std::any_of(rows.begin(), rows.end(), is_named);
    bool any = false;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (exact ? is_named(rows[i]) : !name.empty() && rows[i].name.starts_with(name)) chosen[i] = any = true;
    }
    if (any) continue;
    std::vector<std::string> known;
    for (const Row& row : rows) known.insert(known.end(), {row.name, row.group});
    fail("no row is called '{}' or begins so; the nearest is '{}', --list shows all", name,
         infer::nearest(name, known));
  }
  std::vector<Row> selected;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (chosen[i]) selected.push_back(rows[i]);
  }
  return selected;
}

}  // namespace epalm::reproduce
