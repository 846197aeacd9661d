#include "epalm/bench/all_rows.h"

#include "epalm/bench/lever_rows.h"

namespace epalm::bench {

std::vector<Row> all_rows(const AssetsFolder& assets) {
  std::vector<Row> rows;
  for (const auto& group : {video_rows(), audio_rows(), encoder_rows(), data_rows(), train_rows(), generate_rows(),
                            demo_rows(assets), load_rows(), lever_rows()}) {
    rows.insert(rows.end(), group.begin(), group.end());
  }
  return rows;
}

}  // namespace epalm::bench
