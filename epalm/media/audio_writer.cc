#include "epalm/media/audio_writer.h"

#include <algorithm>
#include <cmath>

#include "epalm/base/atomic_write.h"
#include "epalm/media/av_output.h"

namespace epalm::media {
namespace {

constexpr int kPcmSamples = 4096;  // a packet of PCM, which has no frame size of its own
constexpr int kMaxChannels = 8;    // of FLAC
constexpr int kMaxRate_hz = 655'350;

int16_t to_16_bits(float sample) {
  return static_cast<int16_t>(std::clamp(std::nearbyint(sample * 32768.0F), -32768.0F, 32767.0F));
}

}  // namespace

std::vector<std::byte> encode_audio(const Waveform& waveform, AudioFormat format) {
  require(waveform.length() >= 1 && waveform.channels <= kMaxChannels,
          "audio writing: expected 1 to {} channels of at least one sample, got {} of {}", kMaxChannels,
          waveform.channels, waveform.length());
  require(waveform.sample_rate_hz >= 1 && waveform.sample_rate_hz <= kMaxRate_hz,
          "audio writing: expected 1 to {} Hz, got {}", kMaxRate_hz, waveform.sample_rate_hz);
  require(std::all_of(waveform.samples.begin(), waveform.samples.end(), [](float x) { return std::isfinite(x); }),
          "audio writing: a sample is not a number");
  const bool wav = format == AudioFormat::kWav;
  AvOutput output(wav ? "wav" : "flac");
  CodecPtr encoder = output.encoder(wav ? "pcm_s16le" : "flac");
  encoder->sample_fmt = AV_SAMPLE_FMT_S16;
  encoder->sample_rate = waveform.sample_rate_hz;
  encoder->time_base = {1, waveform.sample_rate_hz};
  av_channel_layout_default(&encoder->ch_layout, waveform.channels);
  const AVStream* stream = output.add(std::move(encoder));
  const int step = output.encoder_of(stream).frame_size > 0 ? output.encoder_of(stream).frame_size : kPcmSamples;
  for (int64_t start = 0; start < waveform.length(); start += step) {
    FramePtr frame(allocated(av_frame_alloc()));
    frame->nb_samples = static_cast<int>(std::min<int64_t>(step, waveform.length() - start));
    frame->format = AV_SAMPLE_FMT_S16;
    frame->sample_rate = waveform.sample_rate_hz;
    frame->pts = start;
    av_channel_layout_default(&frame->ch_layout, waveform.channels);
    if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
    auto* out = reinterpret_cast<int16_t*>(frame->data[0]);  // [nb_samples,channels]
    for (int c = 0; c < waveform.channels; ++c) {
      const float* in = waveform.channel(c).data() + start;
      for (int i = 0; i < frame->nb_samples; ++i) out[i * waveform.channels + c] = to_16_bits(in[i]);
    }
    output.encode(stream, *frame);
  }
  return output.finish();
}

void save_audio(const std::filesystem::path& path, const Waveform& waveform) {
  const std::string extension = path.extension().string();
  require(extension == ".wav" || extension == ".flac", "'{}': sound is saved as .wav or .flac, got the extension '{}'",
          path.string(), extension);
  write_file_atomically(path, encode_audio(waveform, extension == ".wav" ? AudioFormat::kWav : AudioFormat::kFlac));
}

}  // namespace epalm::media
