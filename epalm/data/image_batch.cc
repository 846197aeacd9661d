#include "epalm/data/image_batch.h"

#include <algorithm>

#include "epalm/media/image_file.h"
#include "epalm/media/image_transform.h"

namespace epalm::data {

at::Tensor eval_image_batch(std::span<const Sample> samples, const ImageOptions& options) {
  const int64_t size = options.size_px;
  at::Tensor batch = at::zeros({static_cast<int64_t>(samples.size()), 3, size, size});  // [B,3,S,S]
  if (options.black_image) return batch;
  float* next = batch.data_ptr<float>();
  for (const Sample& sample : samples) {
    const auto pixels = media::eval_transform(media::load_image(sample.media), options.size_px);
    next = std::copy(pixels.begin(), pixels.end(), next);
  }
  return batch;
}

}  // namespace epalm::data
