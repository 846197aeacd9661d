#include "epalm/media/audio_file.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "epalm/base/log.h"
#include "epalm/media/av_input.h"

namespace epalm::media {
namespace {

constexpr int64_t kTolerated = 50;         // of so many packets one may be junk, where junk is usual
constexpr float kLargestSample = 1 << 24;  // float files may hold integers as they are; more is damage

class Sound {
 public:
  Sound(const std::filesystem::path& path, const AudioOptions& options)
      : options_(options), file_(std::make_shared<LocalFile>(path)) {
    const MediaLimits& limits = options.limits;
    require(options.sample_rate_hz >= 0 && options.sample_rate_hz <= limits.max_sample_rate_hz,
            "'{}': resampling to {} Hz is asked for; expected 1 to {}", name(), options.sample_rate_hz,
            limits.max_sample_rate_hz);
    file_->start_clock(limits.max_work_s);
    input_.emplace(file_, limits);
    stream_ = input_->stream(AVMEDIA_TYPE_AUDIO);
    for (unsigned i = 0; i < input_->demuxer()->nb_streams; ++i) {
      AVStream* other = input_->demuxer()->streams[i];
      if (other != stream_) other->discard = AVDISCARD_ALL;
    }
    check_format(stream_->codecpar->sample_rate, stream_->codecpar->ch_layout.nb_channels);
    decoder_ = input_->open_decoder(stream_, 1);
  }

  Waveform read() {
    const PacketPtr packet(allocated(av_packet_alloc()));
    while (input_->read(packet.get())) {
      if (packet->stream_index == stream_->index) {
        require((packet->flags & AV_PKT_FLAG_CORRUPT) == 0,
                "'{}': the sound is cut off after {:.2f} s; the file is "
                "truncated",
                name(), seconds_read());
        ++packets_;
        if (packet->size > 0) decode(packet.get());  // empty ones hold nothing, and decoders refuse them
      }
      av_packet_unref(packet.get());
    }
    decode(nullptr);
    if (converter_ != nullptr) convert(nullptr);
    require(damaged_ * kTolerated <= packets_, "'{}': {} of {} packets of the {} sound are damaged", name(), damaged_,
            packets_, decoder_->codec->name);
    if (damaged_ > 0) {
      log_warning("'{}': {} of {} packets of the {} sound are damaged and left out", name(), damaged_, packets_,
                  decoder_->codec->name);
    }
    require(!channels_.empty() && !channels_[0].empty(), "'{}': the sound holds no sample", name());
    check_length();
    return joined();
  }

 private:
  const std::string& name() const { return file_->name(); }
  int out_rate() const { return options_.sample_rate_hz > 0 ? options_.sample_rate_hz : rate_; }
  double seconds_read() const {
    return channels_.empty() ? 0 : static_cast<double>(channels_[0].size()) / static_cast<double>(out_rate());
  }

  void check_format(int rate, int channels) const {
    require(rate >= 1 && rate <= options_.limits.max_sample_rate_hz,
            "'{}' claims {} samples a second; expected 1 to {}; the file is damaged", name(), rate,
            options_.limits.max_sample_rate_hz);
    require(channels >= 1 && channels <= options_.limits.max_channels,
            "'{}' claims {} channels of sound; expected 1 to {}", name(), channels, options_.limits.max_channels);
  }

  void decode(const AVPacket* packet) {
    const int sent = avcodec_send_packet(decoder_.get(), packet);
    if (sent < 0 && packet != nullptr) note_damage(sent);
    for (;;) {
      const int error = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return;
      if (error < 0) {
        note_damage(error);
        if (packet == nullptr) return;
        file_->check_clock();
        continue;
      }
      prepare(*frame_);
      convert(frame_.get());
    }
  }

  // MP3 files are cut and joined between any bytes, and players skip what is left of a packet.
  void note_damage(int error) {
    const AVCodecID codec = decoder_->codec_id;
    require(codec == AV_CODEC_ID_MP3 || codec == AV_CODEC_ID_MP2 || codec == AV_CODEC_ID_MP1,
            "'{}': packet {} of the {} sound, at {:.2f} s, is damaged: {}", name(), packets_ - 1, decoder_->codec->name,
            seconds_read(), av_text(error));
    ++damaged_;
  }

