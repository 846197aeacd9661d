#include "epalm/media/video_file.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "epalm/media/frame_decoder.h"
#include "epalm/media/rgb_converter.h"

namespace epalm::media {
namespace {

// A flush and a seek cost about as much as decoding a few packets.
constexpr int32_t kWorthSeeking = 8;

// A hostile time stamp may leave no room for the duration.
int64_t end_of(const AVPacket& packet) {
  int64_t end = 0;
  return __builtin_add_overflow(packet.pts, std::max<int64_t>(packet.duration, 0), &end) ? INT64_MAX : end;
}

}  // namespace

class VideoFile::Reader {
 public:
  Reader(const std::filesystem::path& path, const VideoOptions& options)
      : options_(options), file_(std::make_shared<LocalFile>(path)) {
    file_->start_clock(options.limits.max_work_s);
    cursor_.emplace(file_, options.limits);
    const AVCodecParameters& codec = *cursor_->stream()->codecpar;
    cursor_->input().check_size(codec.width, codec.height);
    decoder_.emplace(*cursor_, options.threads);
    scan();
    describe_video();
  }

  const VideoInfo& info() const { return info_; }
  int64_t frames_decoded() const { return decoder_->frames_decoded(); }

  void for_each_frame(std::span<const int64_t> indices, const UseFrame& use) {
    file_->start_clock(options_.limits.max_work_s);
    std::vector<size_t> places(indices.size());
    std::iota(places.begin(), places.end(), size_t{0});
    std::stable_sort(places.begin(), places.end(), [&](size_t a, size_t b) { return indices[a] < indices[b]; });
    for (const int64_t index : indices) {
      require(index >= 0 && index < info_.frames, "'{}': frame {} is asked for; expected 0 to {}", file_->name(), index,
              info_.frames - 1);
    }
    for (size_t i = 0; i < places.size();) {
      const int64_t index = indices[places[i]];
      size_t end = i;
      while (end < places.size() && indices[places[end]] == index) ++end;
      const bool alone = end < places.size() && is_seek_worth(index, indices[places[end]]);
      const Image& image = shown(*find(index, alone));
      for (; i < end; ++i) use(places[i], image);
    }
  }

  void check_memory(size_t images) const {
    const int64_t bytes = int64_t{3} * info_.width * info_.height;
    require(static_cast<int64_t>(images) <= options_.limits.max_memory_bytes / bytes,
            "'{}': {} frames of {}x{} pixels take more than {} MiB; ask for fewer at a time", file_->name(), images,
            info_.width, info_.height, options_.limits.max_memory_bytes >> 20);
  }

 private:
  // Reads all packets once, then settles which of them show which frame.
  void scan() {
    const AVCodecID codec = cursor_->stream()->codecpar->codec_id;
    const PacketPtr packet(allocated(av_packet_alloc()));
    bool any_key = false;
    bool sure = true;
    for (; cursor_->read(packet.get()); av_packet_unref(packet.get())) {
      index_.packets.push_back(describe(*packet, codec));
      any_key = any_key || index_.packets.back().key;
      sure = sure && surely_one_frame(*packet, codec);
      if (packet->pts != AV_NOPTS_VALUE) end_ = std::max(end_, end_of(*packet));
      check_frame_count(index_.packets.size() / 2);  // two fields may make a frame
    }
    require(any_key, "'{}': the video has no key frame; decoding cannot begin anywhere", file_->name());
    cursor_->use_index(&index_.packets);
    std::optional<std::vector<int32_t>> order;
    if (sure) order = presentation_order(index_.packets, *cursor_->stream()->codecpar);
    skips_ = order.has_value() && options_.seeking == Seeking::kWhenCheaper;
    index_.set_order(order ? *std::move(order) : order_by_decoding(), codec);
    check_frame_count(index_.order.size());
    require(index_.frame_count() > 0, "'{}': no frame of the video can be decoded; the file is damaged", file_->name());
  }

  void check_frame_count(size_t frames) const {
    require(static_cast<int64_t>(frames) <= options_.limits.max_frames,
            "'{}': the video has more than {} frames; cut it or raise the limit", file_->name(),
            options_.limits.max_frames);
  }

