#include "epalm/infer/media_input.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "epalm/base/error.h"
#include "epalm/base/numpy_random.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/audio_transform.h"
#include "epalm/media/frame_sampling.h"
#include "epalm/media/image_file.h"
#include "epalm/media/image_transform.h"
#include "epalm/media/media_kind.h"
#include "epalm/media/tensor_resize.h"
#include "epalm/media/video_file.h"
#include "epalm/media/video_transform.h"

namespace epalm::infer {
namespace {

using std::filesystem::path;

std::vector<int64_t> medium_shape(const RunConfig& config) {
  const int64_t size = config.image_res;
  switch (modality_of(config.task)) {
    case Modality::kImage:
      return {3, size, size};
    case Modality::kVideo:
      return config.as_images ? std::vector<int64_t>{config.num_frames, 3, size, size}
                              : std::vector<int64_t>{3, config.num_frames, size, size};
    case Modality::kAudio:
      break;
  }
  return {config.target_length, config.melbins};
}

at::Tensor tensor_of(const RunConfig& config, const std::vector<float>& values) {
  at::Tensor medium = blank_medium(config);
  EPALM_ASSERT(medium.numel() == std::ssize(values));
  std::copy(values.begin(), values.end(), medium.data_ptr<float>());
  return medium;
}

// FNV-1a: the same on every machine.
uint64_t hash_of(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001B3;
  return hash;
}

// `random` is null in evaluation, here and below.
std::vector<float> see_picture(const RunConfig& config, const path& file, PythonRandom* random) {
  const media::Image image = media::load_image(file);
  const auto size = static_cast<int>(config.image_res);
  if (random == nullptr) return media::eval_transform(image, size);
  const bool wraps = semantics_named(config.semantics).augmentations_wrap;
  return media::to_normalised(media::train_augment(image, size, *random, {wraps, wraps}));
}

// Always num_frames of them.
std::vector<int64_t> chosen_frames(const RunConfig& config, const media::VideoInfo& info, const path& file,
                                   PythonRandom* random) {
  const bool draws = random != nullptr || semantics_named(config.semantics).evaluation_draws_frames;
  if (!draws) return media::sample_middle(info.frames, config.num_frames);
  PythonRandom own(random == nullptr ? hash_of(file.filename().string()) + config.seed : random->getrandbits(64));
  NumpyRandom numpy(static_cast<uint32_t>(own.getrandbits(32)));
  auto frames = media::sample_frames(media::frame_rule_named(config.sample_type), info.frames, config.num_frames,
                                     info.fps, own, numpy);
  frames.resize(static_cast<size_t>(config.num_frames), frames.empty() ? 0 : frames.back());
  return frames;
}

std::vector<float> see_video(const RunConfig& config, const path& file, PythonRandom* random) {
  media::VideoOptions options;
  options.threads = config.num_workers > 1 ? 1 : 0;
  media::VideoFile video(file, options);
  require(!video.info().is_still_picture, "'{}' is a picture, no video", file.string());
  const auto indices = chosen_frames(config, video.info(), file, random);
  const auto layout = config.as_images ? media::ClipLayout::kFramesFirst : media::ClipLayout::kChannelsFirst;
  const auto size = static_cast<int>(config.image_res);
  if (random != nullptr) {
    return media::clip_to_normalised(media::clip_train_augment(video.frames(indices), size, *random), layout);
  }
  // clip_eval_transform, holding one whole frame at a time.
  std::vector<media::Image> small(indices.size());
  video.for_each_frame(indices, [&](size_t place, const media::Image& frame) {
    small[place] = media::resize_bicubic_unsmoothed(frame, size, size);
  });
  return media::clip_to_normalised(small, layout);
}

std::vector<float> hear_sound(const RunConfig& config, const path& file, PythonRandom* random) {
  media::AudioFeatureConfig features;
  features.mel_bins = static_cast<int>(config.melbins);
  features.target_frames = static_cast<int>(config.target_length);
  features.channels =
      semantics_named(config.semantics).first_channel_only ? media::ChannelUse::kFirst : media::ChannelUse::kMean;
  features.normalise = !config.skip_norm;
  features.norm_mean = config.norm_mean;
  features.norm_std = config.norm_std;
  features.max_masked_bins = static_cast<int>(config.freqm_p);
  features.max_masked_frames = static_cast<int>(config.timem_p);
  features.noise = config.noise;
  const media::Waveform sound = media::load_audio(file);
  return random == nullptr ? media::audio_eval_features(sound, features)
                           : media::audio_train_features(sound, features, *random);
}

std::vector<float> values_of(const RunConfig& config, const path& file, PythonRandom* random) {
  switch (modality_of(config.task)) {
    case Modality::kImage:
      return see_picture(config, file, random);
    case Modality::kVideo:
      return see_video(config, file, random);
    case Modality::kAudio:
      break;
  }
  return hear_sound(config, file, random);
}

// Called where the file could not be read: throws Error if that is because it is of another kind. An animation given as
// video and a video given for its sound are left to their own errors.
void refuse_other_medium(const RunConfig& config, const path& file) {
  const Modality wanted = modality_of(config.task);
  Modality found = wanted;
  try {
    found = modality_of_file(file);
  } catch (const Error&) {
    return;
  }
  const bool may_be_meant = (wanted == Modality::kVideo && file.extension() == ".gif") ||
                            (wanted == Modality::kAudio && found == Modality::kVideo);
  if (found == wanted || may_be_meant) return;
  constexpr std::array kNames{"picture", "video", "sound"};
  fail("'{}' is a {}, but the task {} is about {}s; give it one, or name another adapter", file.string(),
       kNames.at(static_cast<size_t>(found)), task_name(config.task), kNames.at(static_cast<size_t>(wanted)));
}

at::Tensor read(const RunConfig& config, const path& file, std::optional<uint64_t> seed) {
  try {
    if (!seed) return tensor_of(config, values_of(config, file, nullptr));
    PythonRandom random(*seed);
    return tensor_of(config, values_of(config, file, &random));
  } catch (const Error&) {
    refuse_other_medium(config, file);
    throw;
  }
}

// Calls work(0), ..., work(count - 1) on up to so many threads, this one included. Rethrows the first exception.
void share_out(size_t count, size_t threads, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::jthread> helpers;
  for (size_t i = 1; i < std::min(threads, count); ++i) helpers.emplace_back(run);
  run();
  helpers.clear();  // joins
  if (failure) std::rethrow_exception(failure);
}

// What `see` makes of media, [B,...] -> [B,n,Dv]; with as_images of each frame, and the mean of these.
at::Tensor features_of(const RunConfig& config, const at::Tensor& media,
                       const std::function<at::Tensor(const at::Tensor&)>& see) {
  if (!config.as_images || modality_of(config.task) != Modality::kVideo) return see(media);
  const at::Tensor states = see(media.flatten(0, 1));                                          // [B·F,n,Dv]
  return states.view({media.size(0), media.size(1), states.size(1), states.size(2)}).mean(1);  // [B,n,Dv]
}

}  // namespace

at::Tensor read_medium(const RunConfig& config, const path& file) {
  return read(config, file, {});
}

at::Tensor read_augmented_medium(const RunConfig& config, const path& file, uint64_t seed) {
  return read(config, file, seed);
}

at::Tensor blank_medium(const RunConfig& config) {
  return at::zeros(medium_shape(config), at::kFloat);
}

MediaBatch read_media(const RunConfig& config, std::span<const path> files, std::span<const uint64_t> seeds) {
  EPALM_ASSERT(seeds.empty() || seeds.size() == files.size());
  std::vector<at::Tensor> media(files.size());
  MediaBatch batch;
  batch.problems.resize(files.size());
  share_out(files.size(), static_cast<size_t>(config.num_workers), [&](size_t i) {
    for (int64_t tries = config.num_tries; tries > 0 && !media[i].defined(); --tries) {
      try {
        media[i] = seeds.empty() ? read_medium(config, files[i]) : read_augmented_medium(config, files[i], seeds[i]);
        batch.problems[i].clear();
      } catch (const Error& error) {
        batch.problems[i] = error.what();
      }
    }
    if (!media[i].defined()) media[i] = blank_medium(config);
  });
  batch.media = at::stack(media);
  return batch;
}

at::Tensor media_features(const Bundle& bundle, const at::Tensor& media, bool training) {
  return features_of(bundle.config, media,
                     [&](const at::Tensor& shown) { return bundle.model.features(shown, training); });
}

at::Tensor media_features(const RunConfig& config, const encoders::Encoder& encoder, const at::Tensor& media) {
  return features_of(config, media, [&](const at::Tensor& shown) {
    return model::features_for(config.adapter, encoder, shown, false);
  });
}

Modality modality_of_file(const path& file) {
  switch (media::media_kind(file)) {
    case media::MediaKind::kPicture:
      return Modality::kImage;
    case media::MediaKind::kVideo:
      return Modality::kVideo;
    case media::MediaKind::kSound:
      break;
  }
  return Modality::kAudio;
}

}  // namespace epalm::infer
