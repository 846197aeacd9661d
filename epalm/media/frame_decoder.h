#pragma once

#include "epalm/media/packet_cursor.h"

namespace epalm::media {

// Internal to the room: the frames of a video in presentation order from some packet on.
class FrameDecoder {
 public:
  // `cursor` stays the caller's and outlives this.
  FrameDecoder(PacketCursor& cursor, int threads);

  // From here on only `frame` is wanted, and those behind it unless `alone`. Pictures before it that no other refers
  // to, if the stream says so, are not decoded, and if `alone` no packet behind its own: next() gives what comes of the
  // rest, with the same pixels. After the frame, if `alone`, start_at() again. `index` stays the caller's and outlives
  // this.
  void look_for(int64_t frame, bool alone, const FrameIndex& index);
  void look_for_all() { index_ = nullptr; }

  // Needs the cursor's index, except for packet 0 of a fresh cursor.
  void start_at(int32_t packet);

  // The next shown frame, whose pts is the number of its packet (AV_NOPTS_VALUE for a second frame of one packet);
  // null at the end. Valid until the next call. Throws Error if a packet cannot be decoded, or the clock is late; then
  // start_at() again. Packets that fail before the first frame of the whole video only lack what was cut off before
  // them, where not all are key frames. number: of the frame, as far as the caller knows, for the Error.
  const AVFrame* next(int64_t number);

  // Throws Error if the decoder knows that a part of the frame is missing, or said so of it or one shortly behind it.
  void check_whole(const AVFrame& frame, int64_t number);

  int64_t frames_decoded() const { return frames_decoded_; }

 private:
  bool feed(int64_t number);  // false: there is nothing more
  void check(int error, int64_t number) const;
  bool may_skip(int32_t packet) const;
  bool is_behind(int32_t packet) const;

  PacketCursor* cursor_;
  Complaint complaint_;
  CodecPtr decoder_;
  PacketPtr packet_;
  FramePtr frame_;
  int64_t wanted_ = 0;
  bool alone_ = false;
  const FrameIndex* index_ = nullptr;  // null: every frame is wanted
  bool cut_start_ = true;
  bool draining_ = false;
  int64_t frames_decoded_ = 0;
};

}  // namespace epalm::media
