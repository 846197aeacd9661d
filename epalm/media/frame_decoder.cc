#include "epalm/media/frame_decoder.h"

namespace epalm::media {

FrameDecoder::FrameDecoder(PacketCursor& cursor, int threads)
    : cursor_(&cursor),
      decoder_(cursor.input().open_decoder(cursor.stream(), threads)),
      packet_(allocated(av_packet_alloc())),
      frame_(allocated(av_frame_alloc())) {}

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
  draining_ = false;
  cut_start_ = packet == 0;
}

void FrameDecoder::check(int error) const {
  if (error >= 0 || (cut_start_ && error != AVERROR(ENOMEM))) return;
  fail("'{}': the {} video is damaged before packet {}: {}", cursor_->input().file().name(), decoder_->codec->name,
       cursor_->next(), av_text(error));
}

bool FrameDecoder::feed() {
  if (draining_) return false;
  const int32_t number = cursor_->next();
  if (is_behind(number) || !cursor_->read(packet_.get())) {
    draining_ = true;
    check(avcodec_send_packet(decoder_.get(), nullptr));
    return true;
  }
  packet_->pts = number;  // decoders hand it on to the frame, through any reordering
  packet_->dts = number;
  decoder_->skip_frame = may_skip(number) ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
  const int error = avcodec_send_packet(decoder_.get(), packet_.get());
  av_packet_unref(packet_.get());
  check(error);
  return true;
}

const AVFrame* FrameDecoder::next() {
  for (;;) {
    const int error = avcodec_receive_frame(decoder_.get(), frame_.get());
    if (error == 0) {
      cut_start_ = false;
      ++frames_decoded_;
      return frame_.get();
    }
    if (error != AVERROR(EAGAIN) && error != AVERROR_EOF) check(error);
    if (error == AVERROR_EOF || !feed()) return nullptr;
  }
}

void FrameDecoder::check_whole(const AVFrame& frame) const {
  require((frame.flags & AV_FRAME_FLAG_CORRUPT) == 0 && frame.decode_error_flags == 0,
          "'{}': the {} video is damaged before packet {}: a frame is incomplete", cursor_->input().file().name(),
          decoder_->codec->name, cursor_->next());
}

}  // namespace epalm::media