  std::vector<int32_t> order_by_decoding() {
    std::vector<int32_t> order;
    start_at(0);
    while (const AVFrame* frame = decoder_->next(std::ssize(order))) {
      check_frame(*frame, std::ssize(order));
      const bool named = frame->pts >= 0 && frame->pts < static_cast<int64_t>(index_.packets.size());
      order.push_back(named ? static_cast<int32_t>(frame->pts) : FrameIndex::kNoFrame);
      check_frame_count(order.size());
    }
    start_ = kNowhere;
    return order;
  }

  void describe_video() {
    find(0);  // sets the size; it may open the file anew
    const AVStream* stream = cursor_->stream();
    orientation_ = Orientation::of_stream(stream);
    info_.width = orientation_.transpose ? height_ : width_;
    info_.height = orientation_.transpose ? width_ : height_;
    info_.frames = index_.frame_count();
    info_.container = cursor_->input().demuxer()->iformat->name;
    info_.is_still_picture = cursor_->input().is_still_picture();
    info_.codec = avcodec_get_name(stream->codecpar->codec_id);
    const double stated_s = cursor_->input().stated_duration_s(stream);
    const double span_s = seen_span_s();
    info_.fps = av_q2d(stream->avg_frame_rate.den > 0 ? stream->avg_frame_rate : AVRational{0, 1});
    const auto frames = static_cast<double>(info_.frames);
    if (!(info_.fps > 0)) info_.fps = span_s > 0 ? frames / span_s : stated_s > 0 ? frames / stated_s : 25;
    require(info_.fps <= options_.limits.max_fps,
            "'{}' claims {:.0f} frames a second; expected at most {:.0f}; the file is damaged", file_->name(),
            info_.fps, options_.limits.max_fps);
    info_.duration_s = stated_s > 0 ? stated_s : frames / info_.fps;
    require(info_.duration_s <= options_.limits.max_duration_s && span_s <= options_.limits.max_duration_s,
            "'{}' lasts {:.0f} s; expected at most {:.0f} s; cut it or raise the limit", file_->name(),
            std::max(info_.duration_s, span_s), options_.limits.max_duration_s);
    require(span_s <= 0 || !is_cut_short(span_s, stated_s),
            "'{}': the video ends after {:.2f} of {:.2f} s; the file is truncated", file_->name(), span_s, stated_s);
    AVRational aspect =
        stream->sample_aspect_ratio.num > 0 ? stream->sample_aspect_ratio : stream->codecpar->sample_aspect_ratio;
    if (aspect.num <= 0 || aspect.den <= 0) aspect = {1, 1};
    info_.pixel_aspect = av_q2d(orientation_.transpose ? av_inv_q(aspect) : aspect);
  }

  // From the first shown time stamp to the end of the last; 0 without time stamps.
  double seen_span_s() const {
    int64_t first = INT64_MAX;
    for (const VideoPacket& packet : index_.packets) {
      if (packet.shown && packet.pts != AV_NOPTS_VALUE) first = std::min(first, packet.pts);
    }
    return first < end_
               ? (static_cast<double>(end_) - static_cast<double>(first)) * av_q2d(cursor_->stream()->time_base)
               : 0;
  }

  bool is_seek_worth(int64_t from_frame, int64_t to_frame) const {
    return skips_ &&
           index_.entry[static_cast<size_t>(to_frame)] > index_.order[static_cast<size_t>(from_frame)] + kWorthSeeking;
  }

  // The decoded frame `index`, valid until the next call. alone: the frames behind it will not be asked for next.
  const AVFrame* find(int64_t index, bool alone = false) {
    if (index == last_ && current_ != nullptr) return current_;
    const int32_t entry = options_.seeking == Seeking::kNever ? 0 : index_.entry[static_cast<size_t>(index)];
    const bool ahead = start_ != kNowhere && last_ < index;
    if (!ahead || entry > cursor_->next() + kWorthSeeking) start_at(entry);
    if (skips_) {
      decoder_->look_for(index, alone, index_);
      const AVFrame* frame = try_up_to(index);
      if (alone) start_ = kNowhere;
      if (frame != nullptr) return frame;
      skips_ = false;  // frames are missing that nobody was to miss
      decoder_->look_for_all();
      start_at(entry);
    }
    if (start_ > 0) {
      if (const AVFrame* frame = try_up_to(index)) return frame;
      start_at(0);
    }
    const AVFrame* frame = decode_up_to(index);
    if (frame == nullptr) start_ = kNowhere;
    require(frame != nullptr, "'{}': frame {} of {} cannot be decoded; the file is damaged", file_->name(), index,
            index_.frame_count());
    return frame;
  }

