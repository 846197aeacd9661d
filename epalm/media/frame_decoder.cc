#include "epalm/media/frame_decoder.h"

namespace epalm::media {

FrameDecoder::FrameDecoder(PacketCursor& cursor, int threads)
    : cursor_(&cursor),
      decoder_(cursor.input().open_decoder(cursor.stream(), threads)),
      packet_(allocated(av_packet_alloc())),
      frame_(allocated(av_frame_alloc())) {
  // FFmpeg gives their damaged frames as if nothing were missing. Of others it complains where nothing is.
  const bool only_complains = decoder_->codec_id == AV_CODEC_ID_FFV1 || decoder_->codec_id == AV_CODEC_ID_GIF;
  if (only_complains) decoder_->opaque = &complaint_;
}

void FrameDecoder::look_for(int64_t frame, bool alone, const FrameIndex& index) {
  wanted_ = frame;
  alone_ = alone;
  index_ = &index;
}

// H.264 says of each picture whether another refers to it (nal_ref_idc). HEVC says it for one temporal layer alone.
bool FrameDecoder::may_skip(int32_t packet) const {
  if (index_ == nullptr || decoder_->codec_id != AV_CODEC_ID_H264) return false;
  const int32_t frame = index_->rank[static_cast<size_t>(packet)];
  return frame != FrameIndex::kNoFrame && frame < wanted_;
}

bool FrameDecoder::is_behind(int32_t packet) const {
  return index_ != nullptr && alone_ && packet > index_->order[static_cast<size_t>(wanted_)];
}

void FrameDecoder::start_at(int32_t packet) {
  cursor_->go_to(packet);
  avcodec_flush_buffers(decoder_.get());
  av_packet_unref(packet_.get());
  complaint_.take();
  draining_ = false;
  cut_start_ = packet == 0 && !cursor_->has_key_packets_only();
}

void FrameDecoder::check(int error, int64_t number) const {
  if (error >= 0 || (cut_start_ && error != AVERROR(ENOMEM))) return;
  fail("'{}': the {} video is damaged at frame {} or shortly behind it (packet {}): {}", cursor_->input().file().name(),
       decoder_->codec->name, number, cursor_->next() - 1, av_text(error));
}

bool FrameDecoder::feed(int64_t number) {
  if (draining_) return false;
  const int32_t next = cursor_->next();
  if (is_behind(next) || !cursor_->read(packet_.get())) {
    draining_ = true;
    check(avcodec_send_packet(decoder_.get(), nullptr), number);
    return true;
  }
  packet_->pts = next;  // decoders hand it on to the frame, through any reordering
  packet_->dts = next;
  decoder_->skip_frame = may_skip(next) ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
  const int error = avcodec_send_packet(decoder_.get(), packet_.get());
  av_packet_unref(packet_.get());
  check(error, number);
  return true;
}

const AVFrame* FrameDecoder::next(int64_t number) {
  for (;;) {
    cursor_->input().file().check_clock();
    const int error = avcodec_receive_frame(decoder_.get(), frame_.get());
    if (error == 0) {
      cut_start_ = false;
      ++frames_decoded_;
      return frame_.get();
    }
    if (error != AVERROR(EAGAIN) && error != AVERROR_EOF) check(error, number);
    if (error == AVERROR_EOF || !feed(number)) return nullptr;
  }
}

void FrameDecoder::check_whole(const AVFrame& frame, int64_t number) {
  const std::string complaint = complaint_.take();
  require((frame.flags & AV_FRAME_FLAG_CORRUPT) == 0 && frame.decode_error_flags == 0 && complaint.empty(),
          "'{}': frame {} of the {} video is damaged: {}", cursor_->input().file().name(), number,
          decoder_->codec->name, complaint.empty() ? "a part of it is missing" : complaint);
}

}  // namespace epalm::media
