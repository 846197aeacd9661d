#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epalm/infer/run_config.h"

namespace epalm::reproduce {

// What a row needs to know before it can say which keys it sets.
struct Setting {
  infer::RunConfig base;      // of the task, with what the user asked for
  int64_t lm_layers = 0;      // L
  int64_t encoder_depth = 0;  // states that the encoder hands out

  // Layers of the LM that get a perceptual token in the base.
  int64_t injected_layers() const;
};

// Sizes are read off the files that the configuration names; nothing is computed with them. Throws Error where they are
// missing.
Setting setting_of(infer::RunConfig base);

// Keys that a row sets, as key=value, in a configuration of the task; none where the row cannot be with these models.
using Keys = std::optional<std::vector<std::string>>;

// One line of a table: a method, or a setting of one.
struct Row {
  std::string name;   // as --only takes it
  std::string group;  // rows that are to be compared with each other, also taken by --only
  std::string label;  // in tables
  std::string what;   // one line without a full stop
  bool ours = false;  // a variant of eP-ALM, else a baseline or a setting
  std::function<Keys(const Setting&)> keys;
};

// The rows that `names` ask for, in the order of `rows`, each once: a name selects the row or the group of that name,
// or else every row whose name begins with it. No names: all. Throws Error for a name that selects nothing, with the
// nearest one.
std::vector<Row> select_rows(const std::vector<Row>& rows, const std::vector<std::string>& names);

}  // namespace epalm::reproduce