  void prepare(const AVFrame& frame) {
    if (converter_ != nullptr) {
      require(frame.sample_rate == rate_ && frame.format == format_ &&
                  frame.ch_layout.nb_channels == static_cast<int>(channels_.size()),
              "'{}': the sound changes from {} Hz and {} channels to {} Hz and {} midway; encode it again", name(),
              rate_, channels_.size(), frame.sample_rate, frame.ch_layout.nb_channels);
      return;
    }
    check_format(frame.sample_rate, frame.ch_layout.nb_channels);
    rate_ = frame.sample_rate;
    format_ = frame.format;
    channels_.resize(static_cast<size_t>(frame.ch_layout.nb_channels));
    AVChannelLayout layout{};  // by number alone: channels are neither mixed nor reordered
    layout.order = AV_CHANNEL_ORDER_UNSPEC;
    layout.nb_channels = frame.ch_layout.nb_channels;
    SwrContext* context = nullptr;
    const int made = swr_alloc_set_opts2(&context, &layout, AV_SAMPLE_FMT_FLTP, out_rate(), &layout,
                                         static_cast<AVSampleFormat>(frame.format), rate_, 0, nullptr);
    converter_.reset(context);
    require(made >= 0 && swr_init(context) >= 0, "'{}': sound of {} Hz cannot be turned into {} Hz", name(), rate_,
            out_rate());
  }

  // frame: null at the end, for what the resampler still holds.
  void convert(const AVFrame* frame) {
    const int in = frame == nullptr ? 0 : frame->nb_samples;
    const int room = swr_get_out_samples(converter_.get(), in);
    require(room >= 0, "'{}': the sound cannot be converted", name());
    const size_t before = channels_[0].size();
    const auto bytes = static_cast<int64_t>((before + static_cast<size_t>(room)) * channels_.size() * sizeof(float));
    require(bytes <= options_.limits.max_memory_bytes,
            "'{}': the sound takes more than {} MiB as samples; cut it or raise the limit on memory", name(),
            options_.limits.max_memory_bytes >> 20);
    std::vector<uint8_t*> out;
    for (auto& channel : channels_) {
      channel.resize(before + static_cast<size_t>(room));
      out.push_back(reinterpret_cast<uint8_t*>(channel.data() + before));
    }
    const auto** data = frame == nullptr ? nullptr : const_cast<const uint8_t**>(frame->extended_data);
    const int converted = swr_convert(converter_.get(), out.data(), room, data, in);
    for (auto& channel : channels_) channel.resize(before + static_cast<size_t>(std::max(0, converted)));
    require(converted >= 0, "'{}': the sound cannot be converted: {}", name(), av_text(converted));
    require(seconds_read() <= options_.limits.max_duration_s,
            "'{}' lasts longer than {:.0f} s; cut it or raise the "
            "limit",
            name(), options_.limits.max_duration_s);
  }

  void check_length() const {
    const double stated_s = input_->stated_duration_s(stream_);
    require(!is_cut_short(seconds_read(), stated_s),
            "'{}': the sound ends after {:.2f} of {:.2f} s; the file is "
            "truncated",
            name(), seconds_read(), stated_s);
  }

  Waveform joined() {
    Waveform waveform{out_rate(), static_cast<int>(channels_.size()), {}};
    waveform.samples.reserve(channels_.size() * channels_[0].size());
    for (auto& channel : channels_) {
      for (const float sample : channel) {
        require(std::abs(sample) <= kLargestSample,
                "'{}': the sound has a sample of {}; expected numbers around "
                "[-1,1]; the file is damaged",
                name(), sample);
      }
      waveform.samples.insert(waveform.samples.end(), channel.begin(), channel.end());
      std::vector<float>().swap(channel);
    }
    return waveform;
  }

  AudioOptions options_;
  std::shared_ptr<LocalFile> file_;
  std::optional<AvInput> input_;
  AVStream* stream_ = nullptr;
  CodecPtr decoder_;
  FramePtr frame_{allocated(av_frame_alloc())};
  SwrPtr converter_;
  int rate_ = 0;
  int format_ = -1;
  std::vector<std::vector<float>> channels_;
  int64_t packets_ = 0;
  int64_t damaged_ = 0;
};

}  // namespace

Waveform load_audio(const std::filesystem::path& path, const AudioOptions& options) {
  return Sound(path, options).read();
}

}  // namespace epalm::media
