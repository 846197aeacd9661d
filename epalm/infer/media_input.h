#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "epalm/infer/bundle.h"

// The one way from files to what an encoder takes and to what it makes of them (SPEC.md §7.1-7.3). Sizes are those of
// the config; all tensors are float32.
namespace epalm::infer {

// As evaluation shows it, normalised: a picture [3,S,S], a video [3,F,S,S] (frames first, [F,3,S,S], with as_images) or
// a sound [T,bins]. The sound track of a video is a sound. What is drawn under reference semantics depends on the run's
// seed and the file's name alone. Throws Error naming the file: unreadable, or another medium than the task is about.
// Safe from several threads.
at::Tensor read_medium(const RunConfig& config, const std::filesystem::path& file);

// As training shows it, with the augmentations of the medium; they depend on `seed` alone.
at::Tensor read_augmented_medium(const RunConfig& config, const std::filesystem::path& file, uint64_t seed);

// Zeros of the same shape: the mean colour, or the mean loudness.
at::Tensor blank_medium(const RunConfig& config);

struct MediaBatch {
  at::Tensor media;                   // [B,...]; blank where a file could not be read
  std::vector<std::string> problems;  // by place: why it could not; "" where it was
};
// Reads on config.num_workers threads; each file up to config.num_tries times. With `seeds`, one for each file, as
// training shows them.
MediaBatch read_media(const RunConfig& config, std::span<const std::filesystem::path> files,
                      std::span<const uint64_t> seeds = {});

// What the encoder makes of media as above, [B,...]: features [B,n,Dv], or [B,K,Dv] with all
// tokens; the mean over frames with as_images.
at::Tensor media_features(const Bundle& bundle, const at::Tensor& media, bool training = false);
// The same in evaluation without the rest of a bundle: encoder as load_encoder(config) gives it.
at::Tensor media_features(const RunConfig& config, const encoders::Encoder& encoder, const at::Tensor& media);

// What a file holds, by its first bytes, without decoding it: an animated GIF is a picture, a video without pictures a
// sound. Throws Error for a file that is none of them.
Modality modality_of_file(const std::filesystem::path& file);

}  // namespace epalm::infer
