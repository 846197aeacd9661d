#include "epalm/demo/exhibits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "epalm/base/mapped_file.h"
#include "epalm/media/audio_file.h"
#include "epalm/media/audio_transform.h"
#include "epalm/media/audio_writer.h"
#include "epalm/media/frame_sampling.h"
#include "epalm/media/image_file.h"
#include "epalm/media/video_file.h"
#include "epalm/report/spectrogram.h"

namespace epalm::demo {
namespace {

constexpr int64_t kFrames = 8;
constexpr int kJpegQuality = 90;
constexpr int kMelBins = 80;

// The files of the tiny world are JPEGs that browsers show as they are.
report::Still picture(const std::string& path) {
  const MappedFile file(path);
  return {{{file.bytes().begin(), file.bytes().end()}, "image/jpeg"}};
}

std::vector<report::Still> frames(const std::string& path) {
  media::VideoFile video(path);
  const auto indices = media::sample_middle(video.info().frames, std::min(kFrames, video.info().frames));
  std::vector<report::Still> stills;
  for (const media::Image& image : video.frames(indices)) {
    const double at_s = static_cast<double>(indices[stills.size()]) / video.info().fps;
    stills.push_back({{media::encode_jpeg(image, kJpegQuality), "image/jpeg"}, fmt::format("{:.2f} s", at_s)});
  }
  return stills;
}

report::Sound recording(const std::string& path) {
  const media::Waveform sound = media::load_audio(path);
  const std::vector<float> energies = media::audio_log_mel(sound, {.mel_bins = kMelBins});
  report::Pixels picture = report::spectrogram_pixels(energies, static_cast<int>(energies.size() / kMelBins), kMelBins);
  media::Image image;
  image.width = picture.width;
  image.height = picture.height;
  image.rgb = std::move(picture.rgb);
  const auto samples = sound.channel(0);
  return {.samples = {samples.begin(), samples.end()},
          .sample_rate_hz = sound.sample_rate_hz,
          .spectrogram = {media::encode_png(image), "image/png"},
          .low_hz = 20,  // as Fbank's triangles
          .high_hz = sound.sample_rate_hz / 2.0,
          .file = {media::encode_audio(sound, media::AudioFormat::kWav), "audio/wav"}};
}

// All waveforms on the scale of the loudest, so that loud and quiet can be told apart.
void share_scale(std::vector<report::Exhibit>& exhibits) {
  double loudest = 0;
  for (const report::Exhibit& exhibit : exhibits) {
    if (!exhibit.sound) continue;
    for (const float sample : exhibit.sound->samples)
      loudest = std::max(loudest, std::abs(static_cast<double>(sample)));
  }
  for (report::Exhibit& exhibit : exhibits) {
    if (exhibit.sound && loudest > 0) exhibit.sound->full_scale = loudest;
  }
}

}  // namespace

std::vector<report::Exhibit> exhibits_of(const TaskResult& task, size_t most) {
  std::vector<report::Exhibit> exhibits;
  const size_t count = std::min(most, task.predictions.size());
  for (size_t i = 0; i < count; ++i) {
    const eval::Prediction& prediction = task.predictions[i * task.predictions.size() / count];
    report::Exhibit exhibit{.question = prediction.question.empty() ? "" : prediction.question + "?",
                            .answer = prediction.prediction,
                            .expected = prediction.expected};
    switch (infer::modality_of(task.task)) {
      case infer::Modality::kImage:
        exhibit.stills = {picture(prediction.media)};
        break;
      case infer::Modality::kVideo:
        exhibit.stills = frames(prediction.media);
        break;
      case infer::Modality::kAudio:
        exhibit.sound = recording(prediction.media);
        break;
    }
    if (task.asks()) exhibit.right = prediction.score >= 0.5;
    exhibits.push_back(std::move(exhibit));
  }
  share_scale(exhibits);
  return exhibits;
}

}  // namespace epalm::demo
