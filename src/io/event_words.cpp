#include "event_words.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr Index word_bytes = 8;
constexpr Index piece_words = Index{1} << 17;
constexpr Index module_offset = Index{1} << 20;

} // namespace

struct RigakuWords::Piece {
  bool ordered = true;
  bool spare = false;
  std::uint32_t lowest = UINT32_MAX, highest = 0;
};

void RigakuWords::read(Index first_word, Index count, std::uint64_t* out) const {
  file_.read(first_word * word_bytes, count * word_bytes, reinterpret_cast<std::byte*>(out));
}

RigakuWords::RigakuWords(const std::string& path, Index first_frame, Index pixels) : file_(path) {
  if (file_.size() == 0)
    throw FormatError(path, "", "an empty file", "words of 8 bytes, one for each event");
  if (file_.size() % word_bytes != 0)
    throw FormatError(path,
                      fmt::format("byte {}", file_.size() / word_bytes * word_bytes),
                      fmt::format("{} bytes, the file is cut within a word", file_.size()),
                      "a multiple of 8");
  words_ = file_.size() / word_bytes;
  std::uint64_t last = 0;
  read(words_ - 1, 1, &last);
  const Index frames = static_cast<Index>(frame_of(last)) - first_frame + 1;
  if (frames < 1)
    throw FormatError(path,
                      fmt::format("byte {}", (words_ - 1) * word_bytes),
                      fmt::format("frame {}", frame_of(last)),
                      fmt::format("frames from {} on", first_frame));
  begin_.resize(static_cast<std::size_t>(frames) + 1);
  begin_.back() = words_;
  std::vector<Piece> pieces(static_cast<std::size_t>((words_ + piece_words - 1) / piece_words));
  parallel_for(0, words_, piece_words, [&](Index begin, Index end) {
    scan(begin, end, first_frame, pieces[static_cast<std::size_t>(begin / piece_words)]);
  });
  Piece all;
  for (const Piece& piece : pieces) {
    all.ordered = all.ordered && piece.ordered;
    all.lowest = std::min(all.lowest, piece.lowest);
    all.highest = std::max(all.highest, piece.highest);
    spare_bits_ = spare_bits_ || piece.spare;
  }
  if (all.lowest >= module_offset)
    pixel_offset_ = module_offset;
  if (!all.ordered || static_cast<Index>(all.highest) - pixel_offset_ >= pixels)
    refuse(first_frame, pixels);
}

/// Words [begin, end). A piece writes begin_ of the frames that begin in it and of the empty ones
/// before them, which no other piece does as long as the frames are ordered.
void RigakuWords::scan(Index begin, Index end, Index first_frame, Piece& piece) {
  thread_local std::vector<std::uint64_t> words;
  const Index before = begin > 0 ? 1 : 0;
  words.resize(static_cast<std::size_t>(end - begin + before));
  read(begin - before, end - begin + before, words.data());
  Index frame = before > 0 ? static_cast<Index>(frame_of(words[0])) - first_frame : -1;
  const Index frames = static_cast<Index>(begin_.size()) - 1;
  std::uint64_t spare = 0;
  for (Index i = begin; i < end; ++i) {
    const std::uint64_t word = words[static_cast<std::size_t>(i - begin + before)];
    const Index next = static_cast<Index>(frame_of(word)) - first_frame;
    const std::uint32_t pixel = pixel_of(word);
    piece.lowest = std::min(piece.lowest, pixel);
    piece.highest = std::max(piece.highest, pixel);
    spare |= spare_of(word);
    if (next == frame && next >= 0)
      continue;
    if (next < frame || next < 0 || next >= frames) {
      piece.ordered = false;
      return;
    }
    for (Index f = frame + 1; f <= next; ++f)
      begin_[static_cast<std::size_t>(f)] = i;
    frame = next;
  }
  piece.spare = spare != 0;
}

/// Names the first word that is wrong.
void RigakuWords::refuse(Index first_frame, Index pixels) const {
  Index last = first_frame;
  std::vector<std::uint64_t> words;
  for (Index begin = 0; begin < words_; begin += piece_words) {
    words.resize(static_cast<std::size_t>(std::min(piece_words, words_ - begin)));
    read(begin, static_cast<Index>(words.size()), words.data());
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto place = fmt::format("byte {}", (begin + static_cast<Index>(i)) * word_bytes);
      const auto frame = static_cast<Index>(frame_of(words[i]));
      if (frame < last)
        throw FormatError(path(),
                          place,
                          begin == 0 && i == 0
                              ? fmt::format("frame {}", frame)
                              : fmt::format("frame {} after frame {}", frame, last),
                          begin == 0 && i == 0 ? fmt::format("frames from {} on", first_frame)
                                               : "frames in ascending order");
      last = frame;
      if (const Index pixel = pixel_of(words[i]); pixel - pixel_offset_ >= pixels)
        throw FormatError(path(),
                          place,
                          fmt::format("pixel {} in frame {}", pixel, frame - first_frame),
                          fmt::format("pixels below {}", pixel_offset_ + pixels));
    }
  }
  throw FormatError(path(), "", "words that change while they are read", "a complete file");
}

} // namespace vitrum::io