  // The frame as a picture, valid until the next call.
  const Image& shown(const AVFrame& frame) {
    const Image& stored = converter_.convert(frame, file_->name());
    if (orientation_ == Orientation{}) return stored;
    turned_ = oriented(stored, orientation_);
    return turned_;
  }

  void start_at(int32_t packet) {
    current_ = nullptr;
    start_ = kNowhere;
    decoder_->start_at(packet);
    start_ = packet;
    last_ = packet == 0 || index_.rank.empty() ? -1 : index_.rank[static_cast<size_t>(packet)] - 1;
  }

  // Null also on an error: either damage, which decoding from the start meets and names, or a key frame that was none.
  const AVFrame* try_up_to(int64_t index) {
    try {
      return decode_up_to(index);
    } catch (const Error&) {
      return nullptr;
    }
  }

  // Null if the video goes past the frame without it.
  const AVFrame* decode_up_to(int64_t index) {
    const int32_t start = start_;
    const int64_t first = last_;
    start_ = kNowhere;  // until it is known that all went well
    current_ = nullptr;
    while (const AVFrame* frame = decoder_->next(last_ + 1)) {
      const int64_t rank = index_.packets_name_frames ? rank_of(*frame) : last_ + 1;
      if (rank <= first && start > 0) continue;  // shown before the key frame, and lacks what it refers to
      check_frame(*frame, rank);
      if (rank <= last_ || rank > index || (!skips_ && rank > last_ + 1)) return nullptr;
      last_ = rank;
      if (rank < index) continue;
      start_ = start;
      return current_ = frame;
    }
    return nullptr;
  }

  int64_t rank_of(const AVFrame& frame) const {
    const bool known = frame.pts >= 0 && frame.pts < static_cast<int64_t>(index_.rank.size());
    return known ? index_.rank[static_cast<size_t>(frame.pts)] : FrameIndex::kNoFrame;
  }

  void check_frame(const AVFrame& frame, int64_t number) {
    decoder_->check_whole(frame, number);
    if (width_ == 0) {
      cursor_->input().check_size(frame.width, frame.height);
      width_ = frame.width;
      height_ = frame.height;
    }
    require(frame.width == width_ && frame.height == height_,
            "'{}': the video changes from {}x{} to {}x{} pixels midway; expected one resolution; encode it again",
            file_->name(), width_, height_, frame.width, frame.height);
  }

  static constexpr int32_t kNowhere = -1;

  VideoOptions options_;
  std::shared_ptr<LocalFile> file_;
  std::optional<PacketCursor> cursor_;
  std::optional<FrameDecoder> decoder_;
  FrameIndex index_;
  RgbConverter converter_;
  Orientation orientation_;
  Image turned_;
  VideoInfo info_;
  int width_ = 0;  // as stored
  int height_ = 0;
  int64_t end_ = INT64_MIN;  // the latest end of a packet, in the stream's time base

  int32_t start_ = kNowhere;  // the packet that decoding began at, while the decoder is fit to go on
  int64_t last_ = -1;         // the frame it gave last
  const AVFrame* current_ = nullptr;
  bool skips_ = false;  // pictures before the wanted one that no other refers to
};

VideoFile::VideoFile(const std::filesystem::path& path, const VideoOptions& options)
    : reader_(std::make_unique<Reader>(path, options)) {}
VideoFile::~VideoFile() = default;
VideoFile::VideoFile(VideoFile&&) noexcept = default;
VideoFile& VideoFile::operator=(VideoFile&&) noexcept = default;

const VideoInfo& VideoFile::info() const {
  return reader_->info();
}

std::vector<Image> VideoFile::frames(std::span<const int64_t> indices) {
  reader_->check_memory(indices.size());
  std::vector<Image> images(indices.size());
  reader_->for_each_frame(indices, [&](size_t place, const Image& image) { images[place] = image; });
  return images;
}

void VideoFile::for_each_frame(std::span<const int64_t> indices, const UseFrame& use) {
  reader_->for_each_frame(indices, use);
}

int64_t VideoFile::frames_decoded() const {
  return reader_->frames_decoded();
}

}  // namespace epalm::media
